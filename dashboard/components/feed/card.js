// One card of the feed: drawn anew only where it changed, opened in place with the last steps of its task.

function makeCard(task, { send, unfold }) {
  const open = () => send({ do: "open", id: task.id });
  const pressed = new Set(); // until the answer shows on the card: a second press says nothing new
  const press = (verb) => {
    if (pressed.has(verb)) return;
    pressed.add(verb);
    setTimeout(() => pressed.delete(verb), 3000);
    send({ do: verb, id: task.id });
  };
  const name = el("a", { class: "name", href: `/task?id=${encodeURIComponent(task.id)}` });
  name.addEventListener("click", (event) => {
    if (!plain(event)) return;
    event.preventDefault();
    event.stopPropagation();
    open();
  });
  const p = {
    name,
    pressed,
    node: el("span", { class: "node" }),
    where: outward({ class: "where mono" }),
    when: el("time", { class: "when quiet num" }),
    state: el("span", { class: "state" }),
    agent: el("span", { class: "mono" }),
    by: el("span"),
    elapsed: el("span", { class: "num" }),
    plus: el("span", { class: "num plus" }),
    minus: el("span", { class: "num minus" }),
    pull: outward({ class: "pull num" }),
    cost: el("span", { class: "num cost" }),
    fill: el("i"),
    percent: el("span", { class: "num" }),
    line: el("span"),
    hint: el("span", { class: "hint" }),
    stop: twice(el("button", { class: "button", type: "button" }), "Stop", "Stop it?", () => press("stop")),
    key: el("button", { class: "button", type: "button", text: "Add a key", onclick: () => send({ do: "key" }) }),
    retry: el("button", { class: "button", type: "button", text: "Retry", onclick: () => press("retry") }),
    review: el("button", { class: "button", type: "button", text: "Review", onclick: () => send({ do: "review", id: task.id }) }),
    open: el("button", { class: "button", type: "button", text: "Open", onclick: open }),
    fold: el("button", { class: "button fold", type: "button", title: "Last steps", "aria-label": "Last steps", "aria-controls": `steps-${task.id}`, onclick: () => unfold(task.id) }, icon("fold")),
    opened: el("div", { class: "opened", id: `steps-${task.id}` }),
  };
  p.progress = el("div", { class: "progress" }, el("div", { class: "bar" }, p.fill), p.percent);
  const figures = el("span", { class: "figures" }, p.elapsed, p.plus, p.minus, p.pull, p.cost);
  p.card = el("article", { class: "card", tabindex: "0" },
    el("div", { class: "top" }, p.where, p.agent, p.by, p.when),
    el("div", { class: "what" }, el("h3", {}, name), figures),
    p.progress,
    el("div", { class: "foot" }, el("div", { class: "said" }, p.state, p.line, p.hint), el("div", { class: "acts" }, p.stop, p.key, p.retry, p.review, p.open, p.fold)),
    p.opened);
  p.card.addEventListener("click", (event) => {
    const selected = p.card.getRootNode().getSelection?.() ?? document.getSelection();
    if (plain(event) && !event.target.closest("a, button, .opened") && !String(selected ?? "")) open();
  });
  p.card.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === p.card) open();
  });
  return remember(el("div", { role: "listitem" }, p.node, p.card), p);
}

function drawCard(row, task, isOpen) {
  const p = parts.get(row);
  const held = row.getRootNode().activeElement;
  row.className = `row ${task.tone}`;
  if (p.tone !== task.tone) p.node.replaceChildren(icon(task.tone));
  p.tone = task.tone;
  p.card.setAttribute("aria-label", `${task.word}: ${task.title}`);
  write(p.name, task.title);
  write(p.where, `${task.repository}${task.number ? ` ${task.number}` : ""}`);
  point(p.where, task.issue);
  write(p.when, task.when);
  p.when.title = task.exact;
  write(p.state, task.word);
  write(p.agent, task.model ? `${task.agent} · ${task.model}` : task.agent);
  write(p.by, `by ${task.by}`);
  for (const name of ["elapsed", "plus", "minus", "cost"]) {
    write(p[name], task[name]);
    show(p[name], Boolean(task[name]));
  }
  write(p.pull, task.pr?.label);
  point(p.pull, task.pr?.url);
  show(p.pull, Boolean(task.pr));
  show(p.progress, task.percent !== null);
  p.fill.style.width = `${task.percent ?? 0}%`;
  write(p.percent, `${task.percent ?? 0} %`);
  p.line.className = task.kind;
  write(p.line, task.line.startsWith(task.word) ? task.line.slice(task.word.length).trim() : task.line); // not said twice
  write(p.hint, task.hint);
  show(p.hint, Boolean(task.hint));
  for (const act of ["stop", "key", "retry", "review"]) {
    show(p[act], task[act]);
    if (!task[act]) p.pressed.delete(act);
  }
  if (held?.hidden && row.contains(held)) p.open.focus(); // what was pressed is gone; the reader stays at the card
  p.fold.setAttribute("aria-expanded", String(isOpen));
  show(p.opened, isOpen);
  if (isOpen) drawOpened(p.opened, task.opened);
}

// What an open card shows below: the last of its story, then its figures. Until they come, the room they take.
function drawOpened(node, opened) {
  const drawn = JSON.stringify(opened);
  if (node.dataset.drawn === drawn) return; // a selection in it survives a tick
  node.dataset.drawn = drawn;
  node.classList.toggle("bones", !opened);
  if (!opened) return node.replaceChildren();
  const step = (one) => el("li", { class: one.tone }, el("time", { class: "num quiet", title: one.exact, text: one.at }), el("span", { text: one.text }));
  const fact = ([word, text]) => el("div", {}, el("dt", { class: "quiet", text: word }), el("dd", { class: "mono", text }));
  node.replaceChildren(el("ol", { "aria-label": "Last steps" }, ...opened.steps.map(step)),
    opened.words ? el("p", { class: "whole", text: opened.words }) : "", el("dl", {}, ...opened.facts.map(fact)));
}
