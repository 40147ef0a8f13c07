// One plain sentence about what is away.

function makeProblem() {
  const title = el("h1", { class: "title" });
  const text = el("span");
  const root = el("div", { class: "p" }, title, el("div", { class: "problem", role: "status" }, icon("alert"), text));

  function update(data) {
    write(title, data.title);
    show(title, Boolean(data.title));
    write(text, data.text);
  }
  return { root, update };
}

export default mounted(makeProblem);
