// The checklist. Sends `act` with what to do; leaves for GitHub by a form of its own, so that the ticket is in no address.

let sent = "";

function makeSetup(home, latest) {
  const say = (what) => latest().setTriggerValue("act", what);
  const lead = el("p", { class: "lead", role: "status" });
  const bar = el("i");
  const list = el("ol", { class: "steps" });
  const signIn = el("p", { class: "quiet note" });
  const root = el("div", { class: "p setup" }, el("h1", { class: "title", text: "Set-up" }), lead, el("div", { class: "bar" }, bar), list, signIn);
  const marks = { done: "done", broken: "alert", todo: "waiting", looking: "waiting", later: "stopped", unknown: "waiting" };
  const words = { done: "Works", broken: "To do", todo: "To do", looking: "Looking", later: "Later", unknown: "Not known" };

  function makeApp() {
    const name = el("input", { type: "text", "aria-label": "Organisation on GitHub, empty for your own account", placeholder: "organisation (empty: your own account)", autocomplete: "off", spellcheck: "false", maxlength: "40" });
    const button = el("button", { class: "button first", type: "submit", text: "Create the GitHub App" });
    return el("form", { class: "do", onsubmit: (event) => {
      event.preventDefault();
      say({ do: "make_app", organisation: name.value });
    } }, name, button);
  }

  function makeTest(act) {
    const where = el("select", { "aria-label": "Repository for the self-test" }, ...act.repositories.map((one) => el("option", { value: one, text: one })));
    const button = el("button", { class: "button first", type: "button", text: "Run the self-test", onclick: () => say({ do: "test", repository: where.value }) });
    return el("div", { class: "do" }, where, button);
  }

  function makeAct(act) {
    if (act.kind === "make_app") return makeApp();
    if (act.kind === "test") return makeTest(act);
    if (act.kind === "watch") {
      const link = el("a", { class: "button", text: act.word, href: act.href, onclick: (event) => {
        if (!plain(event)) return;
        event.preventDefault();
        say({ do: "open" });
      } });
      return el("div", { class: "do" }, link, el("span", { class: "quiet", text: act.text }));
    }
    if (act.kind === "close") {
      const link = outward({ class: "button", text: act.word });
      point(link, act.href);
      return el("div", { class: "do" }, link, twice(el("button", { class: "button", type: "button" }), "Close it", "Close without merging?", () => say({ do: "close" })));
    }
    const link = act.href.startsWith("/") ? el("a", { class: "button", target: "_self", text: act.word }) : outward({ class: `button ${act.first ? "first" : ""}`, text: act.word });
    point(link, act.href);
    return el("div", { class: "do" }, link);
  }

  function make() {
    const p = { icon: el("span", { class: "mark" }), title: el("h2"), state: el("span", { class: "badge" }), text: el("p", { class: "text" }), why: el("p", { class: "quiet" }), fix: el("p", { class: "fix" }), notice: el("p", { class: "notice", role: "alert" }), act: el("div") };
    return remember(el("li", { class: "step panel" }, p.icon, el("div", { class: "body" }, el("div", { class: "head" }, p.title, p.state), p.text, p.why, p.fix, p.notice, p.act)), p);
  }

  function draw(node, row) {
    const p = parts.get(node);
    const tone = { done: "done", broken: "needs", todo: "waiting", looking: "stopped", later: "stopped", unknown: "stopped" }[row.state];
    node.className = `step panel ${tone}${row.next ? " next" : ""}`;
    if (p.state_of !== row.state) p.icon.replaceChildren(icon(marks[row.state]));
    p.state_of = row.state;
    write(p.title, row.title);
    write(p.state, words[row.state]);
    write(p.text, row.text);
    write(p.why, row.why);
    show(p.why, Boolean(row.why) && row.state !== "done");
    write(p.fix, row.fix);
    show(p.fix, Boolean(row.fix));
    write(p.notice, row.notice);
    show(p.notice, Boolean(row.notice));
    const wanted = JSON.stringify(row.act);
    if (p.acts !== wanted) p.act.replaceChildren(...(row.act ? [makeAct(row.act)] : []));
    p.acts = wanted;
  }

  function leave(to) {
    if (!to || to.ticket === sent) return;
    sent = to.ticket;
    const form = el("form", { method: "post", action: to.to, target: "_self", hidden: true });
    for (const name of ["ticket", "organisation"]) form.append(el("input", { type: "hidden", name, value: to[name] }));
    root.append(form);
    form.submit();
  }

  function update(data) {
    write(lead, data.lead);
    bar.style.width = `${(100 * data.done) / data.of}%`;
    keyed(list, data.rows, (row) => row.key, make, draw);
    write(signIn, data.sign_in);
    show(signIn, Boolean(data.sign_in));
    leave(data.leave);
  }
  return { root, update };
}

export default mounted(makeSetup);
