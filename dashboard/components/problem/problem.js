// One plain sentence about what is away.

function makeProblem() {
  const text = el("span");
  const root = el("div", { class: "p problem", role: "status" }, icon("alert"), text);
  return { root, update: (data) => write(text, data) };
}

export default mounted(makeProblem);
