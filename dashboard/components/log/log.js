// The log of a run. Keeps its lines here; new ones come in with each tick, and what is missing is asked for with `pull`.
// Lines stand in blocks that are filled only near the viewport, so fifty thousand lines cost what one screen costs.

const BLOCK = 100;
const ROW = 22; // pixels a line is taken to need until it was drawn once

const NAMES = { warning: "warn", output: "", text: "agent" };

const LEVELS = {
  all: ["Everything", () => true],
  words: ["Without output", (line) => line.kind !== "output" || line.level === "error"],
  warnings: ["Warnings and errors", (line) => line.level === "warning" || line.level === "error"],
  errors: ["Errors", (line) => line.level === "error"],
};

function marked(text, sought) {
  if (!sought) return [text];
  const pieces = [];
  const low = text.toLowerCase();
  let from = 0;
  for (let at = low.indexOf(sought); at >= 0; at = low.indexOf(sought, from)) {
    pieces.push(text.slice(from, at), el("mark", { text: text.slice(at, at + sought.length) }));
    from = at + sought.length;
  }
  return [...pieces, text.slice(from)];
}

function entry(line, sought) {
  const loud = line.level === "error" || line.level === "warning" ? line.level : line.kind;
  return el("div", { class: `entry ${line.kind} ${line.level}` },
    el("time", { text: line.at }), el("span", { text: NAMES[loud] ?? loud }), el("span", {}, ...marked(line.text, sought)));
}

// The lines that pass the filter, drawn block by block.
function makeSheet(scroll) {
  let shown = [];
  let sought = "";
  let heights = [];
  const blocks = el("div");
  scroll.append(blocks);
  const near = new IntersectionObserver((seen) => seen.forEach((one) => (one.isIntersecting ? fill(one.target) : drain(one.target))),
    { root: scroll, rootMargin: "1200px 0px" });
  const lines = (node) => shown.slice(node.dataset.i * BLOCK, (Number(node.dataset.i) + 1) * BLOCK);

  function fill(node) {
    const missing = lines(node).slice(node.childElementCount);
    node.append(...missing.map((line) => entry(line, sought)));
    node.style.height = "";
  }

  function drain(node) {
    if (node.childElementCount) heights[node.dataset.i] = node.offsetHeight;
    node.replaceChildren();
    node.style.height = `${heights[node.dataset.i] ?? lines(node).length * ROW}px`;
  }

  function grow() {
    while (blocks.childElementCount * BLOCK < shown.length) {
      const node = el("div", { "data-i": String(blocks.childElementCount) });
      blocks.append(node);
      node.style.height = `${lines(node).length * ROW}px`;
      near.observe(node);
    }
  }

  return {
    get size() { return shown.length; },
    blocks,
    close: () => near.disconnect(),
    reset(found, text) {
      near.disconnect();
      blocks.replaceChildren();
      [shown, sought, heights] = [found, text, []];
      grow();
    },
    add(found) {
      const last = blocks.lastElementChild;
      shown.push(...found);
      if (last?.childElementCount) fill(last);
      else if (last) drain(last);
      grow();
    },
  };
}

function makeLog(home, latest) {
  const send = (event, value) => latest().setTriggerValue(event, value);
  const level = el("select", { "aria-label": "Level" }, ...Object.entries(LEVELS).map(([value, [text]]) => el("option", { value, text })));
  const run = el("select", { "aria-label": "Run" });
  const search = el("input", { type: "search", placeholder: "Search the log", "aria-label": "Search the log", autocomplete: "off", spellcheck: "false" });
  const tool = (name, label, act) => el("button", { class: "button", type: "button", title: label, "aria-label": label, onclick: act }, icon(name));
  const pause = tool("pause", "Pause", () => setPaused(!paused));
  const count = el("span", { class: "count num" });
  const scroll = el("div", { class: "scroll", tabindex: "0", role: "log", "aria-label": "Log lines", "aria-live": "off" });
  const none = el("div", { class: "none" });
  const jump = el("button", { class: "button first jump", type: "button", text: "Jump to the newest line", onclick: () => { follow = true; toEnd(); } });
  const text = () => lines.map((line) => `${line.at} ${line.level} ${line.kind} ${line.text}`).join("\n");
  const root = el("section", { class: "p log panel" },
    el("header", {}, el("h2", { text: "Log" }), count, run, level, search, pause, tool("copy", "Copy the log", copy), tool("download", "Download the log", download)),
    scroll, jump);
  scroll.append(none);
  const sheet = makeSheet(scroll);
  let [lines, have, held] = [[], 0, []];
  let [follow, paused, live, name, offered] = [true, false, false, "", ""];
  let asked = 0; // when lines were last asked for: an answer takes a moment

  const passes = (line) => LEVELS[level.value][1](line) && line.text.toLowerCase().includes(search.value.trim().toLowerCase());
  const redraw = () => { sheet.reset(lines.filter(passes), search.value.trim().toLowerCase()); settle(); };
  const toEnd = () => { scroll.scrollTop = scroll.scrollHeight; show(jump, false); };

  function settle() {
    const part = sheet.size === lines.length ? "" : `${sheet.size.toLocaleString("en")} of `;
    write(count, lines.length ? `${part}${lines.length.toLocaleString("en")} lines${held.length ? `, ${held.length} new` : ""}` : "");
    write(none, lines.length ? "No line matches." : live ? "The log begins when the machine is up." : "This run left no log.");
    show(none, sheet.size === 0);
    if (follow) toEnd();
  }

  function setPaused(value) {
    paused = value;
    pause.replaceChildren(icon(paused ? "play" : "pause"));
    pause.setAttribute("aria-pressed", String(paused));
    if (!paused) take(held.splice(0));
  }

  function take(found) {
    if (paused) held.push(...found);
    else {
      lines.push(...found);
      sheet.add(found.filter(passes));
    }
    settle();
  }

  function pull() {
    if (Date.now() - asked < 150) return void setTimeout(pull, 150);
    asked = Date.now();
    send("pull", { run: name, have });
  }

  async function copy(event) {
    const button = event.currentTarget;
    await navigator.clipboard?.writeText(text());
    button.replaceChildren(icon("done"));
    setTimeout(() => button.replaceChildren(icon("copy")), 1500);
  }

  function download() {
    const link = el("a", { href: URL.createObjectURL(new Blob([text()], { type: "text/plain" })), download: `porter-${name}.log` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  level.addEventListener("change", redraw);
  search.addEventListener("input", redraw);
  search.addEventListener("keydown", (event) => event.stopPropagation());
  run.addEventListener("change", () => send("act", { do: "run", id: run.value }));
  scroll.addEventListener("wheel", (event) => { if (event.deltaY < 0) follow = false; }, { passive: true });
  scroll.addEventListener("scroll", () => {
    const atEnd = scroll.scrollTop + scroll.clientHeight >= scroll.scrollHeight - 30;
    if (atEnd) follow = true;
    else if (!growing) follow = false;
    show(jump, !atEnd && !follow);
  });
  // A line that wraps is taller than was thought: stay at the end while it settles.
  let growing = false;
  const steady = new ResizeObserver(() => {
    if (!follow) return;
    growing = true;
    toEnd();
    requestAnimationFrame(() => (growing = false));
  });
  steady.observe(sheet.blocks);
  show(jump, false);

  function update(data) {
    if (data.run !== name) {
      [name, lines, have, held, follow] = [data.run, [], 0, [], true];
      if (paused) setPaused(false);
      redraw();
    }
    live = data.live;
    if (offered !== JSON.stringify(data.runs)) {
      offered = JSON.stringify(data.runs);
      run.replaceChildren(...data.runs.map((one) => el("option", { value: one.id, text: one.text })));
    }
    run.value = data.run;
    show(run, data.runs.length > 1);
    if (data.after > have) return pull();
    const found = data.lines.filter(([n]) => n > have).map(([n, at, lev, kind, words]) => ({ n, at, level: lev, kind, text: words }));
    if (found.length) have = found[found.length - 1].n;
    take(found);
    if (data.more) pull();
  }
  return { root, update, close: () => { sheet.close(); steady.disconnect(); } };
}

export default mounted(makeLog);
