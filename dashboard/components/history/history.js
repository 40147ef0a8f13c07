// All tasks as a table, filters above it, figures of the whole result, pages in both directions. Sends `act`.

const FILTERS = ["result", "repository", "agent", "by", "since", "until", "q"];

function makeRow(task, send) {
  const name = el("a", { class: "name", href: `/task?id=${encodeURIComponent(task.id)}` });
  name.addEventListener("click", (event) => {
    if (!plain(event)) return;
    event.preventDefault();
    send({ do: "open", id: task.id });
  });
  const p = { name, word: el("span"), badge: el("span", { class: "badge" }), where: outward({ class: "mono quiet where" }), agent: el("span", { class: "mono" }),
    by: el("span"), when: el("time", { class: "num" }), took: el("span", { class: "num" }), cost: el("span", { class: "num" }), pull: outward({ class: "num" }) };
  p.badge.append(el("i", { class: "dot" }), p.word);
  const cell = (kind, ...parts) => el("td", { class: kind }, ...parts);
  return remember(el("tr", {}, cell("state", p.badge), cell("task", p.name, p.where), cell("agent", p.agent), cell("by", p.by), cell("when right", p.when),
    cell("took right", p.took), cell("cost right", p.cost), cell("pull right", p.pull)), p);
}

function drawRow(node, task) {
  const p = parts.get(node);
  p.badge.className = `badge ${task.tone}`;
  for (const name of ["word", "agent", "by", "when", "took", "cost"]) write(p[name], task[name]);
  write(p.name, task.title);
  p.when.title = task.exact;
  p.agent.title = task.model;
  write(p.where, `${task.repository}${task.number ? ` ${task.number}` : ""}`);
  point(p.where, task.issue);
  write(p.pull, task.pr?.label);
  point(p.pull, task.pr?.url);
}

function makeSelect(name, label, everything, choose) {
  const select = el("select", { "aria-label": label, onchange: () => choose({ [name]: select.value }) });
  const draw = (value, options) => {
    if (select.getRootNode().activeElement === select && select.value === value) return; // it may be open
    keyed(select, [{ value: "", text: everything }, ...options], (o) => o.value, (o) => el("option", { value: o.value }), (node, o) => write(node, o.text));
    select.value = value;
    select.classList.toggle("set", Boolean(value));
  };
  return { root: select, draw };
}

// A field that says what it holds when it is left, or at Enter; a list of known words may hang on it.
function makeField(name, props, choose) {
  const known = el("datalist", { id: `${name}-known` });
  const input = el("input", { autocomplete: "off", spellcheck: "false", ...props, ...(props.type ? {} : { list: `${name}-known` }) });
  let held = "";
  const say = () => { if (input.value.trim() !== held) choose({ [name]: input.value.trim() }); };
  input.addEventListener(props.type === "date" ? "blur" : "change", say);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") say(); event.stopPropagation(); });
  const draw = (value, words = []) => {
    if (input.getRootNode().activeElement !== input || held !== value) input.value = value;
    held = value;
    input.classList.toggle("set", Boolean(value));
    keyed(known, words, (word) => word, (word) => el("option", { value: word }), () => {});
  };
  return { root: el("span", { class: `field ${name}` }, props.type === "date" ? el("span", { class: "quiet", text: props["aria-label"] }) : null, input, known), draw, input };
}

function makeHistory(home, latest) {
  const send = (value) => latest().setTriggerValue("act", value);
  const now = {};
  const filter = (change) => send({ do: "filter", ...Object.assign(now, change) });
  const clear = () => filter(Object.fromEntries(FILTERS.map((name) => [name, ""])));
  const result = makeSelect("result", "Outcome", "any outcome", filter);
  const agent = makeSelect("agent", "Agent", "all agents", filter);
  const repository = makeField("repository", { placeholder: "Repository", "aria-label": "Repository" }, filter);
  const by = makeField("by", { placeholder: "Asked by", "aria-label": "Asked by" }, filter);
  const since = makeField("since", { type: "date", "aria-label": "From", min: "2000-01-01" }, filter);
  const until = makeField("until", { type: "date", "aria-label": "To", min: "2000-01-01" }, filter);
  const q = makeField("q", { type: "search", placeholder: "Search titles, or #412", "aria-label": "Search tasks" }, filter);
  const unset = el("button", { class: "button", type: "button", text: "Clear", onclick: clear });
  const filters = el("div", { class: "filters", role: "group", "aria-label": "Filters" }, result.root, repository.root, agent.root, by.root, since.root, until.root, q.root, unset);
  const csv = el("a", { class: "button", download: "porter-history.csv" }, icon("download"), "CSV");
  const stats = el("dl", { class: "stats panel", "aria-label": "The whole result" });
  const note = el("p", { class: "note quiet" });
  const body = el("tbody");
  const heads = [["Outcome", ""], ["Task", ""], ["Agent", ""], ["Asked by", ""], ["Asked", "right"], ["Took", "right"], ["Cost", "right"], ["PR", "right"]];
  const table = el("table", { class: "tasks panel" }, el("caption", { class: "hush", text: "Tasks, newest first" }),
    el("thead", {}, el("tr", {}, ...heads.map(([text, kind]) => el("th", { scope: "col", class: kind, text })))), body);
  const empty = el("section", { class: "empty panel" });
  const turn = (text, step) => el("button", { class: "button", type: "button", text, onclick: () => send({ do: "turn", ...now, ...step() }) });
  const newest = turn("Newest", () => ({}));
  const newer = turn("Newer", () => ({ before: latest().data.newer }));
  const older = turn("Older", () => ({ after: latest().data.older }));
  const foot = el("nav", { class: "turn", "aria-label": "Pages" }, newest, newer, older);
  const root = el("div", { class: "p history" }, el("div", { class: "over" }, el("h1", { class: "title", text: "History" }), csv), filters, stats, note, empty, table, foot);

  function drawStats(found) {
    show(stats, found.length > 0);
    keyed(stats, found, (one) => one.word, (one) => {
      const p = { figure: el("dd", { class: "figure" }), note: el("dd", { class: "quiet" }) };
      return remember(el("div", { class: "stat" }, el("dt", { class: "quiet", text: one.word }), p.figure, p.note), p);
    }, (node, one) => { write(parts.get(node).figure, one.figure); write(parts.get(node).note, one.note); });
  }

  function drawEmpty(data) {
    show(empty, Boolean(data));
    if (!data || empty.dataset.drawn === data.title) return;
    empty.dataset.drawn = data.title;
    const act = data.action === "clear" ? el("button", { class: "button", type: "button", text: "Show all tasks", onclick: clear })
      : el("button", { class: "button first", type: "button", text: "New task", onclick: () => send({ do: "dispatch" }) });
    empty.replaceChildren(el("span", { class: "mark" }, icon("history")), el("h2", { text: data.title }), el("p", { text: data.text }), act);
  }

  function update(data) {
    const chosen = data.filters;
    for (const name of FILTERS) now[name] = chosen[name];
    result.draw(chosen.result, data.results);
    agent.draw(chosen.agent, data.agents.map((text) => ({ value: text, text })));
    repository.draw(chosen.repository, data.repositories);
    by.draw(chosen.by, data.people);
    for (const [name, field] of Object.entries({ since, until, q })) field.draw(chosen[name]);
    for (const field of [since, until]) field.input.max = data.today;
    show(unset, data.narrow);
    show(filters, data.narrow || !data.empty);
    csv.href = data.csv;
    show(csv, !data.empty);
    drawStats(data.stats);
    write(note, data.note);
    show(note, Boolean(data.note));
    drawEmpty(data.empty);
    show(table, data.rows.length > 0);
    keyed(body, data.rows, (task) => task.id, (task) => makeRow(task, send), drawRow);
    show(newest, !data.first);
    newer.disabled = !data.newer;
    older.disabled = !data.older;
    show(foot, Boolean(data.newer || data.older || !data.first));
  }
  return { root, update };
}

export default mounted(makeHistory);
