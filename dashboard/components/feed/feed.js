// The feed: pills, filters, and one card a task on a timeline. Sends one event, `act`.

const NOTHING = { status: "", repository: "", branch: "", issue: "", agent: "", by: "", since: "", until: "", q: "" };
const TYPED = { // the filters that are typed: what each says when it is empty
  repository: ["Repository", "all repositories"], by: ["Asked by", "everyone"],
  branch: ["Branch", "any branch"], issue: ["Issue", "any issue"],
};
const RARE = ["branch", "issue", "since", "until"]; // behind a button until one of them is set

function makeCard(task, send) {
  const open = () => send({ do: "open", id: task.id });
  const name = el("a", { class: "name", href: `/task?id=${encodeURIComponent(task.id)}` });
  name.addEventListener("click", (event) => {
    if (!plain(event)) return;
    event.preventDefault();
    event.stopPropagation();
    open();
  });
  const p = {
    name,
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
    stop: twice(el("button", { class: "button", type: "button" }), "Stop", "Stop it?", () => send({ do: "stop", id: task.id })),
    retry: el("button", { class: "button", type: "button", text: "Retry", onclick: () => send({ do: "retry", id: task.id }) }),
    review: el("button", { class: "button", type: "button", text: "Review", onclick: () => send({ do: "review", id: task.id }) }),
    open: el("button", { class: "button", type: "button", text: "Open", onclick: open }),
  };
  p.progress = el("div", { class: "progress" }, el("div", { class: "bar" }, p.fill), p.percent);
  const figures = el("span", { class: "figures" }, p.elapsed, p.plus, p.minus, p.pull, p.cost);
  p.card = el("article", { class: "card", tabindex: "0" },
    el("div", { class: "top" }, p.where, p.agent, p.by, p.when),
    el("div", { class: "what" }, el("h3", {}, name), figures),
    p.progress,
    el("div", { class: "foot" }, el("div", { class: "said" }, p.state, p.line, p.hint), el("div", { class: "acts" }, p.stop, p.retry, p.review, p.open)));
  p.card.addEventListener("click", (event) => {
    const selected = p.card.getRootNode().getSelection?.() ?? document.getSelection();
    if (plain(event) && !event.target.closest("a, button") && !String(selected ?? "")) open();
  });
  p.card.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === p.card) open();
  });
  return remember(el("div", { role: "listitem" }, p.node, p.card), p);
}

function drawCard(row, task) {
  const p = parts.get(row);
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
  show(p.stop, task.stop);
  show(p.retry, task.retry);
  show(p.review, task.review);
}

function makePill(pill, choose) {
  const p = { word: el("span"), count: el("span", { class: "num" }) };
  const dot = pill.key ? el("i", { class: `dot ${pill.key}` }) : null;
  return remember(el("button", { class: `pill ${pill.key}`, type: "button", onclick: () => choose(pill.key) }, dot, p.word, p.count), p);
}

function drawPill(node, pill) {
  const p = parts.get(node);
  node.setAttribute("aria-pressed", String(pill.on));
  write(p.word, pill.word);
  write(p.count, pill.count);
}

function drawAgents(select, agents, value) {
  if (select.getRootNode().activeElement === select && select.value === value) return; // it may be open
  const options = [{ value: "", text: "all agents" }, ...agents.map((text) => ({ value: text, text }))];
  keyed(select, options, (o) => o.value, (o) => el("option", { value: o.value }), (node, o) => write(node, o.text));
  select.value = value;
  select.classList.toggle("set", Boolean(value));
}

// A filter one types into: the list under it comes from the server, and leaving it takes back what was not chosen.
function makeTyped(name, { now, filter, ask }) {
  const [label, placeholder] = TYPED[name];
  let timer = 0;
  const combo = makeCombo({ id: name, label, placeholder, draw: (item) => [el("span", { class: "text", text: item.text })],
    take: (item) => choose(item.value),
    typed: (text) => { clearTimeout(timer); timer = setTimeout(() => ask(name, text.trim()), 150); } });
  const { input } = combo;
  input.setAttribute("aria-label", label);
  const isHere = () => input.getRootNode().activeElement === input;
  const choose = (value) => {
    clearTimeout(timer);
    input.value = value;
    if (value !== now[name]) filter({ [name]: value });
  };
  input.addEventListener("focus", () => { input.select(); ask(name, ""); });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.defaultPrevented) choose(input.value.trim());
    if (event.key === "Escape") input.value = now[name];
    event.stopPropagation();
  });
  input.addEventListener("blur", () => (input.value.trim() ? (input.value = now[name]) : choose("")));
  const draw = (typed) => {
    if (!isHere()) input.value = now[name];
    input.classList.toggle("set", Boolean(now[name]));
    if (typed?.of === name && isHere()) combo.fill(typed.items, typed.items.length ? "" : "Nothing goes by that name.");
  };
  return { root: el("div", { class: `typed ${name}` }, combo.root), draw };
}

function makeDay(name, label, { now, filter }) {
  const input = el("input", { type: "date", "aria-label": label, min: "2000-01-01", max: "9000-12-31" });
  const take = () => input.value !== now[name] && filter({ [name]: input.value });
  input.addEventListener("change", () => input.getRootNode().activeElement !== input && take());
  input.addEventListener("blur", take);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") take(); event.stopPropagation(); });
  const draw = () => {
    if (input.getRootNode().activeElement !== input) input.value = now[name];
    input.classList.toggle("set", Boolean(now[name]));
  };
  return { root: el("label", { class: `when-day ${name}` }, el("span", { class: "quiet", text: label }), input), draw };
}

function drawEmpty(node, empty, clear) {
  show(node, Boolean(empty));
  if (!empty || node.dataset.drawn === empty.title) return;
  node.dataset.drawn = empty.title;
  node.replaceChildren(
    el("span", { class: "mark" }, icon(empty.action ? "search" : "feed")),
    el("h2", { text: empty.title }),
    el("p", { text: empty.text }));
  if (empty.code) node.append(el("code", { text: empty.code }));
  if (empty.action) node.append(el("button", { class: "button", type: "button", text: "Show all tasks", onclick: clear }));
}

function makeFeed(home, latest) {
  const send = (value) => latest().setTriggerValue("act", value);
  const now = { ...NOTHING };
  const filter = (change) => send({ do: "filter", ...Object.assign(now, change) });
  const clear = () => filter(NOTHING);
  const ask = (of, like) => send({ do: "type", of, like });
  const pills = el("div", { class: "pills", role: "group", "aria-label": "Status" });
  const typed = Object.fromEntries(Object.keys(TYPED).map((name) => [name, makeTyped(name, { now, filter, ask })]));
  const days = { since: makeDay("since", "From", { now, filter }), until: makeDay("until", "To", { now, filter }) };
  const agent = el("select", { "aria-label": "Agent" });
  agent.addEventListener("change", () => filter({ agent: agent.value }));
  const search = el("input", { type: "search", placeholder: "Search titles, or #412", "aria-label": "Search tasks", autocomplete: "off", spellcheck: "false" });
  let typing = 0;
  const find = () => { clearTimeout(typing); typing = 0; if (search.value.trim() !== now.q) filter({ q: search.value.trim() }); };
  search.addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(find, 350); });
  search.addEventListener("keydown", (event) => {
    if (event.key === "Enter") find();
    if (event.key === "Escape") search.blur();
    event.stopPropagation();
  });
  const task = el("a", { class: "button first", href: "/dispatch" }, icon("dispatch"), "New task");
  task.addEventListener("click", (event) => {
    if (!plain(event)) return;
    event.preventDefault();
    send({ do: "dispatch" });
  });
  const timeline = el("div", { class: "days" });
  const empty = el("section", { class: "empty panel" });
  const more = el("div", { class: "more" }, el("button", { class: "button", type: "button", text: "Show older tasks", onclick: () => send({ do: "more" }) }));
  const unset = el("button", { class: "button", type: "button", text: "Clear", onclick: clear });
  const rare = el("div", { class: "rare", id: "rare" }, typed.branch.root, typed.issue.root, days.since.root, days.until.root);
  let isWide = false;
  const widen = el("button", { class: "button", type: "button", text: "More filters", "aria-controls": "rare" });
  const fold = () => {
    const isNeeded = RARE.some((name) => now[name]);
    const wide = isWide || isNeeded;
    show(rare, wide);
    show(widen, !isNeeded);
    write(widen, wide ? "Fewer filters" : "More filters");
    widen.setAttribute("aria-expanded", String(wide));
  };
  widen.addEventListener("click", () => { isWide = rare.hidden; fold(); });
  const filters = el("div", { class: "filters" }, typed.repository.root, agent, typed.by.root,
    el("div", { class: "searching" }, icon("search"), search, el("kbd", { text: "/", "aria-hidden": "true" })), widen, unset, rare);
  const root = el("div", { class: "p feed" }, el("div", { class: "over" }, el("h1", { class: "title", text: "Feed" }), task), pills, filters, empty, timeline, more);

  const slash = (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.composedPath()[0]?.tagName);
    if (event.key !== "/" || event.ctrlKey || event.metaKey || typing) return;
    event.preventDefault();
    search.focus();
  };
  document.addEventListener("keydown", slash);

  function update(data) {
    Object.assign(now, NOTHING, data.wanted);
    for (const one of Object.values(typed)) one.draw(data.typed);
    for (const one of Object.values(days)) one.draw();
    drawAgents(agent, data.agents, now.agent);
    fold();
    show(unset, data.narrow);
    if (!typing && search.getRootNode().activeElement !== search) search.value = now.q;
    keyed(pills, data.pills, (pill) => pill.key, (pill) => makePill(pill, (key) => filter({ status: key })), drawPill);
    drawEmpty(empty, data.empty, clear);
    for (const choosing of [pills, filters]) show(choosing, data.narrow || !data.empty);
    keyed(timeline, data.days, (one) => one.day,
      (one) => remember(el("section", { class: "day", "aria-label": one.day }, el("h2", { text: one.day })), { cards: null }),
      (section, one) => {
        const p = parts.get(section);
        if (!p.cards) section.append((p.cards = el("div", { class: "cards", role: "list" })));
        keyed(p.cards, one.cards, (task) => task.id, (task) => makeCard(task, send), drawCard);
      });
    show(more, data.more);
  }
  return { root, update, close: () => document.removeEventListener("keydown", slash) };
}

export default mounted(makeFeed);
