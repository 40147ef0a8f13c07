// What happened to a task, as sentences with their times; all runs in one line of time.

function makeStory() {
  const list = el("ol", { tabindex: "0", "aria-label": "Story" });
  const root = el("section", { class: "p story panel" }, el("h2", { text: "Story" }), list);
  let told = 0;

  function make(line) {
    if (line.run) return el("li", { class: "run", text: line.run });
    return el("li", { class: line.tone }, el("time", { class: "num quiet", text: line.at, title: line.exact }), el("span", { text: line.text }));
  }

  function update(data) {
    root.classList.toggle("live", data.live);
    const atEnd = list.scrollTop + list.clientHeight >= list.scrollHeight - 24;
    keyed(list, data.lines, (line) => line.key, make, () => {});
    if (atEnd && data.lines.length > told) list.scrollTop = list.scrollHeight;
    told = data.lines.length;
  }
  return { root, update };
}

export default mounted(makeStory);
