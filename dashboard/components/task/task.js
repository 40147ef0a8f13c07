// The head of a task's page: what it is, how it stands, what can be done. Sends `act`.

function makeTask(home, latest) {
  const send = (verb, more = {}) => latest().setTriggerValue("act", { do: verb, ...more });
  const back = el("a", { class: "back mono", href: "/" }, icon("back"));
  const where = el("span");
  back.append(where);
  back.addEventListener("click", (event) => {
    if (!plain(event)) return;
    event.preventDefault();
    send("back");
  });
  const p = {
    title: el("h1", { class: "title" }),
    badge: el("span", { class: "badge" }),
    word: el("span"),
    agent: el("span", { class: "mono" }),
    by: el("span"),
    run: el("span"),
    elapsed: el("span", { class: "num" }),
    cost: el("span", { class: "num cost" }),
    plus: el("span", { class: "num plus" }),
    minus: el("span", { class: "num minus" }),
    branchName: el("span"),
    stop: twice(el("button", { class: "button", type: "button" }), "Stop", "Stop it?", () => send("stop")),
    retry: el("button", { class: "button", type: "button", text: "Retry", onclick: () => send("retry") }),
    follow: el("button", { class: "button", type: "button", text: "Follow up", onclick: () => asking.open() }),
    issue: outward({ class: "button" }, icon("out")),
    pull: outward({ class: "button" }, icon("out")),
    review: el("a", { class: "button first" }, icon("review"), "Review"),
    issueWord: el("span"),
    pullWord: el("span"),
    fill: el("i"),
    percent: el("span", { class: "num" }),
    text: el("span"),
    hint: el("span", { class: "hint" }),
    checks: el("span", { class: "checks" }),
    checksWord: el("span"),
    doing: el("p", { class: "doing panel", role: "status" }),
    doingWord: el("span"),
    refused: el("p", { class: "now why panel", role: "alert" }),
  };
  p.review.addEventListener("click", (event) => {
    if (!plain(event)) return;
    event.preventDefault();
    send("review");
  });
  p.badge.append(el("i", { class: "dot" }), p.word);
  p.checks.append(el("i", { class: "dot" }), p.checksWord);
  p.doing.append(el("i", { class: "dot running" }), p.doingWord);
  p.branch = el("span", { class: "branch mono" }, icon("branch"), p.branchName);
  p.issue.append(p.issueWord);
  p.pull.append(p.pullWord);
  p.progress = el("div", { class: "progress" }, el("div", { class: "bar" }, p.fill), p.percent);
  p.now = el("div", { "aria-live": "polite" }, p.text, p.hint);
  const facts = el("div", { class: "facts" }, p.badge, p.agent, p.by, p.run, p.elapsed, p.cost, p.plus, p.minus, p.checks, p.branch);
  const whole = el("div", { class: "task" },
    el("div", { class: "line" }, p.title, el("div", { class: "acts" }, p.stop, p.retry, p.follow, p.issue, p.pull, p.review)),
    facts, p.progress, p.refused, p.doing, p.now);
  const missing = el("section", { class: "panel missing" });
  const root = el("div", { class: "p task" }, back, whole, missing);
  const wish = words("What should be done", "");
  const asking = makeDialog(root, { title: "Follow up", confirm: "Hand it to the agent", parts: wish.parts,
    send: () => { const text = wish.read(); return text ? send("follow", { words: text }) : false; } });

  function update(task) {
    show(whole, !task.missing);
    show(missing, Boolean(task.missing));
    if (task.missing) {
      write(where, "Feed");
      missing.replaceChildren(el("h1", { text: task.missing }), el("p", { class: "quiet", text: task.text }));
      return;
    }
    write(where, `${task.repository}${task.number ? ` ${task.number}` : ""}`);
    write(p.title, task.title);
    p.badge.className = `badge ${task.tone}`;
    write(p.word, task.word);
    write(p.agent, task.model ? `${task.agent} · ${task.model}` : task.agent);
    write(p.by, `asked by ${task.by} ${task.asked}`);
    p.by.title = task.exact;
    for (const name of ["run", "elapsed", "cost", "plus", "minus"]) {
      write(p[name], task[name]);
      show(p[name], Boolean(task[name]));
    }
    write(p.branchName, task.branch);
    show(p.branch, Boolean(task.branch));
    show(p.stop, task.stop);
    show(p.retry, task.retry);
    show(p.follow, Boolean(task.follow));
    write(wish.hint, task.follow);
    p.checks.className = `checks ${task.checks?.tone ?? ""}`;
    write(p.checksWord, task.checks?.word);
    show(p.checks, Boolean(task.checks));
    write(p.doingWord, task.doing);
    show(p.doing, Boolean(task.doing));
    write(p.refused, task.refused);
    show(p.refused, Boolean(task.refused));
    write(p.issueWord, `Issue ${task.number}`);
    point(p.issue, task.issue);
    show(p.issue, Boolean(task.issue));
    write(p.pullWord, task.pr?.label);
    point(p.pull, task.pr?.url);
    show(p.pull, Boolean(task.pr));
    p.review.href = `/review?id=${encodeURIComponent(task.id)}`;
    show(p.review, task.review);
    show(p.progress, task.percent !== null);
    p.fill.style.width = `${task.percent ?? 0}%`;
    write(p.percent, `${task.percent ?? 0} %`);
    p.now.className = `now panel ${task.now.kind}`;
    write(p.text, task.now.text);
    write(p.hint, task.now.hint);
    show(p.hint, Boolean(task.now.hint));
    show(p.now, Boolean(task.now.text));
  }
  return { root, update };
}

export default mounted(makeTask);
