// How a pull request stands: checks, mergeable, reviews, each with its word and what it consists of.

function makeGate() {
  const p = { badge: el("span", { class: "badge" }), word: el("span"), text: el("p", { class: "quiet" }), list: el("ul"), name: el("h3") };
  p.badge.append(el("i", { class: "dot" }), p.word);
  p.all = el("details", {}, el("summary", { class: "quiet", text: "Each of them" }), p.list);
  return remember(el("div", { class: "gate panel" }, el("div", { class: "row" }, p.name, p.badge), p.text, p.all), p);
}

function drawGate(node, gate) {
  const p = parts.get(node);
  write(p.name, gate.name);
  p.badge.className = `badge ${gate.tone}`;
  write(p.word, gate.word);
  write(p.text, gate.text);
  show(p.text, Boolean(gate.text));
  show(p.all, gate.items.length > 0);
  if (gate.tone === "failed" && !p.opened) p.opened = p.all.open = true;
  keyed(p.list, gate.items, (one) => one.name,
    () => {
      const q = { link: outward({}), word: el("span") };
      return remember(el("li", {}, el("i", { class: "dot" }), q.link, q.word), q);
    },
    (item, one) => {
      const q = parts.get(item);
      item.className = one.tone;
      write(q.link, one.name);
      point(q.link, one.url);
      write(q.word, one.word);
    });
}
