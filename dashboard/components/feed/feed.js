// The feed: pills, filters, and one card a task on a timeline. Sends one event, `act`.

const FILTERS = ["repository", "agent", "by"];

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

function drawChoice(select, choice) {
  if (select.getRootNode().activeElement === select && select.value === choice.value) return; // it may be open
  const options = [{ value: "", text: choice.everything }, ...choice.options.map((text) => ({ value: text, text }))];
  keyed(select, options, (o) => o.value, (o) => el("option", { value: o.value }), (node, o) => write(node, o.text));
  select.value = choice.value;
  select.setAttribute("aria-label", choice.label);
  select.classList.toggle("set", Boolean(choice.value));
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
  const now = { status: "", repository: "", agent: "", by: "", q: "" };
  const filter = (change) => send({ do: "filter", ...Object.assign(now, change) });
  const clear = () => filter({ status: "", repository: "", agent: "", by: "", q: "" });
  const pills = el("div", { class: "pills", role: "group", "aria-label": "Status" });
  const selects = Object.fromEntries(FILTERS.map((name) => {
    const select = el("select");
    select.addEventListener("change", () => filter({ [name]: select.value }));
    return [name, select];
  }));
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
  const days = el("div", { class: "days" });
  const empty = el("section", { class: "empty panel" });
  const more = el("div", { class: "more" }, el("button", { class: "button", type: "button", text: "Show older tasks", onclick: () => send({ do: "more" }) }));
  const filters = el("div", { class: "filters" }, ...FILTERS.map((name) => selects[name]),
    el("div", { class: "searching" }, icon("search"), search, el("kbd", { text: "/", "aria-hidden": "true" })));
  const root = el("div", { class: "p feed" }, el("div", { class: "over" }, el("h1", { class: "title", text: "Feed" }), task), pills, filters, empty, days, more);

  const slash = (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.composedPath()[0]?.tagName);
    if (event.key !== "/" || event.ctrlKey || event.metaKey || typing) return;
    event.preventDefault();
    search.focus();
  };
  document.addEventListener("keydown", slash);

  function update(data) {
    Object.assign(now, { status: data.pills.find((pill) => pill.on)?.key ?? "" });
    for (const name of FILTERS) {
      now[name] = data.filters[name].value;
      drawChoice(selects[name], data.filters[name]);
    }
    now.q = data.q;
    if (!typing && search.getRootNode().activeElement !== search) search.value = data.q;
    keyed(pills, data.pills, (pill) => pill.key, (pill) => makePill(pill, (key) => filter({ status: key })), drawPill);
    drawEmpty(empty, data.empty, clear);
    for (const choosing of [pills, filters]) show(choosing, data.narrow || !data.empty);
    keyed(days, data.days, (one) => one.day,
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
