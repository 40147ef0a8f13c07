// A new task: where, what, who does it. Keeps what is typed until the server took it. Sends `act`.

const FIELDS = ["repository", "issue", "agent", "model", "base", "priority", "prompt"];

function makeField(name, label, control, hint) {
  const fault = el("p", { class: "fault", role: "alert", id: `${name}-fault`, hidden: true });
  const target = control.matches("input, textarea, select") ? control : control.querySelector("input, textarea, select");
  const node = el("div", { class: `field ${name}` }, el("label", { for: target?.id ?? null, text: label }), control, hint ?? null, fault);
  const blame = (text) => {
    write(fault, text ?? "");
    show(fault, Boolean(text));
    node.classList.toggle("wrong", Boolean(text));
    target?.setAttribute("aria-invalid", String(Boolean(text)));
    if (text) target?.setAttribute("aria-describedby", fault.id);
  };
  return { node, blame, target };
}

function makeDispatch(home, latest) {
  const form = { repository: "", issue: "", agent: "", model: "", base: "", priority: "normal", prompt: "" };
  let [data, answer, busy, timer, begun, q] = [null, -1, false, 0, false, ""];
  const send = (verb) => latest().setTriggerValue("act", { do: verb, ...form, q });
  const soon = () => { clearTimeout(timer); timer = setTimeout(() => send("look"), 300); };

  const repository = makeCombo({ id: "repository", label: "Repositories", placeholder: "owner/name", draw: (name) => [el("span", { class: "mono", text: name })],
    take: (name) => choose({ repository: name, ...(name === form.repository ? {} : { issue: "", base: "" }) }),
    typed: (text) => { Object.assign(form, { repository: text.trim(), issue: "" }); offer(); soon(); } });
  const issue = makeCombo({ id: "issue", label: "Issues", placeholder: "Search titles, or #412", draw: (one) => [el("span", { class: "num quiet", text: `#${one.number}` }), el("span", { class: "text", text: one.title }), ...labels(one)],
    take: (one) => choose({ issue: String(one.number) }),
    typed: (text) => { q = text.trim(); form.issue = /^#?\d+$/.test(q) ? q.replace("#", "") : ""; soon(); list(); } });
  const prompt = el("textarea", { id: "prompt", rows: "8", maxlength: "60000", spellcheck: "true" });
  prompt.addEventListener("input", () => { form.prompt = prompt.value; sum(); });
  const model = el("input", { id: "model", type: "text", list: "models", autocomplete: "off", spellcheck: "false" });
  const models = el("datalist", { id: "models" });
  const base = el("input", { id: "base", type: "text", autocomplete: "off", spellcheck: "false", placeholder: "the repository's default" });
  for (const [name, input] of [["model", model], ["base", base]]) input.addEventListener("input", () => { form[name] = input.value.trim(); });
  const agents = el("div", { class: "agents", role: "radiogroup", "aria-label": "Agent" });
  const priorities = el("div", { class: "ways", role: "radiogroup", "aria-label": "Priority" });
  const templates = el("div", { class: "templates", role: "group", "aria-label": "Templates" });
  const preview = el("article", { class: "preview panel", "aria-label": "The issue" });
  const problem = el("p", { class: "quiet" });
  const hint = el("p", { class: "quiet" });
  const fields = {
    repository: makeField("repository", "Repository", repository.root),
    issue: makeField("issue", "Issue (optional)", issue.root, problem),
    prompt: makeField("prompt", "What should be done", prompt, hint),
    agent: makeField("agent", "Agent", agents),
    model: makeField("model", "Model", el("div", {}, model, models)),
    base: makeField("base", "Base branch", base),
    priority: makeField("priority", "Priority", priorities),
  };
  const summary = el("p", { class: "quiet sum" });
  const refused = el("p", { class: "fault", role: "alert" });
  const go = el("button", { class: "button first big", type: "submit" }, icon("dispatch"), el("span", { text: "Dispatch" }));
  const sheet = el("form", { class: "sheet", novalidate: true }, fields.repository.node, fields.issue.node, preview,
    el("div", { class: "field" }, templates), fields.prompt.node, fields.agent.node,
    el("div", { class: "three" }, fields.model.node, fields.base.node, fields.priority.node), refused, el("div", { class: "end" }, summary, go));
  const estimate = { title: el("p", { class: "figure num" }), text: el("p", { class: "quiet" }) };
  const recent = el("div", { class: "recent" });
  const none = el("p", { class: "quiet", text: "What you dispatch from here is kept in this place, to be used again." });
  const aside = el("aside", {}, el("section", { class: "panel" }, el("h2", { text: "What it may take" }), estimate.title, estimate.text),
    el("section", { class: "panel" }, el("h2", { text: "Recent" }), recent, none));
  const root = el("div", { class: "p dispatch" }, el("h1", { class: "title", text: "New task" }),
    el("p", { class: "lead quiet", text: "An agent works on it on a machine of its own and opens a pull request." }), el("div", { class: "both" }, sheet, aside));
  sheet.addEventListener("submit", (event) => {
    event.preventDefault();
    if (busy) return;
    clearTimeout(timer);
    wait(true);
    send("dispatch");
  });
  sheet.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) sheet.requestSubmit();
    else if (event.key === "Enter" && event.target.tagName === "INPUT") event.preventDefault(); // half a form is not sent by habit
  });

  function wait(yes) {
    busy = yes;
    go.toggleAttribute("aria-disabled", yes);
    write(go.lastChild, yes ? "Dispatching…" : "Dispatch");
  }

  const labels = (one) => one.labels.slice(0, 4).map((text) => el("span", { class: "tag", text }));

  function choose(change) {
    Object.assign(form, change);
    if ("issue" in change) q = "";
    put();
    send("look");
  }

  function put() {
    for (const [name, input] of [["model", model], ["base", base], ["prompt", prompt]]) if (input.value !== form[name]) input.value = form[name];
    if (repository.input.value.trim() !== form.repository) repository.input.value = form.repository;
    const text = form.issue ? `#${form.issue}` : q;
    if (issue.input.getRootNode().activeElement !== issue.input || form.issue) issue.input.value = text;
    offer();
    paint();
  }

  function offer() {
    if (!data) return;
    const typed = form.repository.toLowerCase();
    const exact = data.repositories.some((name) => name.toLowerCase() === typed);
    repository.fill(exact ? data.repositories : data.repositories.filter((name) => name.toLowerCase().includes(typed)).slice(0, 50),
      data.repositories.length ? "" : "None is known yet: type owner/name.");
  }

  function agentRow(one) {
    const input = el("input", { type: "radio", name: "agent", value: one.name, disabled: !one.ready });
    input.addEventListener("change", () => choose({ agent: one.name, model: "" }));
    return el("label", { class: one.ready ? "" : "off", title: one.ready ? null : `Works with ${one.keys}: porter secret set` }, input, el("span", {}, el("b", { text: one.title }), el("span", { class: "quiet", text: one.why || (one.default ? "the default" : one.name) })));
  }

  function choice(one) {
    const input = el("input", { type: "radio", name: "priority", value: one.key, class: "hush" });
    input.addEventListener("change", () => { form.priority = one.key; paint(); });
    return el("label", { class: "button" }, input, one.word);
  }

  function template(one) {
    return el("button", { class: "pill", type: "button", text: one.title, onclick: () => {
      const own = form.prompt.trim() && !data.templates.some((other) => other.text === form.prompt.trim());
      form.prompt = own ? `${form.prompt.trim()}\n\n${one.text}` : one.text;
      put();
      prompt.focus();
      const gap = form.prompt.lastIndexOf("…", form.prompt.indexOf("…", own ? form.prompt.length - one.text.length : 0));
      if (gap >= 0) prompt.setSelectionRange(gap, gap + 1);
    } });
  }

  function sum() {
    const chosen = data?.agents.find((one) => one.name === form.agent);
    const what = form.issue ? `#${form.issue}` : "an issue made of your words";
    write(summary, form.repository && chosen ? `${chosen.title} works on ${what} in ${form.repository}.` : "");
    write(fields.prompt.node.firstChild, form.issue ? "Instructions beside the issue (optional)" : "What should be done");
    write(hint, form.issue ? "" : "Without an issue, Porter opens one with these words, so that there is a place to talk about it.");
  }

  function paint() {
    for (const input of agents.querySelectorAll("input")) input.checked = input.value === form.agent;
    for (const input of priorities.querySelectorAll("input")) {
      input.checked = input.value === form.priority;
      input.parentElement.classList.toggle("on", input.checked);
    }
    const known = data.agents.find((one) => one.name === form.agent);
    models.replaceChildren(...(known?.models ?? []).map((value) => el("option", { value })));
    model.placeholder = known?.own || "the agent's own choice";
    const one = data.issues.of === form.repository ? data.issues.items.find((item) => String(item.number) === form.issue) : null;
    show(preview, Boolean(one));
    if (one && preview.dataset.drawn !== `${form.repository}#${one.number}`) {
      preview.dataset.drawn = `${form.repository}#${one.number}`;
      const link = outward({ class: "num" , text: `#${one.number}` });
      point(link, one.url);
      preview.replaceChildren(el("div", { class: "row" }, link, ...labels(one), el("button", { class: "button", type: "button", text: "Remove", onclick: () => choose({ issue: "" }) })),
        el("h3", { text: one.title }), el("p", { class: "quiet", text: one.preview || "The issue has no text." }));
    }
    sum();
  }

  function fillAgain(one) {
    Object.assign(form, one.form, { issue: "" });
    q = "";
    put();
    send("look");
    prompt.focus();
  }

  function list() {
    const current = data.issues.of === form.repository && data.issues.q === q; // else it answers an earlier question
    const items = current ? data.issues.items : [];
    const asking = !current || data.issues.loading;
    const listed = JSON.stringify([items, asking, form.repository]);
    if (issue.drawn === listed) return;
    issue.drawn = listed;
    issue.fill(items, !form.repository ? "Choose a repository first." : asking ? "Asking GitHub…" : items.length || data.issues.problem ? "" : "No open issue fits.");
  }

  function update(value) {
    const first = !begun;
    data = value;
    begun = true;
    if (first) {
      for (const name of FIELDS) form[name] = value.form[name];
      q = value.form.q;
    }
    if (!form.agent) form.agent = value.form.agent;
    if (value.answer !== answer) {
      answer = value.answer;
      wait(false);
      for (const [name, field] of Object.entries(fields)) field.blame(value.faults[name]);
      write(refused, value.faults[""] ?? "");
      show(refused, Boolean(value.faults[""]));
      const wrong = Object.keys(fields).find((name) => value.faults[name]);
      if (wrong) fields[wrong].target?.focus();
    }
    keyed(agents, value.agents, (one) => `${one.name} ${one.ready}`, agentRow, () => {});
    keyed(priorities, value.priorities, (one) => one.key, choice, () => {});
    keyed(templates, value.templates, (one) => one.title, template, () => {});
    list();
    const current = value.issues.of === form.repository;
    write(problem, current ? value.issues.problem : "");
    show(problem, Boolean(current && value.issues.problem));
    write(estimate.title, value.estimate.title);
    show(estimate.title, Boolean(value.estimate.title));
    write(estimate.text, value.estimate.text);
    show(none, value.recent.length === 0);
    keyed(recent, value.recent, (one) => one.key, (one) => el("button", { class: "again", type: "button", onclick: () => fillAgain(one) },
      el("span", { class: "text", text: one.line }), el("span", { class: "quiet mono", text: one.about }), el("span", { class: "quiet num", text: one.when })), () => {});
    if (first) put();
    else { offer(); paint(); }
  }
  return { root, update, close: () => clearTimeout(timer) };
}

export default mounted(makeDispatch);
