// Under the log: the prompt as sent, the inputs, what was used, the pull request.

const TABS = { prompt: "Prompt", inputs: "Inputs", usage: "Usage", result: "Pull request" };
const COLUMNS = { run: "", machine: "Machine", time: "Time", input: "Tokens in", output: "Tokens out", cache: "From cache", cost: "Cost" };

const SHEETS = {
  prompt: (data) => [data.prompt ? el("pre", { tabindex: "0", text: data.prompt }) : el("p", { class: "quiet", text: "The prompt is written when the machine is started." })],
  inputs: (data) => [el("dl", {}, ...data.inputs.flatMap((row) => [
    el("dt", { text: row.name }), el("dd", { text: row.value }), el("dd", { class: "source", text: row.source })]))],
  usage: (data) => [el("div", { class: "scrolls" }, el("table", { class: "grid" },
    el("thead", {}, el("tr", {}, ...Object.values(COLUMNS).map((text) => el("th", { scope: "col", text })))),
    el("tbody", {}, ...[...data.usage, data.total].map((row) => el("tr", {}, ...Object.keys(COLUMNS).map((name) => el("td", { text: row[name] })))))))],
  result: ({ result }, send) => {
    const facts = el("div", { class: "result" });
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
    if (result.branch) facts.append(el("span", { class: "mono", text: result.head ? `${result.branch} @ ${result.head}` : result.branch }));
    if (result.files) facts.append(el("span", { class: "num", text: result.files }), el("span", { class: "num plus", text: result.plus }), el("span", { class: "num minus", text: result.minus }));
    const words = result.summary || (result.pr ? "" : "There is no pull request yet.");
    return [facts, el("p", { class: result.summary ? "words" : "quiet", text: words })];
  },
};

function makeDetails(home, latest) {
  let [open, data, drawn] = ["prompt", null, ""];
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
  }

  function draw() {
    for (const [name, tab] of Object.entries(tabs)) {
      tab.setAttribute("aria-selected", String(name === open));
      tab.tabIndex = name === open ? 0 : -1;
    }
    const now = JSON.stringify([open, data]);
    if (now !== drawn) sheet.replaceChildren(...SHEETS[open](data, (value) => latest().setTriggerValue("act", value)));
    drawn = now;
  }

  function update(value) {
    data = value;
    draw();
  }
  return { root, update };
}

export default mounted(makeDetails);
