// Under the log: the prompt as sent, the inputs, what was used, the change, the pull request. The lines of the change are
// a component of their own, below. Sends `act`.

const TABS = { prompt: "Prompt", inputs: "Inputs", usage: "Usage", changes: "Changes", result: "Pull request" };
const COLUMNS = { run: "", machine: "Machine", time: "Time", input: "Tokens in", output: "Tokens out", cache: "From cache", write: "To cache", cost: "Cost" };

const asking = (count) => Array.from({ length: count }, () => el("div", { class: "gate panel bone", "aria-hidden": "true" }));
const hush = (text) => el("p", { class: "hush", role: "status", text });

const SHEETS = {
  prompt: (data) => [data.prompt ? el("pre", { tabindex: "0", text: data.prompt }) : el("p", { class: "quiet", text: "The prompt is written when the machine is started." })],
  inputs: (data) => [el("dl", {}, ...data.inputs.flatMap((row) => [
    el("dt", { text: row.name }), el("dd", { text: row.value }), el("dd", { class: "source", text: row.source })]))],
  usage: (data) => [el("div", { class: "scrolls" }, el("table", { class: "grid" },
    el("thead", {}, el("tr", {}, ...Object.values(COLUMNS).map((text) => el("th", { scope: "col", text })))),
    el("tbody", {}, ...[...data.usage, data.total].map((row) => el("tr", {}, ...Object.keys(COLUMNS).map((name) => el("td", { text: row[name] })))))))],
  changes: ({ changes, result }) => [
    ...(changes.text ? [el("p", { class: "quiet", text: changes.text })] : []),
    ...(changes.loading ? [hush("Asking for the change"), ...asking(1)] : []),
    ...(changes.shown ? [size(result)] : [])],
  result: ({ result }, send, gates) => {
    const facts = el("div", { class: "result" });
    if (result.state) facts.append(el("span", { class: `badge ${result.state.tone}` }, el("i", { class: "dot" }), el("span", { text: result.state.word })));
    if (result.pr) {
      const link = outward({ text: `Pull request ${result.pr.label}` });
      point(link, result.pr.url);
      const review = el("a", { class: "button", href: result.review }, icon("review"), "Review the change");
      review.addEventListener("click", (event) => {
        if (!plain(event)) return;
        event.preventDefault();
        send({ do: "review" });
      });
      facts.append(link, review);
    }
    facts.append(size(result));
    keyed(gates, result.gates, (gate) => gate.name, makeGate, (node, gate) => {
      drawGate(node, gate);
      const p = parts.get(node); // here each check is told by its name at once
      if (!p.opened) p.opened = p.all.open = true;
    });
    if (result.loading) gates.append(hush("Asking GitHub"), ...asking(3));
    show(gates, gates.childElementCount > 0);
    const words = result.summary || (result.pr ? "" : "There is no pull request yet.");
    return [facts, ...(result.text ? [el("p", { class: "quiet", text: result.text })] : []), gates,
      el("p", { class: result.summary ? "words" : "quiet", text: words })];
  },
};

// What of the data a tab shows: another part that changed draws it anew no more than nothing does.
const SHOWN = { usage: ["usage", "total"], changes: ["changes", "result"] };

function size({ branch, head, files, plus, minus }) {
  const named = branch ? el("span", { class: "mono", text: head ? `${branch} @ ${head}` : branch }) : null;
  return el("span", { class: "size" }, named, ...(files ? [el("span", { class: "num", text: files }), el("span", { class: "num plus", text: plus }), el("span", { class: "num minus", text: minus })] : []));
}

function makeDetails(home, latest) {
  let [open, data, drawn] = ["", null, ""];
  const send = (value) => latest().setTriggerValue("act", value);
  const gates = el("div", { class: "gates" }); // kept, so that what is unfolded stays
  const sheet = el("div", { class: "sheet", role: "tabpanel" });
  const tabs = Object.fromEntries(Object.entries(TABS).map(([name, text]) => [name, el("button", { type: "button", role: "tab", text, onclick: () => choose(name) })]));
  const bar = el("div", { class: "tabs", role: "tablist" }, ...Object.values(tabs));
  const root = el("section", { class: "p details panel" }, bar, sheet);
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const names = Object.keys(TABS);
    choose(names[(names.indexOf(open) + step + names.length) % names.length]);
    tabs[open].focus();
  });

  function choose(name) {
    open = name;
    draw();
    uncover();
    send({ do: "tab", tab: name });
  }

  // On a phone the bar is wider than the page.
  function uncover() {
    const tab = tabs[open];
    bar.scrollLeft = tab.offsetLeft - bar.offsetLeft - (bar.clientWidth - tab.offsetWidth) / 2;
  }

  function draw() {
    for (const [name, tab] of Object.entries(tabs)) {
      tab.setAttribute("aria-selected", String(name === open));
      tab.tabIndex = name === open ? 0 : -1;
    }
    root.classList.toggle("joined", open === "changes" && data.changes.shown);
    const now = JSON.stringify([open, ...(SHOWN[open] ?? [open]).map((part) => data[part])]);
    if (now !== drawn) sheet.replaceChildren(...SHEETS[open](data, send, gates));
    drawn = now;
  }

  function update(value) {
    data = value;
    const isFirst = !open;
    open ||= data.tab;
    draw();
    if (isFirst) uncover();
  }
  return { root, update };
}

export default mounted(makeDetails);
