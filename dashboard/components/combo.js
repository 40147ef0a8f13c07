// A field with a list under it: arrows move, Enter takes, Escape closes, any text may stay.
function makeCombo({ id, label, placeholder, draw, take, typed }) {
  const list = el("ul", { class: "options panel", role: "listbox", id: `${id}-options`, "aria-label": label, hidden: true });
  const input = el("input", { id, type: "text", role: "combobox", placeholder, autocomplete: "off", spellcheck: "false", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": `${id}-options` });
  let [items, at, filled] = [[], -1, ""];
  let wanted = false; // also while there is nothing to show
  const isOpen = () => !list.hidden;
  const open = (yes) => {
    wanted = yes;
    show(list, yes && list.children.length > 0);
    input.setAttribute("aria-expanded", String(isOpen()));
    if (!yes) mark(-1);
  };
  function mark(index) {
    at = index;
    [...list.children].forEach((node, i) => node.setAttribute("aria-selected", String(i === at)));
    const node = list.children[at];
    if (node) {
      input.setAttribute("aria-activedescendant", node.id);
      node.scrollIntoView({ block: "nearest" });
    } else input.removeAttribute("aria-activedescendant");
  }
  function pick(item) {
    take(item);
    open(false);
  }
  input.addEventListener("click", () => open(true));
  input.addEventListener("input", () => { typed(input.value); open(true); });
  const isHere = () => input.getRootNode().activeElement === input;
  input.addEventListener("blur", () => setTimeout(() => isHere() || open(false), 120));
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen()) { open(false); event.stopPropagation(); }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      open(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark(items.length ? (at + step + items.length + (at < 0 && step < 0 ? 1 : 0)) % items.length : -1);
    }
    if (event.key === "Enter" && isOpen() && items[at]) { event.preventDefault(); pick(items[at]); }
  });
  function fill(found, note) {
    const now = JSON.stringify([found, note]);
    if (now === filled) return; // an option that is about to be clicked stays where it is
    filled = now;
    items = found;
    list.replaceChildren(...found.map((item, index) => {
      const node = el("li", { role: "option", id: `${id}-${index}`, "aria-selected": "false" }, ...draw(item));
      node.addEventListener("mousedown", (event) => event.preventDefault());
      node.addEventListener("click", () => pick(item));
      return node;
    }));
    if (note) list.append(el("li", { class: "quiet note", text: note }));
    at = -1;
    open(isHere() && (isOpen() || wanted));
  }
  return { root: el("div", { class: "combo" }, input, list), input, fill };
}
