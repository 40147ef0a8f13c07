// Every delivery from GitHub with what became of it. Sends `open` with a task's id.

function makeDeliveries(home, latest) {
  const list = el("div", { class: "list", role: "list" });
  const empty = el("p", { class: "empty panel", text: "GitHub has not called yet. When it does, each call is listed here with what became of it." });
  const root = el("div", { class: "p deliveries" }, el("h1", { class: "title", text: "Why nothing happened" }),
    el("p", { class: "lead", text: "Every call GitHub made to this Porter, and what became of it. A comment that started no task says here why." }), empty, list);

  const taskLink = (id) => el("a", {
    class: "mono", href: `/task?id=${encodeURIComponent(id)}`, text: `task ${id}`,
    onclick: (event) => {
      if (!plain(event)) return;
      event.preventDefault();
      latest().setTriggerValue("open", id);
    },
  });

  function make(row) {
    const p = { when: el("time", { class: "num", title: row.exact }), about: el("p", { class: "about" }) };
    p.about.append(el("span", { class: "mono", text: [row.event, row.repository].filter(Boolean).join(" · ") }));
    if (row.sender) p.about.append(` by ${row.sender}`);
    for (const id of row.tasks) p.about.append(" · ", taskLink(id));
    return remember(el("div", { class: `one panel ${row.tone}`, role: "listitem" }, el("span", { class: "badge", text: row.word }),
      el("div", { class: "words" }, el("p", { class: "reason", text: row.reason || "Nothing more was noted." }), p.about), p.when), p);
  }

  function update(data) {
    show(empty, data.length === 0);
    keyed(list, data, (row) => row.id, make, (node, row) => write(parts.get(node).when, row.when));
  }
  return { root, update };
}

export default mounted(makeDeliveries);
