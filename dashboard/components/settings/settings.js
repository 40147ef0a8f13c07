// Settings: each field saves itself and keeps what was typed until that is taken. Sends `act`, one at a time.

const ANSWER_DUE = 15000; // ms, after which the next change is sent all the same

function makeSender(latest) {
  const waiting = [];
  let [n, sent, timer] = [0, 0, 0];
  const next = () => {
    if (sent || waiting.length === 0) return;
    const one = waiting.shift();
    sent = one.n;
    timer = setTimeout(() => { sent = 0; next(); }, ANSWER_DUE);
    latest().setTriggerValue("act", one);
  };
  return {
    send(value) { n += 1; waiting.push({ ...value, n }); next(); return n; },
    heard(last) {
      n = Math.max(n, last);
      if (sent && last >= sent) { clearTimeout(timer); sent = 0; }
      next();
    },
    close: () => clearTimeout(timer),
  };
}

function makeSaid(id) {
  const fault = el("p", { class: "fault", role: "alert", id: `${id}-fault`, hidden: true });
  const note = el("p", { class: "note", role: "status", hidden: true });
  let timer = 0;
  const say = (answer) => {
    clearTimeout(timer);
    write(fault, answer?.fault ?? "");
    show(fault, Boolean(answer?.fault));
    write(note, answer?.note ?? "");
    show(note, Boolean(answer?.note));
    if (answer?.note) timer = setTimeout(() => show(note, false), 6000);
  };
  return { nodes: [fault, note], say };
}

const PLAIN = (id) => id.replace(/[^\w-]/g, "-");

// What was answered to the last thing this node sent; undefined while nothing new was.
function news(p, answers) {
  const answer = answers[p.id];
  if (!p.sent || !answer || answer.n < p.sent) return undefined;
  p.sent = 0;
  return answer;
}

function control(f) {
  const own = { id: PLAIN(f.id), "aria-describedby": `${PLAIN(f.id)}-help ${PLAIN(f.id)}-fault` };
  if (f.kind === "choice") return el("select", own);
  if (f.kind === "area" || f.kind === "lines") return el("textarea", { ...own, rows: f.kind === "lines" ? "3" : "4", spellcheck: f.kind === "area" ? "true" : "false" });
  return el("input", { ...own, type: "text", autocomplete: "off", spellcheck: "false", list: f.suggest.length ? `${PLAIN(f.id)}-list` : null });
}

function makeField(f, act) {
  const input = control(f);
  const said = makeSaid(PLAIN(f.id));
  const p = { id: f.id, f, input, said, dirty: false, sent: 0, options: "", value: el("span", { class: "value mono" }), source: el("span", { class: "quiet" }), locked: el("p", { class: "quiet" }), suggest: el("datalist", { id: `${PLAIN(f.id)}-list` }) };
  const save = () => {
    const value = input.value.trim();
    if (p.sent && p.last === value) return; // Enter says so, and then the field's own change
    if (value === p.f.value.trim()) { p.dirty = false; said.say(null); return; }
    if (!value) {
      said.say({ fault: p.f.is_set ? "A blank changes nothing. Remove takes the setting away." : "" });
      return;
    }
    p.last = value;
    p.sent = act({ do: p.f.verb ?? "save", id: f.id, name: f.id, value: input.value });
    said.say({ note: "Saving…" });
  };
  input.addEventListener("input", () => { p.dirty = true; });
  input.addEventListener("change", save);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { p.dirty = false; input.value = p.f.value; said.say(null); }
    if (event.key === "Enter" && (input.tagName === "INPUT" || event.ctrlKey || event.metaKey)) save(); // also once more the same
    event.stopPropagation();
  });
  p.unset = twice(el("button", { class: "button slim", type: "button", "aria-label": `Remove ${f.label}` }), "Remove", "Remove it?", () => { p.sent = act({ do: "unset", id: f.id, name: f.id }); });
  p.counts = el("p", { class: "counts" }, p.value, p.source);
  return remember(el("div", { class: "field", role: "group", "aria-label": f.label }, el("div", { class: "about" }, el("label", { for: input.id, text: f.label }), el("p", { class: "quiet", id: `${PLAIN(f.id)}-help`, text: f.help })),
    el("div", { class: "set" }, el("div", { class: "row" }, input, p.unset), p.suggest, p.counts, p.locked, ...said.nodes)), p);
}

function drawField(node, f, answers) {
  const p = parts.get(node);
  p.f = f;
  const answer = news(p, answers);
  if (answer) {
    p.said.say(answer);
    if (!answer.fault) p.dirty = false;
  }
  const options = JSON.stringify([f.options, f.is_set]);
  if (f.kind === "choice" && p.options !== options) {
    p.options = options;
    const known = f.options.some((one) => one.value === f.value) ? [] : f.value ? [{ value: f.value, text: f.value }] : [];
    p.input.replaceChildren(el("option", { value: "", disabled: f.is_set, text: "Not set here" }), ...[...f.options, ...known].map((one) => el("option", one)));
    [...p.input.options].forEach((option, index) => { if (index) option.textContent = [...f.options, ...known][index - 1].text; });
  }
  if (f.kind !== "choice") p.input.placeholder = f.locked ? "" : f.example ? `e.g. ${f.example}` : "";
  if (!p.dirty && p.input.value !== f.value) p.input.value = f.value;
  p.input.disabled = Boolean(f.locked || f.read_only);
  show(p.input, !f.read_only || Boolean(f.value)); // to look at there is what counts, below
  p.input.setAttribute("aria-invalid", String(!p.said.nodes[0].hidden));
  p.suggest.replaceChildren(...f.suggest.map((value) => el("option", { value })));
  write(p.value, f.effective);
  write(p.source, f.source ? ` · ${f.source}` : "");
  show(p.counts, Boolean(f.effective));
  write(p.locked, f.locked);
  show(p.locked, Boolean(f.locked));
  show(p.unset, f.is_set && !f.fixed && !f.read_only);
}

// A secret: its name, who set it and when. Its value goes in and never comes out.
function makeSecret(row, act) {
  const said = makeSaid(PLAIN(row.id));
  const input = el("input", { id: PLAIN(row.id), type: "password", autocomplete: "new-password", spellcheck: "false", "aria-label": `Value of ${row.name}`, "aria-describedby": `${PLAIN(row.id)}-fault` });
  const p = { id: row.id, row, said, input, sent: 0, state: el("span", { class: "state" }), when: el("span", { class: "quiet" }), users: el("p", { class: "quiet" }), wins: el("p", { class: "quiet" }) };
  const open = (yes) => {
    show(p.form, yes);
    show(p.edit, !yes);
    if (yes) input.focus();
    else input.value = "";
  };
  const verb = (word) => (row.verb ? (word === "forget" ? "fly-forget" : word) : word);
  const give = (word) => {
    if (!input.value.trim()) { said.say({ fault: "A blank changes nothing. To delete it, use Remove." }); return; }
    p.sent = act({ do: word, id: row.id, name: row.verb ? "token" : row.name, value: input.value, scope: row.owner });
    said.say({ note: row.verb ? "Asking Fly…" : "Saving…" });
  };
  p.edit = el("button", { class: "button", type: "button", onclick: () => open(true) });
  p.forget = twice(el("button", { class: "button", type: "button", "aria-label": `Remove ${row.name}` }), "Remove", "Remove it for good?", () => { p.sent = act({ do: verb("forget"), id: row.id, name: row.name, scope: row.owner }); });
  p.attempt = el("button", { class: "button", type: "button", text: "Only check it", onclick: () => give("fly-try") });
  p.form = el("form", { class: "row", hidden: true }, input, el("button", { class: "button first", type: "submit", text: row.verb ? "Connect" : "Save" }), p.attempt,
    el("button", { class: "button", type: "button", text: "Cancel", onclick: () => { open(false); said.say(null); p.edit.focus(); } }));
  show(p.attempt, Boolean(row.verb));
  p.form.addEventListener("submit", (event) => { event.preventDefault(); give(row.verb ? "fly" : "secret"); });
  input.addEventListener("keydown", (event) => { if (event.key === "Escape") { open(false); said.say(null); } event.stopPropagation(); });
  p.open = open;
  return remember(el("div", { class: "secret", role: "group", "aria-label": row.owner === "global" ? row.name : `${row.name} of ${row.whose}` },
    el("div", { class: "what" }, el("b", { class: "mono", text: row.name }), row.owner === "global" ? null : el("span", { class: "mono quiet", text: ` ${row.whose}` }), p.users, p.wins),
    el("div", { class: "how" }, el("p", {}, p.state, p.when), el("div", { class: "row" }, p.edit, p.forget)), p.form, ...said.nodes), p);
}

function drawSecret(node, row, answers) {
  const p = parts.get(node);
  p.row = row;
  const answer = news(p, answers);
  if (answer) {
    p.said.say(answer);
    if (!answer.fault && !answer.note.startsWith("Good")) p.open(false);
  }
  p.state.className = `state badge ${row.configured ? "done" : "stopped"}`;
  write(p.state, row.configured ? "configured" : "not configured");
  write(p.when, row.by);
  p.when.title = row.exact;
  write(p.users, row.users);
  write(p.wins, row.wins);
  show(p.wins, Boolean(row.wins));
  write(p.edit, row.configured ? "Replace" : "Add");
  p.edit.setAttribute("aria-label", `${row.configured ? "Replace" : "Add"} ${row.name}`);
  show(p.forget, row.configured && !row.fixed);
}

function makeLine(line) {
  const title = line.href ? outward({}) : el("span", {});
  if (line.href) point(title, line.href);
  const p = { title, text: el("span", { class: line.mono ? "mono text" : "text" }), badge: el("span", { class: "badge" }), when: el("time", { class: "quiet num" }) };
  return remember(el("div", { class: "line", role: "listitem" }, el("span", { class: "name" }, title), p.text, p.badge, p.when), p);
}

function drawLine(node, line) {
  const p = parts.get(node);
  write(p.title, line.title);
  write(p.text, line.text);
  show(p.badge, Boolean(line.badge));
  if (line.badge) { p.badge.className = `badge ${line.badge.tone}`; write(p.badge, line.badge.word); }
  write(p.when, line.when);
  p.when.title = line.exact;
}

function makeSwitch(act) {
  const input = el("input", { type: "checkbox", role: "switch" });
  const said = makeSaid("switch");
  const p = { id: "", input, said, sent: 0 };
  input.addEventListener("change", () => { p.sent = act({ do: "save", id: p.id, name: p.id, value: String(input.checked) }); });
  return remember(el("span", { class: "switching" }, input, ...said.nodes), p);
}

function drawSwitch(node, one, answers) {
  const p = parts.get(node);
  p.id = one.id;
  const answer = news(p, answers);
  if (answer) p.said.say(answer);
  if (!p.sent) p.input.checked = one.on;
  p.input.setAttribute("aria-label", one.label);
}

function makeSection(section, act) {
  const p = { title: el("h2", { text: section.title }), lead: el("p", { class: "quiet" }), badge: el("span", { class: "badge" }), fields: el("div", { class: "fields" }), secrets: el("div", { class: "secrets" }), lines: el("div", { class: "lines", role: "list" }), people: el("div", { class: "people" }), naming: section.naming ? makeNaming(section.naming, act) : null, channels: el("div", { class: "channels" }), adding: section.adding ? makeAdding(section.adding, act) : null, link: outward({ class: "button" }), turn: section.switch ? makeSwitch(act) : null };
  const head = [el("div", { class: "names" }, p.title, p.lead), p.badge];
  const body = [p.fields, p.secrets, p.lines, p.people, p.naming, p.channels, p.adding, p.link];
  const node = section.fold === undefined ? el("section", { class: "panel part" }, el("div", { class: "head" }, ...head), ...body)
    : el("section", { class: "panel part" }, el("details", { open: !section.fold }, el("summary", { class: "head" }, icon("fold"), ...head), el("div", { class: "body" }, ...body)), p.turn);
  node.setAttribute("aria-label", section.title);
  return remember(node, p);
}

function makeSettings(home, latest) {
  const sender = makeSender(latest);
  let data = null;
  const act = (value) => sender.send({ scope: data.scope, ...value });
  const tabs = el("nav", { class: "tabs", "aria-label": "Settings" });
  const lead = el("p", { class: "lead quiet" });
  const search = el("input", { type: "search", placeholder: "Find a repository", "aria-label": "Find a repository", autocomplete: "off", spellcheck: "false" });
  const found = el("div", { class: "found panel", role: "list" });
  const none = el("p", { class: "quiet none" });
  const picker = el("div", { class: "picker" }, search, found, none);
  const back = el("button", { class: "button", type: "button", onclick: () => act({ do: "repository", name: "" }) }, icon("back"), "All repositories");
  const chosen = el("div", { class: "chosen" }, back, el("h2", { class: "mono" }));
  const fly = { badge: el("span", { class: "badge" }), text: el("p", {}), notes: el("ul", { class: "quiet" }), token: el("div", { class: "secrets" }), fields: el("div", { class: "fields" }) };
  const flying = el("div", { class: "flying" }, el("section", { class: "panel part", "aria-label": "How it stands" }, el("div", { class: "head" }, el("h2", { text: "How it stands" }), fly.badge), fly.text, fly.notes),
    el("section", { class: "panel part", "aria-label": "Token" }, el("h2", { text: "Token" }), fly.token), el("section", { class: "panel part", "aria-label": "Machines" }, el("h2", { text: "Machines" }), fly.fields));
  const sections = el("div", { class: "sections" });
  const root = el("div", { class: "p settings" }, el("h1", { class: "title", text: "Settings" }), tabs, chosen, lead, picker, flying, sections);
  search.addEventListener("input", () => find());
  search.addEventListener("keydown", (event) => event.stopPropagation());

  function find() {
    const words = search.value.trim().toLowerCase();
    const all = data.picker.items.filter((one) => one.name.toLowerCase().includes(words));
    keyed(found, all.slice(0, 50), (one) => one.name, (one) => remember(el("a", { role: "listitem", href: `?tab=repositories&repo=${encodeURIComponent(one.name)}`, onclick: (event) => {
      if (!plain(event)) return;
      event.preventDefault();
      act({ do: "repository", name: one.name });
    } }, el("span", { class: "mono", text: one.name }), el("span", { class: "quiet" })), {}), (node, one) => write(node.lastChild, one.count ? `${one.count} set here` : ""));
    show(found, all.length > 0);
    write(none, !data.picker.items.length ? "GitHub has told of no repository yet. Install the App on one, and it is listed here." : !all.length ? "No repository fits." : all.length > 50 ? `${all.length - 50} more: type to find one.` : "");
  }

  function drawSection(node, section) {
    const p = parts.get(node);
    write(p.title, section.title);
    write(p.lead, section.lead);
    show(p.lead, Boolean(section.lead));
    show(p.badge, Boolean(section.badge));
    if (section.badge) { p.badge.className = `badge ${section.badge.tone}`; write(p.badge, section.badge.word); }
    if (p.turn) drawSwitch(p.turn, section.switch, data.answers);
    keyed(p.fields, section.fields ?? [], (one) => one.id, (one) => makeField(one, act), (child, one) => drawField(child, one, data.answers));
    keyed(p.secrets, section.secrets ?? [], (one) => one.id, (one) => makeSecret(one, act), (child, one) => drawSecret(child, one, data.answers));
    keyed(p.lines, section.lines ?? [], (one) => one.key, makeLine, drawLine);
    keyed(p.people, section.people ?? [], (one) => one.id, (one) => makePerson(one, act), (child, one) => drawPerson(child, one, data.answers));
    if (p.naming) drawNaming(p.naming, data.answers);
    keyed(p.channels, section.channels ?? [], (one) => one.id, (one) => makeChannel(one, act), (child, one) => drawChannel(child, one, data.answers));
    if (p.adding) drawAdding(p.adding, section.adding, data.answers);
    for (const name of ["fields", "secrets", "lines", "people"]) show(p[name], Boolean(section[name]?.length));
    show(p.link, Boolean(section.link));
    if (section.link) { write(p.link, section.link.text); point(p.link, section.link.href); }
  }

  // What is typed into one of Fly's fields and not yet saved.
  function unsaved(name) {
    const p = parts.get([...fly.fields.children].find((node) => node.dataset.key === name));
    return p?.dirty ? p.input.value : "";
  }

  function drawFly(value) {
    fly.badge.className = `badge ${value.line.tone}`;
    write(fly.badge, value.line.word);
    show(fly.badge, Boolean(value.line.word));
    write(fly.text, value.line.text);
    keyed(fly.notes, value.line.notes, (one) => one, () => el("li"), (node, one) => write(node, one));
    keyed(fly.token, [{ ...value.token, verb: "fly" }], (one) => one.id, (one) => makeSecret(one, (value) => act({ ...value, app: unsaved("app"), org: unsaved("org") })), (node, one) => drawSecret(node, one, data.answers));
    const verb = (one) => ({ ...one, verb: "fly", fixed: one.id === "app" || one.id === "org" });
    keyed(fly.fields, value.fields.map(verb), (one) => one.id, (one) => makeField(one, act), (node, one) => drawField(node, one, data.answers));
    show(fly.fields.parentElement, value.fields.length > 0);
  }

  function update(value) {
    data = value;
    sender.heard(value.heard);
    keyed(tabs, value.tabs, (one) => one.key, (one) => el("a", { href: `?tab=${one.key}`, onclick: (event) => {
      if (!plain(event)) return;
      event.preventDefault();
      act({ do: "tab", tab: one.key });
    } }), (link, one) => {
      write(link, one.title);
      if (one.here && !link.ariaCurrent) requestAnimationFrame(() => { tabs.scrollLeft = link.offsetLeft - tabs.offsetLeft - 60; });
      if (one.here) link.setAttribute("aria-current", "page"); else link.removeAttribute("aria-current");
    });
    write(lead, value.lead);
    const one = value.picker?.chosen ?? "";
    show(picker, Boolean(value.picker) && !one);
    if (value.picker && !one) find();
    show(chosen, Boolean(one));
    write(chosen.lastChild, one);
    show(flying, Boolean(value.fly));
    if (value.fly) drawFly(value.fly);
    keyed(sections, value.sections, (section) => `${value.tab}/${one}/${section.key}`, (section) => makeSection(section, act), drawSection);
  }
  return { root, update, close: sender.close };
}

export default mounted(makeSettings);
