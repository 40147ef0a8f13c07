// The log of a run. Keeps its lines here: the newest come first, what lies before them is asked for with `pull`, piece by
// piece, and so is whatever got lost; new lines come in with each tick.

const LATE = 5000; // milliseconds after which a piece that was asked for is taken for lost
const CALM = 120; // … without another letter before a search begins

const LEVELS = {
  all: ["Everything", () => true],
  words: ["Without output", (line) => line.kind !== "output" || line.level === "error"],
  warnings: ["Warnings and errors", (line) => line.level === "warning" || line.level === "error"],
  errors: ["Errors", (line) => line.level === "error"],
};

const many = (count) => count.toLocaleString("en");

function makeLog(home, latest) {
  const send = (event, value) => latest().setTriggerValue(event, value);
  const level = el("select", { "aria-label": "Level" }, ...Object.entries(LEVELS).map(([value, [text]]) => el("option", { value, text })));
  const run = el("select", { "aria-label": "Run" });
  const search = el("input", { type: "search", placeholder: "Search the log", title: "Enter, or a click on a line, shows it amid its neighbours", "aria-label": "Search the log", autocomplete: "off", spellcheck: "false" });
  const tool = (name, label, act) => el("button", { class: "button", type: "button", title: label, "aria-label": label, onclick: act }, icon(name));
  const pause = tool("pause", "Pause", () => setPaused(!paused));
  const count = el("span", { class: "count num" });
  const scroll = el("div", { class: "scroll", tabindex: "0", role: "log", "aria-label": "Log lines", "aria-live": "off" });
  const none = el("div", { class: "none" });
  const jump = el("button", { class: "button first jump", type: "button", text: "Jump to the newest line", onclick: () => { follow = true; toEnd(); } });
  const root = el("section", { class: "p log panel" },
    el("header", {}, el("h2", { text: "Log" }), count, run, level, search, pause, tool("copy", "Copy the log", copy), tool("download", "Download the log", download)),
    scroll, jump);
  scroll.append(none);
  const sheet = makeSheet(scroll);
  // Here is every line behind number `low` up to number `high`; those that came during a pause are in `held`.
  let [lines, low, high, held] = [[], 0, 0, []];
  let [follow, paused, live, name, offered] = [true, false, false, "", ""];
  let [asked, awaited, behind] = [0, null, false]; // awaited: the piece that was asked for last, until it comes
  let [late, calm, top] = [0, 0, 0];
  let [passes, sought] = [() => true, ""];
  let whole = []; // who waits for the whole log

  const toEnd = () => { scroll.scrollTop = scroll.scrollHeight; show(jump, false); };

  function redraw() {
    sought = search.value.trim().toLowerCase();
    const [, loud] = LEVELS[level.value];
    passes = (line) => loud(line) && (!sought || lowered(line).includes(sought));
    sheet.reset(lines.filter(passes), sought);
    settle();
  }

  // One of the lines found, amid those that the search or the level leaves out.
  function reveal(line) {
    [search.value, level.value, follow] = ["", "all", false];
    redraw();
    sheet.reveal(line);
    scroll.focus({ preventScroll: true });
  }

  function settle() {
    const all = `${many(lines.length)} lines${held.length ? `, ${many(held.length)} new` : ""}`;
    const part = sheet.size === lines.length ? all : `${many(sheet.size)} of ${all}`;
    write(count, !lines.length ? "" : low ? `${part}, ${Math.floor((100 * lines.length) / (lines.length + low))} %` : part);
    count.title = low ? "The rest of the log is being fetched" : "";
    write(none, lines.length ? "No line matches." : live ? "The log begins when the machine is up." : "This run left no log.");
    show(none, sheet.size === 0);
    scroll.classList.toggle("narrow", sheet.size < lines.length);
    root.classList.toggle("bare", !lines.length && !live); // nothing comes any more: no room is kept for it
    if (follow) toEnd();
    if (!low && !behind) whole.splice(0).forEach((tell) => tell());
  }

  function setPaused(value) {
    paused = value;
    pause.replaceChildren(icon(paused ? "play" : "pause"));
    pause.setAttribute("aria-pressed", String(paused));
    if (!paused) append(held.splice(0));
    settle();
  }

  function append(found) {
    lines = lines.concat(found);
    sheet.add(found.filter(passes));
  }

  // Above what is shown. The browser keeps the place of who reads, but at the very top, and Safari nowhere.
  function prepend(found) {
    lines = found.concat(lines);
    const under = scroll.scrollHeight - scroll.scrollTop;
    const byHand = !follow && (scroll.scrollTop < 1 || !CSS.supports("overflow-anchor", "auto"));
    sheet.addAbove(found.filter(passes), byHand);
    if (byHand) scroll.scrollTop = scroll.scrollHeight - under;
  }

  // A message holds every line behind number `after` up to number `upto`.
  function take(data) {
    const found = data.lines.map(([n, at, lev, kind, text]) => ({ n, at, level: lev, kind, text }));
    if (data.upto === low && high) {
      prepend(found);
      low = data.after;
      return;
    }
    if (!high) low = data.after;
    behind = data.after > high && high > 0;
    if (behind) return;
    const fresh = found.filter((line) => line.n > high);
    high = Math.max(high, data.upto);
    behind = data.more;
    if (paused) held = held.concat(fresh);
    else append(fresh);
  }

  // What lies behind comes before what lies above: who follows wants the end.
  function pull() {
    clearTimeout(late);
    awaited = null;
    if (!behind && !low) return;
    awaited = ++asked;
    send("pull", { run: name, asked, ...(behind ? { after: high } : { before: low }) });
    late = setTimeout(pull, LATE);
  }

  async function text() {
    if (low || behind) await new Promise((tell) => whole.push(tell));
    return lines.concat(held).map((line) => `${line.at} ${line.level} ${line.kind} ${line.text}`).join("\n");
  }

  async function copy(event) {
    const button = event.currentTarget;
    await navigator.clipboard?.writeText(await text());
    button.replaceChildren(icon("done"));
    setTimeout(() => button.replaceChildren(icon("copy")), 1500);
  }

  async function download() {
    const blob = new Blob([await text()], { type: "text/plain" });
    const link = el("a", { href: URL.createObjectURL(blob), download: `porter-${name}.log` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  level.addEventListener("change", redraw);
  search.addEventListener("input", () => {
    clearTimeout(calm);
    calm = setTimeout(redraw, CALM);
  });
  search.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key !== "Enter") return;
    clearTimeout(calm);
    redraw();
    const first = lines.find(passes);
    if (sought && first) reveal(first);
  });
  run.addEventListener("change", () => send("act", { do: "run", id: run.value }));
  scroll.addEventListener("click", (event) => {
    const row = event.target.closest?.(".entry");
    // Whoever marks a piece of text wants to copy it.
    if (row && sheet.size < lines.length && !String(getSelection())) reveal(parts.get(row));
  });
  scroll.addEventListener("wheel", (event) => { if (event.deltaY < 0 && scroll.scrollTop > 0) follow = false; }, { passive: true });
  // Up is the reader's doing: what grows or comes in only ever moves the end away.
  scroll.addEventListener("scroll", () => {
    const left = scroll.scrollHeight - scroll.clientHeight - scroll.scrollTop;
    if (scroll.scrollTop < top && left > 2) follow = false;
    else if (left < 30) follow = true;
    top = scroll.scrollTop;
    show(jump, !follow && left >= 30);
  });
  scroll.addEventListener("keydown", (event) => {
    if (event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    follow = event.key === "End";
    if (follow) toEnd();
    else scroll.scrollTop = 0;
  });
  // A line that wraps is taller than was thought: stay at the end while it settles.
  const steady = new ResizeObserver(() => { if (follow) toEnd(); });
  steady.observe(sheet.blocks);
  show(jump, false);

  function begin(data) {
    [name, lines, low, high, held, behind, awaited, follow] = [data.run, [], 0, 0, [], false, null, true];
    clearTimeout(late);
    if (paused) setPaused(false);
    redraw();
  }

  function update(data) {
    if (data.run !== name) begin(data);
    live = data.live;
    if (offered !== JSON.stringify(data.runs)) {
      offered = JSON.stringify(data.runs);
      run.replaceChildren(...data.runs.map((one) => el("option", { value: one.id, text: one.text })));
    }
    run.value = data.run;
    show(run, data.runs.length > 1);
    const was = low;
    take(data);
    settle();
    if (!awaited || data.asked === awaited || low !== was) pull();
  }

  function close() {
    clearTimeout(late);
    clearTimeout(calm);
    sheet.close();
    steady.disconnect();
  }
  return { root, update, close };
}

export default mounted(makeLog);
