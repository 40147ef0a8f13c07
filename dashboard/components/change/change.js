// The change of a pull request: its files at the left, their lines at the right, one or two columns wide. Sends `act`.

const LETTERS = { added: "A", removed: "D", renamed: "R", copied: "C" };
const SIGNS = { "+": "add", "-": "del", "\\": "note", " ": "" };

const length = (line) => line[3].reduce((sum, piece) => sum + piece[1].length, 0);
const plainText = (line) => line[3].map((piece) => piece[1]).join("");

// Where two lines that replace each other differ; null when nearly everything does.
function difference(was, now) {
  const [a, b] = [plainText(was), plainText(now)];
  let [start, end] = [0, 0];
  while (start < Math.min(a.length, b.length) && a[start] === b[start]) start += 1;
  while (end < Math.min(a.length, b.length) - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end += 1;
  const same = a.slice(0, start).trim().length + end;
  return same * 2 < Math.max(a.length, b.length) ? null : { start, was: a.length - end, now: b.length - end };
}

function code(line, from = 0, to = 0) {
  const cell = el("td", { class: "code" });
  let at = 0;
  for (const [name, text] of line[3]) {
    for (const [begin, end, marked] of [[0, from, false], [from, to, true], [to, Infinity, false]]) {
      const part = text.slice(Math.max(0, begin - at), Math.max(0, end - at));
      if (part) cell.append(el(marked ? "mark" : "span", { class: name || null, text: part }));
    }
    at += text.length;
  }
  if (!length(line)) cell.append(el("br"));
  return cell;
}

const number = (value) => el("td", { class: "no", "data-n": value ?? "" });
const sign = (kind) => el("td", { class: "sign", "data-n": kind === "\\" ? "" : kind });
const named = { "+": "added", "-": "removed" };
const hush = (kind) => (named[kind] ? el("span", { class: "hush", text: `${named[kind]}: ` }) : null);

// Runs of removed lines and the added ones that replace them, side by side.
function pairs(lines) {
  const found = [];
  let [gone, come] = [[], []];
  const flush = () => {
    for (let at = 0; at < Math.max(gone.length, come.length); at += 1) found.push([gone[at] ?? null, come[at] ?? null]);
    [gone, come] = [[], []];
  };
  for (const line of lines) {
    if (line[0] === "-") {
      if (come.length) flush();
      gone.push(line);
    } else if (line[0] === "+") come.push(line);
    else {
      flush();
      found.push([line, line]);
    }
  }
  flush();
  return found;
}

function marks(lines) {
  const found = new Map();
  for (const [was, now] of pairs(lines)) {
    if (!was || !now || was === now) continue;
    const differ = difference(was, now);
    if (!differ) continue;
    found.set(was, [differ.start, differ.was]);
    found.set(now, [differ.start, differ.now]);
  }
  return found;
}

function unified(hunk) {
  const marked = marks(hunk.lines);
  return hunk.lines.map((line) => {
    const text = code(line, ...(marked.get(line) ?? []));
    const said = hush(line[0]);
    if (said) text.prepend(said);
    return el("tr", { class: SIGNS[line[0]] }, number(line[1]), number(line[2]), sign(line[0]), text);
  });
}

function split(hunk) {
  const marked = marks(hunk.lines);
  const half = (line, at) => (line
    ? [el("td", { class: `no ${SIGNS[line[0]]}`, "data-n": line[at] ?? "" }), Object.assign(code(line, ...(marked.get(line) ?? [])), { className: `code ${SIGNS[line[0]]}` })]
    : [el("td", { class: "no void" }), el("td", { class: "code void" })]);
  return pairs(hunk.lines).map(([was, now]) => el("tr", {}, ...half(was, 1), ...half(now, 2)));
}

function table(file, view) {
  const columns = view === "split" ? ["no", "", "no", ""] : ["no old", "no", "sign", ""];
  const body = el("tbody");
  for (const hunk of file.hunks) {
    body.append(el("tr", { class: "hunk" }, el("td", { colspan: columns.length, text: hunk.head })));
    body.append(...(view === "split" ? split(hunk) : unified(hunk)));
  }
  return el("table", { class: view, "aria-label": `Changes in ${file.path}` }, el("colgroup", {}, ...columns.map((name) => el("col", { class: name || null }))), body);
}

function makeFile(file, view) {
  const p = { open: !file.folded, drawn: "", view };
  p.toggle = el("button", { class: "fold", type: "button", "aria-expanded": "true" }, icon("fold"),
    el("span", { class: "path mono", text: file.old ? `${file.old} → ${file.path}` : file.path }));
  p.body = el("div", { class: "body" });
  const link = outward({ class: "quiet", title: "This file on GitHub", "aria-label": `${file.path} on GitHub` }, icon("out"));
  point(link, file.url);
  const letter = LETTERS[file.status] ? el("span", { class: `tag ${file.status}`, text: file.status }) : null;
  p.root = el("article", { class: "file panel", tabindex: "-1", "aria-label": file.path },
    el("header", {}, p.toggle, letter, el("span", { class: "num plus", text: file.plus }), el("span", { class: "num minus", text: file.minus }), file.url ? link : null), p.body);
  p.draw = () => {
    p.toggle.setAttribute("aria-expanded", String(p.open));
    show(p.body, p.open);
    if (!p.open || p.drawn === p.view) return;
    p.drawn = p.view;
    if (file.hunks.length) return p.body.replaceChildren(table(file, p.view));
    const words = el("p", { class: "words quiet", text: `${file.note} ` });
    const more = outward({ text: "See it on GitHub" });
    point(more, file.url);
    p.body.replaceChildren(el("div", {}, words, file.url ? more : ""));
  };
  p.toggle.addEventListener("click", () => {
    p.open = !p.open;
    p.draw();
  });
  p.draw();
  return p;
}

function makeChange(home, latest) {
  let [key, view, files, at] = ["", "unified", [], 0];
  const narrow = window.matchMedia("(max-width: 900px)");
  const total = el("span", { class: "num quiet" });
  const list = el("ul", { class: "names" });
  const names = el("details", { class: "panel index" }, el("summary", {}, el("b", { text: "Files" }), total), list);
  const bodies = el("div", { class: "bodies" });
  const more = el("p", { class: "more quiet" });
  const whole = outward({ text: "See the whole change on GitHub" });
  const ways = { unified: "Unified", split: "Split" };
  const buttons = Object.fromEntries(Object.entries(ways).map(([name, text]) => [name, el("button", { class: "button", type: "button", text, onclick: () => choose(name) })]));
  const bar = el("div", { class: "bar2" }, el("h2", { text: "The change" }), el("span", { class: "keys quiet" }, el("kbd", { text: "j" }), el("kbd", { text: "k" }), " next and previous file"),
    el("div", { class: "ways", role: "group", "aria-label": "View" }, ...Object.values(buttons)));
  const root = el("section", { class: "p change", "aria-label": "The change" }, bar, el("div", { class: "both" }, names, el("div", { class: "right" }, bodies, more)));
  const shown = () => (narrow.matches ? "unified" : view);

  function choose(name) {
    view = name;
    paint();
    latest().setTriggerValue("act", { do: "view", view });
  }

  function paint() {
    for (const [name, button] of Object.entries(buttons)) button.setAttribute("aria-pressed", String(name === view));
    for (const file of files) {
      file.view = shown();
      file.draw();
    }
  }

  function jump(to) {
    if (!files.length) return;
    at = Math.max(0, Math.min(files.length - 1, to));
    files[at].root.scrollIntoView({ block: "start", behavior: "smooth" });
    files[at].root.focus({ preventScroll: true });
    [...list.children].forEach((item, index) => item.firstElementChild.toggleAttribute("aria-current", index === at));
  }

  function item(file, index) {
    const name = file.path.split("/").pop();
    const button = el("button", { type: "button", title: file.path, onclick: () => jump(index) },
      el("span", { class: "name mono" }, el("span", { class: "dir quiet", text: file.path.slice(0, file.path.length - name.length) }), name),
      el("span", { class: "num plus", text: file.plus }), el("span", { class: "num minus", text: file.minus }));
    return el("li", {}, button);
  }

  function draw(data) {
    list.replaceChildren(...data.files.map(item));
    files = data.files.map((file) => makeFile(file, shown()));
    bodies.replaceChildren(...files.map((file) => file.root));
    names.open = !narrow.matches;
    write(total, data.total);
    show(more, Boolean(data.more));
    point(whole, data.url);
    more.replaceChildren(`${data.more} `, whole);
    at = -1;
  }

  const keys = (event) => {
    const target = event.composedPath()[0];
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(target?.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    if (event.key === "j") jump(at + 1);
    if (event.key === "k") jump(at - 1);
  };
  document.addEventListener("keydown", keys);
  narrow.addEventListener("change", paint);

  function update(data) {
    if (data.key !== key) {
      view = data.view;
      key = data.key;
      draw(data);
    }
    paint();
  }
  const close = () => {
    document.removeEventListener("keydown", keys);
    narrow.removeEventListener("change", paint);
  };
  return { root, update, close };
}

export default mounted(makeChange);
