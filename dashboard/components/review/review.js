// The head of a review: what it is, how it stands, and the three decisions. Sends `act`.

const METHODS = { merge: ["Merge commit", "All commits, and one that joins them."], squash: ["Squash", "One commit with everything."], rebase: ["Rebase", "The commits, put on top of the base."] };

function makeReview(home, latest) {
  const send = (value) => latest().setTriggerValue("act", value);
  const following = (verb, props, ...inside) => el("a", {
    ...props,
    onclick: (event) => {
      if (!plain(event)) return;
      event.preventDefault();
      send({ do: verb });
    },
  }, ...inside);
  const p = { title: el("h1", { class: "title" }), badge: el("span", { class: "badge" }), state: el("span"), where: outward({ class: "mono where" }), agent: el("span", { class: "mono" }),
    by: el("span"), elapsed: el("span", { class: "num" }), cost: el("span", { class: "num cost" }), files: el("span", { class: "num" }), plus: el("span", { class: "num plus" }), minus: el("span", { class: "num minus" }),
    issue: outward({}), branch: el("span"), head: el("span", { class: "mono" }), summary: el("p", { class: "said" }), doing: el("p", { class: "doing panel", role: "status" }), doingWord: el("span"), pull: outward({ class: "button" }, icon("out"), el("span", { text: "GitHub" })) };
  p.badge.append(el("i", { class: "dot" }), p.state);
  p.doing.append(el("i", { class: "dot running" }), p.doingWord);
  p.line = el("span", { class: "branch mono" }, icon("branch"), p.branch);
  p.task = following("task", { class: "button" }, icon("feed"), el("span", { text: "Task and log" }));
  const back = following("back", { class: "back", href: "/review" }, icon("back"), el("span", { text: "Review" }));
  const merge = el("button", { class: "button first", type: "button" }, icon("merge"), "Approve & merge");
  const change = el("button", { class: "button", type: "button", text: "Request changes" });
  const reject = el("button", { class: "button", type: "button", text: "Reject" });
  const acts = el("div", { class: "acts" }, reject, change, merge);
  const gates = el("div", { class: "gates" });
  const skeleton = el("div", { class: "gates", "aria-hidden": "true" }, ...[1, 2, 3].map(() => el("div", { class: "gate panel bone" })));
  const merges = el("span", {}, el("kbd", { text: "m" }), "merge");
  const keys = el("p", { class: "quiet keys" }, merges, el("span", {}, el("kbd", { text: "r" }), "request changes"));
  const wait = el("div", { class: "wait" }, el("p", { class: "quiet", role: "status", text: "GitHub is being asked for the change…" }), el("div", { class: "panel bone", "aria-hidden": "true" }));
  const whole = el("div", { class: "whole" },
    el("div", { class: "line" }, p.title, el("div", { class: "acts" }, p.task, p.pull)),
    el("div", { class: "facts" }, p.badge, p.where, p.issue, p.agent, p.by, p.elapsed, p.cost, p.files, p.plus, p.minus, p.line),
    p.summary, p.doing, gates, skeleton, el("div", { class: "decide" }, keys, acts), wait);
  const missing = el("section", { class: "panel missing" });
  const root = el("div", { class: "p review" }, back, whole, missing);

  const ways = el("fieldset", {}, el("legend", { text: "How" }), ...Object.entries(METHODS).map(([name, [word, text]]) =>
    el("label", {}, el("input", { type: "radio", name: "method", value: name, checked: name === "merge" }), el("span", {}, el("b", { text: word }), el("span", { class: "quiet", text })))));
  const pinned = el("p", {});
  const warning = el("p", { class: "fault" });
  const merging = makeDialog(root, { title: "Approve and merge", confirm: "Approve & merge", parts: [pinned, ways, warning],
    send: () => send({ do: "merge", method: ways.querySelector("input:checked").value, head: latest().data.head }) });
  const wish = words("What should change", "It is handed to the agent, which goes on with the same branch and the same conversation.");
  const asking = makeDialog(root, { title: "Request changes", confirm: "Hand it to the agent", parts: wish.parts, send: () => { const text = wish.read(); return text ? send({ do: "changes", words: text }) : false; } });
  const why = words("Why it is rejected", "The pull request is closed, with this as a comment on it. The branch stays.");
  const refusing = makeDialog(root, { title: "Reject", confirm: "Close the pull request", danger: true, parts: why.parts, send: () => { const text = why.read(); return text ? send({ do: "reject", words: text }) : false; } });
  merge.addEventListener("click", merging.open);
  change.addEventListener("click", asking.open);
  reject.addEventListener("click", refusing.open);

  const press = (event) => {
    const target = event.composedPath()[0];
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(target?.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "m" && !merge.hidden) { event.preventDefault(); merging.open(); }
    if (event.key === "r" && !change.hidden) { event.preventDefault(); asking.open(); }
  };
  document.addEventListener("keydown", press);

  function drawMissing(data) {
    const go = data.task ? el("a", { class: "button first", href: `/task?id=${encodeURIComponent(data.task)}`, text: "Open the task" }) : "";
    if (go) go.addEventListener("click", (event) => { if (plain(event)) { event.preventDefault(); send({ do: "task" }); } });
    missing.replaceChildren(el("h1", { text: data.missing }), el("p", { class: "quiet", text: data.text }), go);
  }

  function update(data) {
    show(whole, !data.missing);
    show(missing, Boolean(data.missing));
    if (data.missing) return drawMissing(data);
    write(p.title, data.title);
    p.badge.className = `badge ${data.state.tone}`;
    write(p.state, data.state.word);
    write(p.where, `${data.repository} ${data.pr?.label ?? ""}`);
    for (const link of [p.where, p.pull]) point(link, data.pr?.url);
    write(p.issue, data.number ? `Issue ${data.number}` : "");
    point(p.issue, data.issue);
    write(p.agent, data.model ? `${data.agent} · ${data.model}` : data.agent);
    write(p.by, `asked by ${data.by} ${data.asked}`);
    p.by.title = data.exact;
    for (const name of ["elapsed", "cost", "files", "plus", "minus"]) {
      write(p[name], data[name]);
      show(p[name], Boolean(data[name]));
    }
    write(p.branch, [data.branch, data.base].filter(Boolean).join(" → "));
    show(p.line, Boolean(data.branch));
    p.task.href = `/task?id=${encodeURIComponent(data.id)}`;
    write(p.summary, data.summary);
    show(p.summary, Boolean(data.summary));
    write(p.doingWord, data.doing);
    show(p.doing, Boolean(data.doing));
    keyed(gates, data.gates, (gate) => gate.name, makeGate, drawGate);
    show(gates, data.gates.length > 0);
    for (const bones of [skeleton, wait]) show(bones, data.loading);
    show(merge, data.can.merge);
    show(change, data.can.decide);
    show(reject, data.can.decide);
    show(keys, data.can.decide);
    show(merges, data.can.merge);
    pinned.replaceChildren("Merges exactly ", el("code", { class: "mono", text: data.head.slice(0, 10) }), ` into ${data.base || "its base"}. If the branch moves first, nothing is merged.`);
    write(warning, data.failing ? `${data.failing} ${data.failing === 1 ? "check has" : "checks have"} failed.` : "");
    show(warning, Boolean(data.failing));
  }
  return { root, update, close: () => document.removeEventListener("keydown", press) };
}

export default mounted(makeReview);
