// The feed: pills, filters, and one card a task on a timeline. Sends one event, `act`.

const NOTHING = { status: "", repository: "", branch: "", issue: "", agent: "", by: "", since: "", until: "", q: "" };
const TYPED = { // the filters that are typed: what each says when it is empty
  repository: ["Repository", "all repositories"], by: ["Asked by", "everyone"],
  branch: ["Branch", "any branch"], issue: ["Issue", "any issue"],
};
const MOST_OPEN = 10; // cards, as the server has it
const RARE = ["branch", "issue", "since", "until"]; // behind a button until one of them is set

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
    if (value !== now[name]) filter({ [name]: name === "issue" ? value.replace(/^#/, "") : value });
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

function drawEmpty(node, empty, acts) {
  show(node, Boolean(empty));
  if (!empty || node.dataset.drawn === empty.title) return;
  node.dataset.drawn = empty.title;
  node.replaceChildren(
    el("span", { class: "mark" }, icon(empty.action === "clear" ? "search" : "feed")),
    el("h2", { text: empty.title }),
    el("p", { text: empty.text }));
  if (empty.code) node.append(el("code", { text: empty.code }));
  const [text, act] = acts[empty.action];
  node.append(el("button", { class: "button", type: "button", text, onclick: act }));
}

function makeFeed(home, latest) {
  const send = (value) => latest().setTriggerValue("act", value);
  const now = { ...NOTHING };
  let told = { wanted: "", until: 0 }; // a look that was under way when one chose still shows what was wanted before
  const filter = (change) => {
    Object.assign(now, change);
    told = { wanted: JSON.stringify(now), until: Date.now() + 6000 };
    send({ do: "filter", ...now });
  };
  const hear = (wanted) => {
    const heard = { ...NOTHING, ...wanted };
    if (JSON.stringify(heard) === told.wanted) told.until = 0;
    if (Date.now() >= told.until) Object.assign(now, heard);
  };
  const clear = () => filter(NOTHING);
  const ask = (of, like) => send({ do: "type", of, like });
  const pills = el("div", { class: "pills", role: "group", "aria-label": "Status" });
  const typed = Object.fromEntries(Object.keys(TYPED).map((name) => [name, makeTyped(name, { now, filter, ask })]));
  const days = { since: makeDay("since", "From", { now, filter }), until: makeDay("until", "To", { now, filter }) };
  const agent = el("select", { class: "agent", "aria-label": "Agent" });
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
  const timeline = el("div", { class: "days" });
  const empty = el("section", { class: "empty panel" });
  const more = el("div", { class: "more" }, el("button", { class: "button", type: "button", text: "Show older tasks", onclick: () => send({ do: "more" }) }));
  const unset = el("button", { class: "button", type: "button", text: "Clear", onclick: clear });
  const rare = el("div", { class: "rare", id: "rare" }, typed.branch.root, typed.issue.root, days.since.root, days.until.root);
  const glance = makeGlance(send);
  const unfolded = new Set(); // the cards that are open
  let [begun, asked] = [false, 0];
  const askOpen = () => { asked = Date.now(); send({ do: "unfold", ids: [...unfolded] }); };
  const unfold = (id) => {
    if (!unfolded.delete(id)) unfolded.add(id);
    if (unfolded.size > MOST_OPEN) unfolded.delete([...unfolded][0]);
    askOpen();
    drawDays(latest().data.days);
  };
  let isWide = false;
  const widen = el("button", { class: "button", type: "button", text: "More filters", "aria-controls": "rare" });
  const fold = () => {
    const isNeeded = RARE.some((name) => now[name]);
    const wide = isWide || isNeeded;
    show(rare, wide);
    filters.classList.toggle("open", wide || Boolean(now.repository || now.agent || now.by)); // a phone shows the rest only then
    show(widen, !isNeeded);
    write(widen, wide ? "Fewer filters" : "More filters");
    widen.setAttribute("aria-expanded", String(wide));
  };
  widen.addEventListener("click", () => { isWide = rare.hidden; fold(); });
  const filters = el("div", { class: "filters" }, typed.repository.root, agent, typed.by.root,
    el("div", { class: "searching" }, icon("search"), search, el("kbd", { text: "/", "aria-hidden": "true" })), widen, unset, rare);
  const root = el("div", { class: "p feed" }, el("h1", { class: "title", text: "Feed" }), glance.root, pills, filters, empty, timeline, more);

  const slash = (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.composedPath()[0]?.tagName);
    if (event.key !== "/" || event.ctrlKey || event.metaKey || typing) return;
    event.preventDefault();
    search.focus();
  };
  document.addEventListener("keydown", slash);

  function drawDays(groups) {
    const shown = groups.flatMap((one) => one.cards);
    if (!begun) for (const task of shown) if (task.opened) unfolded.add(task.id); // the reader comes back to the page
    begun = true;
    keyed(timeline, groups, (one) => one.day,
      (one) => remember(el("section", { class: "day", "aria-label": one.day }, el("h2", { text: one.day })), { cards: null }),
      (section, one) => {
        const p = parts.get(section);
        if (!p.cards) section.append((p.cards = el("div", { class: "cards", role: "list" })));
        keyed(p.cards, one.cards, (task) => task.id, (task) => makeCard(task, { send, unfold }), (row, task) => drawCard(row, task, unfolded.has(task.id)));
      });
    // The server forgets what was open when it is started anew; it is told again, but not in a loop.
    if (shown.some((task) => unfolded.has(task.id) && !task.opened) && Date.now() - asked > 5000) askOpen();
  }

  function update(data) {
    hear(data.wanted);
    for (const one of Object.values(typed)) one.draw(data.typed);
    for (const one of Object.values(days)) one.draw();
    drawAgents(agent, data.agents, now.agent);
    fold();
    show(unset, data.narrow);
    if (!typing && search.getRootNode().activeElement !== search) search.value = now.q;
    keyed(pills, data.pills, (pill) => pill.key, (pill) => makePill(pill, (key) => filter({ status: key })), drawPill);
    glance.draw(data.glance);
    drawEmpty(empty, data.empty, { clear: ["Show all tasks", clear], dispatch: ["Dispatch a task", () => send({ do: "dispatch" })] });
    for (const choosing of [pills, filters]) show(choosing, data.narrow || !data.empty);
    drawDays(data.days);
    show(more, data.more);
  }
  return { root, update, close: () => document.removeEventListener("keydown", slash) };
}

export default mounted(makeFeed);
