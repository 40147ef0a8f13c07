// A period in two charts and two tables. The charts are drawn here, and each has its numbers in a table under it.

function shape(name, props, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(props)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function hint(text) {
  const node = document.createElementNS(SVG, "title");
  node.textContent = text;
  return node;
}

// One unit wide for each day, 100 high; it is stretched to its place, strokes and dots are not.
function plot(days, label, ...shapes) {
  return shape("svg", { viewBox: `0 0 ${days} 100`, preserveAspectRatio: "none", role: "img", "aria-label": label },
    ...[0, 50, 100].map((y) => shape("line", { class: "grid", x1: 0, x2: days, y1: y, y2: y })), ...shapes);
}

function bars(data) {
  return data.bars.map((bar, at) => {
    let below = 0;
    const parts = bar.parts.map((tasks, index) => {
      const height = (100 * tasks) / data.top;
      below += height;
      return shape("rect", { class: `part ${data.parts[index].tone}`, x: at + 0.12, y: 100 - below, width: 0.76, height });
    });
    const said = bar.parts.map((tasks, index) => (tasks ? `${data.parts[index].word}: ${tasks}` : "")).filter(Boolean);
    return shape("g", { class: "bar-day" }, hint([bar.day, ...(said.length ? said : ["no tasks"])].join("\n")), shape("rect", { class: "reach", x: at, y: 0, width: 1, height: 100 }), ...parts);
  });
}

// A day without a pull request is a gap. A dot is a line without length, whose round ends do not stretch.
function line(points, top, name) {
  const path = [];
  let gap = true;
  points.forEach((point, at) => {
    const value = point[name];
    if (value !== null) path.push(`${gap ? "M" : "L"}${at + 0.5} ${100 - (100 * value) / top}`);
    gap = value === null;
  });
  const dots = points.map((point, at) => (point[name] === null ? "" : `M${at + 0.5} ${100 - (100 * point[name]) / top}h0`)).join("");
  return [shape("path", { class: `line ${name}`, d: path.join("") }), shape("path", { class: `dots ${name}`, d: dots })];
}

function lines(data) {
  const reach = data.points.map((point, at) => shape("g", { class: "bar-day" },
    hint(point.pulls ? `${point.day}\nmedian ${point.words[0]}\n90th percentile ${point.words[1]}\n${point.pulls} pull requests` : `${point.day}\nno pull request`),
    shape("rect", { class: "reach", x: at, y: 0, width: 1, height: 100 })));
  return [...line(data.points, data.top, "slow"), ...line(data.points, data.top, "median"), ...reach];
}

function numbers(heads, rows) {
  return el("details", {}, el("summary", { text: "The numbers" }), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "The numbers" },
    el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((text) => el("th", { scope: "col", text })))),
      el("tbody", {}, ...rows.map(([day, ...rest]) => el("tr", {}, el("th", { scope: "row", text: day }), ...rest.map((text) => el("td", { class: "num", text }))))))));
}

function chart(data, what, legend, svg, table) {
  const ticks = el("div", { class: "ticks num", "aria-hidden": "true" }, ...data.ticks.map((text) => el("span", { text })));
  const labels = el("div", { class: "labels num", "aria-hidden": "true" }, ...data.labels.map((one) => el("span", { text: one.text, style: `left:${one.at}%` })));
  const keys = legend.map((one) => el("li", {}, el("i", { class: `key ${one.tone}` }), one.word));
  return el("section", { class: "chart panel", "aria-label": what }, el("p", { class: "quiet", text: what }), el("h2", { text: data.title }),
    el("ul", { class: "legend" }, ...keys), el("div", { class: "area" }, ticks, el("div", { class: "plot" }, svg), labels), table);
}

const COLUMNS = [["tasks", "Tasks"], ["success", "Done"], ["merged", "PRs merged", "merged_of"], ["time", "Median to PR"], ["cost", "Cost", "cost_note"], ["each", "Per merged PR"], ["tokens", "Tokens read · written"]];

function compare(data) {
  const head = data.what === "agent" ? "Agent" : "Repository";
  const rows = data.rows.map((row) => el("tr", {}, el("th", { scope: "row" }, el("span", { class: "mono", text: row.name }), el("span", { class: "bar", "aria-hidden": "true" }, el("i", { style: `width:${row.width}%` }))),
    ...COLUMNS.map(([name, word, note]) => el("td", { class: `num ${row[name] === "unknown" ? "quiet" : ""}`, "data-word": word }, row[name],
      note && row[note] ? el("span", { class: "part-of quiet", text: row[note] }) : null))));
  const cells = COLUMNS.map(([, word]) => el("th", { scope: "col", class: "right", text: word }));
  return el("section", { class: "panel compare", "aria-label": `By ${data.what}` }, el("p", { class: "quiet", text: `By ${data.what}` }),
    el("h2", { text: data.title, hidden: data.title === `By ${data.what}` }),
    el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col", text: head }), ...cells)), el("tbody", {}, ...rows)));
}

function makeInsights(home, latest) {
  const send = (value) => latest().setTriggerValue("act", value);
  const periods = el("div", { class: "pills", role: "group", "aria-label": "Period" });
  const note = el("p", { class: "quiet" });
  const body = el("div", { class: "body" });
  const empty = el("section", { class: "empty panel" }, el("span", { class: "mark" }, icon("insights")), el("h2", { text: "No tasks in this time" }),
    el("p", { text: "Once tasks end, this page shows how they ended, how long a pull request takes, and what it costs." }),
    el("button", { class: "button first", type: "button", text: "New task", onclick: () => send({ do: "dispatch" }) }));
  const root = el("div", { class: "p insights" }, el("div", { class: "over" }, el("h1", { class: "title", text: "Insights" }), periods), note, empty, body);
  let known = "";

  function update(data) {
    keyed(periods, data.periods, (one) => one.value,
      (one) => el("button", { class: "pill", type: "button", text: one.text, onclick: () => send({ do: "period", days: one.value }) }),
      (node, one) => node.setAttribute("aria-pressed", String(one.on)));
    write(note, data.note);
    show(empty, data.empty);
    show(body, !data.empty);
    const now = JSON.stringify(data);
    if (data.empty || now === known) return; // an open table stays open while nothing changes
    known = now;
    const open = [...body.querySelectorAll("details")].map((one) => one.open);
    const { outcomes, times } = data;
    body.replaceChildren(
      chart(outcomes, "Tasks by day and outcome", outcomes.parts, plot(outcomes.bars.length, outcomes.title, ...bars(outcomes)),
        numbers(["Day", ...outcomes.parts.map((one) => one.word)], outcomes.bars.map((bar) => [bar.day, ...bar.parts.map(String)]))),
      chart(times, "Time from asking to the pull request", [{ word: "Median", tone: "middle" }, { word: "90th percentile", tone: "slow" }], plot(times.points.length, times.title, ...lines(times)),
        numbers(["Day", "Pull requests", "Median", "90th percentile"], times.points.map((one) => [one.day, String(one.pulls), ...one.words]))),
      compare(data.agents), compare(data.repositories));
    [...body.querySelectorAll("details")].forEach((one, at) => { one.open = Boolean(open[at]); });
  }
  return { root, update };
}

export default mounted(makeInsights);
