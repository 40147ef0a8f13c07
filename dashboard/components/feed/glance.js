// The top of the feed: four answers, each with a figure and the newest it is about.

const PAGES = { task: (id) => `/task?id=${encodeURIComponent(id)}`, review: (id) => `/review?id=${encodeURIComponent(id)}`, insights: () => "/insights" };

function makeGlanceLine(line, send) {
  const p = { title: el("span", { class: "about" }), note: el("span", { class: "note" }) };
  const link = el("a", { class: "line", href: PAGES[line.page](line.key) }, p.title, p.note);
  link.addEventListener("click", (event) => {
    if (!plain(event)) return;
    event.preventDefault();
    send({ do: line.page === "task" ? "open" : line.page, id: line.key });
  });
  return remember(link, p);
}

function drawGlanceLine(link, line) {
  const p = parts.get(link);
  for (const name of ["title", "note"]) write(p[name], line[name]);
  link.title = `${line.title}: ${line.note}`;
}

function makeGlancePart(part) {
  const p = { word: el("h2"), figure: el("span", { class: "figure num" }), lines: el("div", { class: "lines" }), empty: el("p", { class: "quiet" }) };
  const dot = part.key === "spent" ? null : el("i", { class: `dot ${part.key}` });
  return remember(el("div", { class: `part ${part.key}` }, el("div", { class: "head" }, dot, p.word, p.figure), p.lines, p.empty), p);
}

function makeGlance(send) {
  const root = el("section", { class: "glance panel", "aria-label": "At a glance" });
  const draw = (found) => {
    show(root, Boolean(found));
    keyed(root, found ?? [], (part) => part.key, makeGlancePart, (node, part) => {
      const p = parts.get(node);
      write(p.word, part.word);
      write(p.figure, part.figure);
      node.classList.toggle("none", part.figure === "0");
      write(p.empty, part.empty);
      show(p.empty, Boolean(part.empty));
      keyed(p.lines, part.lines, (line) => `${line.page} ${line.key}`, (line) => makeGlanceLine(line, send), drawGlanceLine);
    });
  };
  return { root, draw };
}
