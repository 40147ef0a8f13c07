// The frame: wordmark, the button for a new task (always in the same place), pages, who is here, dark or light.
// Sends `go` with the page's name.

ICONS.System = ["M3 5h18v11H3z", "M8 20h8", "M12 16v4"];
ICONS.Light = ["M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8", "M12 2v2", "M12 20v2", "M2 12h2", "M20 12h2", "m5 5 1.5 1.5", "m17.5 17.5 1.5 1.5", "m19 5-1.5 1.5", "m6.5 17.5-1.5 1.5"];
ICONS.Dark = ["M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5"];

const THEMES = { System: "As the system", Light: "Light", Dark: "Dark" };
const CHOSEN = "porter-theme";
const memory = { // a browser may forbid it; then the system decides
  get: (key) => { try { return localStorage.getItem(key); } catch { return null; } },
  set: (key, value) => { try { localStorage.setItem(key, value); } catch { /* not remembered */ } },
};

// Streamlit reads its theme once, when the page is loaded, from a place of its own for each path; static/first.js
// brings the choice to a path that does not know of it yet.
const keyOf = (path) => `stActiveTheme-${path}-v2`;
const chosenTheme = () => (THEMES[memory.get(CHOSEN)] ? memory.get(CHOSEN) : "System");

function makeThemes(paths) {
  const choose = (theme) => {
    if (theme === chosenTheme()) return;
    memory.set(CHOSEN, theme);
    for (const path of paths()) memory.set(keyOf(path), JSON.stringify(theme));
    location.reload();
  };
  const buttons = Object.entries(THEMES).map(([theme, title]) =>
    el("button", { type: "button", title, "aria-label": title, "aria-pressed": String(theme === chosenTheme()), onclick: () => choose(theme) }, icon(theme)));
  return el("div", { class: "themes", role: "group", "aria-label": "Colours" }, ...buttons);
}

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
  const dispatch = el("a", { class: "button first dispatch", href: "/dispatch", onclick: (event) => go(event, "dispatch") }, icon("dispatch"), "Dispatch");
  let places = [];
  const nav = el("nav", { "aria-label": "Pages" });
  const person = el("b");
  const note = el("span");
  // A form, not a request of ours: the answer ends the cookie and leads to the sign-in page.
  const out = el("form", { method: "post" }, el("button", { class: "quiet", type: "submit", text: "Sign out" }));
  const root = el("div", { class: "p frame" }, mark, dispatch, menu,
    el("div", { class: "rest" }, nav, el("div", { class: "foot" }, person, note, out, makeThemes(() => new Set([location.pathname, "/task", ...places])))));
  menu.addEventListener("click", () => fold(!root.classList.contains("open")));
  root.addEventListener("keydown", (event) => event.key === "Escape" && fold(false));

  function update(data) {
    keyed(nav, data.pages.filter((page) => page.key !== "dispatch"), (page) => page.key,
      (page) => el("a", { href: page.href, onclick: (event) => go(event, page.key) }, icon(page.key), el("span", { text: page.title }), el("span", { class: "num count" })),
      (link, page) => {
        page.here ? link.setAttribute("aria-current", "page") : link.removeAttribute("aria-current");
        write(link.lastChild, page.count);
        show(link.lastChild, Boolean(page.count));
        if (page.count) link.lastChild.title = `${page.count} waiting for a decision`;
      });
    const isThere = data.pages.some((page) => page.key === "dispatch" && page.here);
    isThere ? dispatch.setAttribute("aria-current", "page") : dispatch.removeAttribute("aria-current");
    places = data.pages.map((page) => page.href);
    write(person, data.person);
    write(note, data.note);
    show(out, Boolean(data.sign_out));
    if (data.sign_out) out.action = data.sign_out;
  }
  return { root, update };
}

export default mounted(makeFrame);
