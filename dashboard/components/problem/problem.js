// One plain sentence about what is away.

function makeProblem() {
  const title = el("h1", { class: "title" });
  const text = el("span");
  const link = el("a");
  const root = el("div", { class: "p" }, title, el("div", { class: "problem", role: "status" }, icon("alert"), text, link));

  function update(data) {
    write(title, data.title);
    show(title, Boolean(data.title));
    write(text, data.text);
    show(link, Boolean(data.link));
    if (data.link) {
      write(link, data.link.text);
      link.href = data.link.href;
    }
  }
  return { root, update };
}

export default mounted(makeProblem);
