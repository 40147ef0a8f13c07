// The frame: wordmark, pages, who is here. Sends `go` with the page's name.

function makeFrame(home, latest) {
  const menu = el("button", { class: "menu", type: "button", "aria-label": "Menu", "aria-expanded": "false" }, icon("menu"));
  const fold = (open) => {
    root.classList.toggle("open", open);
    menu.setAttribute("aria-expanded", String(open));
  };
  const go = (event, page) => {
    if (!plain(event)) return;
    event.preventDefault();
    fold(false);
    latest().setTriggerValue("go", page);
  };
  const mark = el("a", { class: "mark", href: "/", onclick: (event) => go(event, "feed") }, el("span", { class: "lamp" }), "porter");
  const nav = el("nav", { "aria-label": "Pages" });
  const person = el("b");
  const note = el("span");
  // A form, not a request of ours: the answer ends the cookie and leads to the sign-in page.
  const out = el("form", { method: "post" }, el("button", { class: "quiet", type: "submit", text: "Sign out" }));
  const root = el("div", { class: "p frame" }, mark, menu,
    el("div", { class: "rest" }, nav, el("div", { class: "foot" }, person, note, out)));
  menu.addEventListener("click", () => fold(!root.classList.contains("open")));
  root.addEventListener("keydown", (event) => event.key === "Escape" && fold(false));

  function update(data) {
    keyed(nav, data.pages, (page) => page.key,
      (page) => el("a", { href: page.href, onclick: (event) => go(event, page.key) }, icon(page.key), el("span", { text: page.title })),
      (link, page) => (page.here ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current")));
    write(person, data.person);
    write(note, data.note);
    show(out, Boolean(data.sign_out));
    if (data.sign_out) out.action = data.sign_out;
  }
  return { root, update };
}

export default mounted(makeFrame);
