// Channels of notifications, for the settings' tab Notifications.

// A secret that Porter made: shown while this page is open, until the reader says that it is kept. Never sent again.
function makeOnce(act, id) {
  const value = el("code", { class: "mono" });
  const copied = el("span", { class: "quiet", role: "status" });
  const copy = el("button", { class: "button slim", type: "button", "aria-label": "Copy the secret", onclick: async () => {
    try { await navigator.clipboard.writeText(value.textContent); write(copied, "Copied"); } catch { write(copied, "Select it and copy it by hand."); }
  } }, icon("copy"), "Copy");
  const kept = el("button", { class: "button slim", type: "button", text: "I have kept it" });
  const box = el("div", { class: "once", role: "group", "aria-label": "The secret, shown once", hidden: true }, el("p", { text: "The secret, shown only now. The receiver needs it to check who called." }), value, el("div", { class: "row" }, copy, kept, copied));
  kept.addEventListener("click", () => { write(value, ""); show(box, false); });
  return { box, tell(secret) {
    write(value, secret);
    write(copied, "");
    show(box, true);
    act({ do: "channel-seen", id });
  } };
}

function makeEvents(label, change) {
  const p = { nodes: el("div", { class: "events", role: "group", "aria-label": label }), chosen: () => [...p.nodes.querySelectorAll("input")].filter((one) => one.checked).map((one) => one.value) };
  p.draw = (events, busy) => keyed(p.nodes, events, (one) => one.value, (one) => el("label", { class: "chip" }, el("input", { type: "checkbox", value: one.value, checked: one.on, onchange: () => change(p.chosen()) }), el("span", { text: one.text })),
    (node, one) => { if (!busy) node.firstChild.checked = one.on; });
  return p;
}

function typing(input, onEscape) {
  input.addEventListener("keydown", (event) => { if (event.key === "Escape") onEscape?.(); event.stopPropagation(); });
  return input;
}

const TYPED = { autocomplete: "off", autocapitalize: "none", spellcheck: "false" };

function makeChannel(row, act) {
  const id = PLAIN(row.id);
  const said = makeSaid(id);
  const send = (value, note) => { p.sent = act({ id: row.id, ...value }); said.say({ note }); };
  const p = { id: row.id, said, sent: 0 };
  p.once = makeOnce(act, row.id);
  p.badge = el("span", { class: "badge" });
  p.standing = el("span", { class: "text" });
  p.when = el("time", { class: "quiet num" });
  p.by = el("p", { class: "quiet" });
  p.place = el("b", { class: "mono" });
  p.events = makeEvents(`What ${row.place} is told of`, (events) => send({ do: "channel-events", events }, "Saving…"));
  const address = typing(el("input", { ...TYPED, type: row.private ? "password" : "text", autocomplete: row.private ? "new-password" : "off", "aria-label": `New ${row.label}`, placeholder: row.example, "aria-describedby": `${id}-fault` }), () => open(false));
  const secret = typing(el("input", { ...TYPED, type: "password", autocomplete: "new-password", "aria-label": "New secret", placeholder: "New secret, or blank to keep it", "aria-describedby": `${id}-fault` }), () => open(false));
  const form = el("form", { class: "replacing", hidden: true }, address, row.signed ? secret : null, el("button", { class: "button first", type: "submit", text: "Save" }), el("button", { class: "button", type: "button", text: "Cancel", onclick: () => { open(false); p.edit.focus(); } }));
  const open = (yes) => {
    show(form, yes);
    show(p.acts, !yes);
    if (yes) address.focus();
    else { address.value = ""; secret.value = ""; said.say(null); }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!address.value.trim() && !secret.value.trim()) { said.say({ fault: "A blank changes nothing." }); return; }
    send({ do: "channel-replace", address: address.value, secret: secret.value }, "Saving…");
  });
  p.edit = el("button", { class: "button", type: "button", text: "Replace", "aria-label": `Replace the address of ${row.place}`, onclick: () => open(true) });
  p.acts = el("div", { class: "row" }, el("button", { class: "button", type: "button", text: "Send a test", "aria-label": `Send a test to ${row.place}`, onclick: () => send({ do: "channel-test" }, "Sending…") }), p.edit,
    row.signed ? twice(el("button", { class: "button", type: "button", "aria-label": `New secret for ${row.place}` }), "New secret", "End the old one?", () => send({ do: "channel-renew" }, "Saving…")) : null,
    twice(el("button", { class: "button", type: "button", "aria-label": `Remove ${row.place}` }), "Remove", "Remove it for good?", () => send({ do: "channel-remove" }, "Removing…")));
  p.close = () => { if (!form.hidden) open(false); };
  return remember(el("div", { class: "channel", role: "group", "aria-label": `${row.kind} ${row.place}` },
    el("div", { class: "what" }, el("p", { class: "where" }, el("span", { class: "kind quiet", text: row.kind }), p.place), p.by),
    el("p", { class: "standing" }, p.badge, p.standing, p.when), p.events.nodes, p.acts, form, ...said.nodes, p.once.box), p);
}

function drawChannel(node, row, answers) {
  const p = parts.get(node);
  const answer = news(p, answers);
  if (answer) {
    if (!answer.fault) p.close();
    p.said.say(answer);
    if (answer.once) p.once.tell(answer.once);
  }
  write(p.place, row.place);
  write(p.by, `${row.whose} · ${row.by}`);
  p.by.title = row.exact;
  p.events.draw(row.events, p.sent);
  const { badge, text, when, exact } = row.standing;
  show(p.badge, Boolean(badge));
  if (badge) { p.badge.className = `badge ${badge.tone}`; write(p.badge, badge.word); }
  write(p.standing, text);
  write(p.when, when);
  p.when.title = exact;
}

function makeAdding(adding, act) {
  const id = "channel-add";
  const said = makeSaid(id);
  const kind = el("select", { id: `${id}-kind` }, ...adding.kinds.map((one) => el("option", { value: one.value, text: one.text })));
  const address = typing(el("input", { ...TYPED, id: `${id}-address`, "aria-describedby": `${id}-help ${id}-fault` }));
  const secret = typing(el("input", { ...TYPED, id: `${id}-secret`, type: "password", autocomplete: "new-password", placeholder: "Left empty, Porter makes one", "aria-describedby": `${id}-fault` }));
  const repository = typing(el("input", { ...TYPED, id: `${id}-repository`, type: "text", placeholder: "all repositories", list: `${id}-repositories` }));
  const help = el("p", { class: "quiet", id: `${id}-help` });
  const label = el("label", { for: address.id });
  const events = makeEvents("What it is told of", () => {});
  events.draw(adding.events);
  const p = { id, said, sent: 0, adding, once: makeOnce(act, id), repositories: el("datalist", { id: `${id}-repositories` }) };
  const part = (labelled, input, ...more) => el("div", { class: "field" }, el("div", { class: "about" }, labelled, ...more), el("div", { class: "set" }, input));
  const secretive = part(el("label", { for: secret.id, text: "Secret" }), secret, el("p", { class: "quiet", text: "What deliveries are signed with." }));
  const turn = () => {
    const one = p.adding.kinds.find((known) => known.value === kind.value);
    write(label, one.label);
    write(help, one.help);
    address.type = one.value === "slack" ? "password" : "text";
    address.autocomplete = one.value === "slack" ? "new-password" : "off";
    address.placeholder = one.example;
    show(secretive, one.value === "webhook");
  };
  kind.addEventListener("change", turn);
  p.clear = () => { for (const input of [address, secret, repository]) input.value = ""; };
  p.turn = turn;
  const form = el("form", { class: "adding" }, part(el("label", { for: kind.id, text: "Kind" }), kind), part(label, address, help), secretive,
    part(el("label", { for: repository.id, text: "Repository" }), repository, el("p", { class: "quiet", text: "Only its tasks, if you name one." })), p.repositories,
    part(el("span", { class: "word", text: "Told of" }), events.nodes), el("div", { class: "row" }, el("button", { class: "button first", type: "submit", text: "Add channel" })), ...said.nodes, p.once.box);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!address.value.trim()) { said.say({ fault: "Type the address first." }); address.focus(); return; }
    p.sent = act({ do: "channel-add", id, kind: kind.value, address: address.value, secret: kind.value === "webhook" ? secret.value : "", repository: repository.value, events: events.chosen() });
    said.say({ note: "Saving…" });
  });
  turn();
  return remember(form, p);
}

function drawAdding(form, adding, answers) {
  const p = parts.get(form);
  p.adding = adding;
  p.turn();
  const names = adding.repositories.join();
  if (p.names !== names) { p.names = names; p.repositories.replaceChildren(...adding.repositories.map((value) => el("option", { value }))); }
  const answer = news(p, answers);
  if (!answer) return;
  p.said.say(answer);
  if (!answer.fault) p.clear();
  if (answer.once) p.once.tell(answer.once);
}
