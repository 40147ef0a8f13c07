// What can be reviewed: changes that wait for approval first, then pull requests, a page at a time. Sends `act`.

function makeRow(row, send) {
  const open = () => send({ do: "open", id: row.id, page: parts.get(node).page });
  const name = el("a", { class: "name" });
  name.addEventListener("click", (event) => {
    if (!plain(event)) return;
    event.preventDefault();
    event.stopPropagation();
    open();
  });
  const p = { name, where: outward({ class: "where mono" }), pull: outward({ class: "mono" }), agent: el("span", { class: "mono" }), by: el("span"), when: el("time", { class: "num when" }),
    badge: el("span", { class: "badge" }), word: el("span"), plus: el("span", { class: "num plus" }), minus: el("span", { class: "num minus" }), files: el("span", { class: "num" }), cost: el("span", { class: "num cost" }),
    line: el("p"), go: el("button", { class: "button", type: "button", onclick: open }), page: "review" };
  p.badge.append(el("i", { class: "dot" }), p.word);
  const node = el("article", { class: "card panel", tabindex: "0", role: "listitem" },
    el("div", { class: "top" }, p.where, p.pull, p.agent, p.by, p.when),
    el("div", { class: "what" }, el("h3", {}, name), p.badge),
    el("div", { class: "foot" }, p.line, el("span", { class: "figures" }, p.files, p.plus, p.minus, p.cost), p.go));
  node.addEventListener("click", (event) => {
    const selected = node.getRootNode().getSelection?.() ?? document.getSelection();
    if (plain(event) && !event.target.closest("a, button") && !String(selected ?? "")) open();
  });
  node.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === node) open();
  });
  return remember(node, p);
}

function drawRow(node, row) {
  const p = parts.get(node);
  p.page = row.page;
  node.setAttribute("aria-label", `${row.word}: ${row.title}`);
  write(p.name, row.title);
  p.name.href = `/${row.page}?id=${encodeURIComponent(row.id)}`;
  write(p.where, `${row.repository}${row.number ? ` ${row.number}` : ""}`);
  point(p.where, row.issue);
  write(p.pull, row.pr?.label);
  point(p.pull, row.pr?.url);
  write(p.agent, row.model ? `${row.agent} · ${row.model}` : row.agent);
  write(p.by, `by ${row.by}`);
  write(p.when, row.when);
  p.when.title = row.exact;
  p.badge.className = `badge ${row.tone}`;
  write(p.word, row.word);
  p.line.className = row.kind;
  for (const name of ["plus", "minus", "files", "cost", "line"]) {
    write(p[name], row[name]);
    show(p[name], Boolean(row[name]));
  }
  write(p.go, row.action);
}

function makeReviews(home, latest) {
  const send = (value) => latest().setTriggerValue("act", value);
  const now = { show: "", repository: "" };
  const filter = (change) => send({ do: "filter", ...Object.assign(now, change) });
  const pills = el("div", { class: "pills", role: "group", "aria-label": "Show" });
  const repository = el("select", { "aria-label": "Repository" });
  repository.addEventListener("change", () => filter({ repository: repository.value }));
  const list = el("div", { class: "list", role: "list" });
  const empty = el("section", { class: "empty panel" });
  const newest = el("button", { class: "button", type: "button", text: "Back to the newest", onclick: () => filter({}) });
  const older = el("button", { class: "button", type: "button", text: "Older ones", onclick: () => send({ do: "older", ...now, after: latest().data.next }) });
  const foot = el("div", { class: "more" }, newest, older);
  const root = el("div", { class: "p reviews" }, el("h1", { class: "title", text: "Review" }), el("div", { class: "choose" }, pills, repository), empty, list, foot);

  function makePill(pill) {
    const p = { word: el("span"), count: el("span", { class: "num" }) };
    return remember(el("button", { class: "pill", type: "button", onclick: () => filter({ show: pill.key }) }, p.word, p.count), p);
  }

  function drawEmpty(data) {
    show(empty, Boolean(data));
    if (!data || empty.dataset.drawn === data.title) return;
    empty.dataset.drawn = data.title;
    const feed = data.feed ? el("button", { class: "button", type: "button", text: "See the feed", onclick: () => send({ do: "feed" }) }) : "";
    const task = data.feed ? el("button", { class: "button first", type: "button", text: "New task", onclick: () => send({ do: "dispatch" }) }) : "";
    empty.replaceChildren(el("span", { class: "mark" }, icon("review")), el("h2", { text: data.title }), el("p", { text: data.text }), el("div", { class: "acts" }, feed, task));
  }

  function update(data) {
    Object.assign(now, { show: data.pills.find((pill) => pill.on)?.key ?? "", repository: data.repository });
    keyed(pills, data.pills, (pill) => pill.key, makePill, (node, pill) => {
      const p = parts.get(node);
      node.setAttribute("aria-pressed", String(pill.on));
      write(p.word, pill.word);
      write(p.count, pill.count);
    });
    const options = [{ value: "", text: "all repositories" }, ...data.repositories.map((text) => ({ value: text, text }))];
    if (repository.getRootNode().activeElement !== repository || repository.value !== data.repository) {
      keyed(repository, options, (one) => one.value, (one) => el("option", { value: one.value }), (node, one) => write(node, one.text));
      repository.value = data.repository;
      repository.classList.toggle("set", Boolean(data.repository));
    }
    show(repository, data.repositories.length > 1 || Boolean(data.repository));
    drawEmpty(data.empty);
    keyed(list, data.rows, (row) => row.id, (row) => makeRow(row, send), drawRow);
    show(newest, !data.first);
    show(older, Boolean(data.next));
    show(foot, !data.first || Boolean(data.next));
  }
  return { root, update };
}

export default mounted(makeReviews);
