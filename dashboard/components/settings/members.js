// People and their roles, for the settings' tab Members.

function makePerson(one, act) {
  const said = makeSaid(PLAIN(one.id));
  const p = { id: one.id, said, sent: 0, options: "" };
  p.face = el("span", { class: "face", "aria-hidden": "true", text: one.initials });
  p.name = el("span", { class: "quiet" });
  p.you = el("span", { class: "badge stopped", text: "you" });
  p.since = el("p", { class: "quiet" });
  p.by = el("p", { class: "quiet" });
  p.role = el("select", { "aria-label": `Role of ${one.login}` });
  p.role.addEventListener("change", () => { p.sent = act({ do: "role", id: one.id, value: p.role.value }); said.say({ note: "Saving…" }); });
  p.out = twice(el("button", { class: "button", type: "button", "aria-label": `Sign ${one.login} out everywhere` }), "Sign out everywhere", "Sign out everywhere?", () => { p.sent = act({ do: "send-away", id: one.id }); });
  return remember(el("div", { class: "person", role: "group", "aria-label": one.login }, p.face,
    el("div", { class: "what" }, el("p", { class: "who" }, el("b", { text: one.login }), p.name, p.you), p.since, p.by),
    el("div", { class: "how" }, p.out, p.role), ...said.nodes), p);
}

function drawPerson(node, one, answers) {
  const p = parts.get(node);
  const answer = news(p, answers);
  if (answer) p.said.say(answer);
  const options = JSON.stringify(one.roles);
  if (p.options !== options) {
    p.options = options;
    p.role.replaceChildren(...one.roles.map((role) => el("option", role)));
  }
  // What was chosen and not yet answered stays chosen; what was refused goes back.
  if (!p.sent && p.role.value !== one.role) p.role.value = one.role;
  p.role.disabled = Boolean(one.fixed);
  p.role.title = one.fixed;
  write(p.name, one.name);
  show(p.name, Boolean(one.name));
  show(p.you, one.you);
  write(p.since, one.since);
  p.since.title = one.exact;
  write(p.by, one.fixed || one.by);
  show(p.by, Boolean(one.fixed || one.by));
  show(p.out, one.out);
}

// Somebody who never signed in is given a role by their login.
function makeNaming(roles, act) {
  const id = "naming";
  const said = makeSaid(id);
  const login = el("input", { type: "text", "aria-label": "Login on GitHub", "aria-describedby": `${id}-fault`, placeholder: "login on GitHub", autocomplete: "off", autocapitalize: "none", spellcheck: "false", maxlength: "60" });
  const role = el("select", { "aria-label": "Role to give" }, ...roles.map((one) => el("option", { value: one.value, text: one.text })));
  const p = { id, said, login, sent: 0 };
  const form = el("form", { class: "naming" }, login, role, el("button", { class: "button", type: "submit", text: "Give role" }), ...said.nodes);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!login.value.trim()) { said.say({ fault: "Type the login first." }); return; }
    p.sent = act({ do: "name", id, value: login.value, role: role.value });
    said.say({ note: "Saving…" });
  });
  login.addEventListener("keydown", (event) => event.stopPropagation());
  return remember(form, p);
}

function drawNaming(form, answers) {
  const p = parts.get(form);
  const answer = news(p, answers);
  if (!answer) return;
  p.said.say(answer);
  if (!answer.fault) p.login.value = "";
}
