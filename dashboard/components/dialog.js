// A question that is asked in its own window, and a field for words that says itself what is missing.

function makeDialog(root, { title, confirm, danger, parts: inside, send }) {
  const yes = el("button", { class: `button ${danger ? "danger" : "first"}`, type: "submit", text: confirm });
  const no = el("button", { class: "button", type: "button", text: "Cancel" });
  const form = el("form", { method: "dialog" }, el("h2", { text: title }), ...inside, el("div", { class: "acts" }, no, yes));
  const dialog = el("dialog", { "aria-label": title }, form);
  no.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("keydown", (event) => event.stopPropagation());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (send() === false) return;
    dialog.close();
  });
  root.append(dialog);
  return { open: () => !dialog.open && dialog.showModal(), dialog };
}

// A field that says itself what is missing.
function words(label, text) {
  const hint = el("p", { class: "quiet", text });
  const field = el("textarea", { rows: "5", maxlength: "20000", "aria-label": label });
  const fault = el("p", { class: "fault", role: "alert", hidden: true, text: "Say it in a sentence first." });
  field.addEventListener("input", () => show(fault, false));
  const read = () => {
    const text = field.value.trim();
    show(fault, !text);
    if (!text) field.focus();
    return text;
  };
  return { field, hint, read, parts: [hint, field, fault] };
}
