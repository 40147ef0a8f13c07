// Operations: tabs, and in each of them groups of lines or a table of figures. Sends `act`.

function makeLine(row, send) {
  const p = { badge: el("span", { class: "badge" }), title: el("p", { class: "what" }), note: el("p", { class: "note" }), meta: el("p", { class: "meta" }),
    when: el("time", { class: "num" }), acts: el("div", { class: "acts" }), drawn: "" };
  for (const one of row.acts) p.acts.append(makeAct(one, send));
  return remember(el("div", { class: "line panel", role: "listitem" }, p.badge, el("div", { class: "words" }, p.title, p.note, p.meta), el("div", { class: "side" }, p.when, p.acts)), p);
}

function makeAct(one, send) {
  const button = el("button", { class: "button", type: "button", title: one.hint });
  const act = () => {
    button.disabled = true; // one press, one deed; the answer draws the line anew
    setTimeout(() => { button.disabled = false; }, 4000);
    send(one.said);
  };
  if (one.ask) return twice(button, one.word, one.ask, act);
  button.addEventListener("click", act);
  write(button, one.word);
  return button;
}

function drawLine(node, row, send) {
  const p = parts.get(node);
  node.className = `line panel ${row.tone}`;
  write(p.badge, row.word);
  show(p.badge, Boolean(row.word));
  node.classList.toggle("bare", !row.word);
  write(p.title, row.title);
  p.title.classList.toggle("mono", row.mono);
  write(p.note, row.note);
  show(p.note, Boolean(row.note));
  write(p.when, row.when);
  p.when.title = row.exact;
  show(p.when, Boolean(row.when));
  const said = JSON.stringify([row.meta, row.tasks]);
  if (p.drawn === said) return;
  p.drawn = said;
  p.meta.replaceChildren();
  for (const part of row.meta) p.meta.append(el("span", { text: part }));
  for (const id of row.tasks) p.meta.append(el("a", {
    class: "mono", href: `/task?id=${encodeURIComponent(id)}`, text: `task ${id}`,
    onclick: (event) => {
      if (!plain(event)) return;
      event.preventDefault();
      send({ do: "open", id });
    },
  }));
  show(p.meta, p.meta.childElementCount > 0);
}

function makeTable(data) {
  const lesser = (at) => (at >= data.columns.length - data.minor ? "num lesser" : at ? "num" : "");
  const head = el("tr", {}, ...data.columns.map((word, at) => el("th", { class: lesser(at).replace("num", "right"), scope: "col", text: word })));
  const body = data.rows.map((cells) => el("tr", {}, ...cells.map((text, at) =>
    el(at ? "td" : "th", { class: at ? `${lesser(at)}${text === "0" ? " none" : ""}` : "mono", scope: at ? null : "row", text }))));
  return el("table", {}, el("thead", {}, head), el("tbody", {}, ...body));
}

function makeGroup(group) {
  const p = { title: el("h3"), hint: el("p", { class: "hint" }), table: el("div", { class: "table panel" }), list: el("div", { class: "list", role: "list" }), empty: el("p", { class: "empty panel" }), drawn: "" };
  return remember(el("section", { class: "group" }, p.title, p.hint, p.table, p.list, p.empty), p);
}

function drawGroup(node, group, send) {
  const p = parts.get(node);
  write(p.title, group.title);
  show(p.title, Boolean(group.title));
  write(p.hint, group.hint);
  show(p.hint, Boolean(group.hint));
  const told = JSON.stringify(group.table);
  if (group.table && p.drawn !== told) p.table.replaceChildren(makeTable(group.table));
  p.drawn = told;
  show(p.table, Boolean(group.table));
  keyed(p.list, group.rows, (row) => row.key, (row) => makeLine(row, send), (line, row) => drawLine(line, row, send));
  write(p.empty, group.empty);
  show(p.empty, !group.table && !group.rows.length && Boolean(group.empty));
}

function makeOperations(home, latest) {
  const send = (value) => latest().setTriggerValue("act", value);
  const now = { verdict: "", q: "" };
  const tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Operations" });
  tabs.addEventListener("keydown", (event) => {
    const all = [...tabs.children];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step) all[(all.indexOf(tabs.getRootNode().activeElement) + step + all.length) % all.length].focus();
  });
  const title = el("h2");
  const lead = el("p", { class: "lead" });
  const busy = el("p", { class: "busy", role: "status" });
  const pills = el("div", { class: "pills", role: "group", "aria-label": "Verdict" });
  const search = el("input", { type: "search", placeholder: "Search", "aria-label": "Search", maxlength: "200" });
  let timer = 0;
  const filter = (change) => {
    clearTimeout(timer);
    send({ do: "filter", ...Object.assign(now, change) });
  };
  search.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => filter({ q: search.value }), 350);
  });
  search.addEventListener("keydown", (event) => event.key === "Enter" && filter({ q: search.value }));
  const choose = el("div", { class: "choose" }, pills, search);
  const groups = el("div", { class: "groups", role: "tabpanel" });
  const newest = el("button", { class: "button", type: "button", text: "Back to the newest", onclick: () => filter({}) });
  const older = el("button", { class: "button", type: "button", text: "Older ones", onclick: () => send({ do: "filter", ...now, after: latest().data.next }) });
  const foot = el("div", { class: "more" }, newest, older);
  const root = el("div", { class: "p operations" }, el("h1", { class: "title", text: "Operations" }), tabs, title, lead, busy, choose, groups, foot);
  let tab = "";

  const makeTab = (one) => el("button", { class: "tab", type: "button", role: "tab", onclick: () => send({ do: "tab", tab: one.key }) });
  const makePill = (one) => el("button", { class: "pill", type: "button", onclick: () => filter({ verdict: one.key }) });

  function update(data) {
    keyed(tabs, data.tabs, (one) => one.key, makeTab, (node, one) => {
      write(node, one.word);
      node.setAttribute("aria-selected", String(one.on));
      node.tabIndex = one.on ? 0 : -1;
      if (one.on && tab !== data.tab) requestAnimationFrame(() => { tabs.scrollLeft = node.offsetLeft - tabs.offsetLeft - 60; });
    });
    show(tabs, data.tabs.length > 0);
    write(title, data.title);
    write(lead, data.lead);
    write(busy, data.busy);
    show(busy, Boolean(data.busy));
    const there = search.getRootNode().activeElement === search;
    if (tab !== data.tab || !there) search.value = data.search ?? "";
    Object.assign(now, { verdict: data.verdicts.find((one) => one.on)?.key ?? "", q: data.search ?? "" });
    show(search, data.search !== null);
    keyed(pills, data.verdicts, (one) => one.key, makePill, (node, one) => {
      write(node, one.word);
      node.setAttribute("aria-pressed", String(one.on));
    });
    show(choose, data.search !== null || data.verdicts.length > 0);
    tab = data.tab;
    keyed(groups, data.groups, (group) => `${data.tab}/${group.key}`, makeGroup, (node, group) => drawGroup(node, group, send));
    show(newest, !data.first);
    show(older, Boolean(data.next));
    show(foot, !data.first || Boolean(data.next));
  }
  return { root, update, close: () => clearTimeout(timer) };
}

export default mounted(makeOperations);
