// Small tools every component is given. Data only ever becomes text or a checked address, never markup.

const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  running: ["M12 3a9 9 0 1 0 9 9", "M12 8v4l3 2"],
  waiting: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18", "M12 7v5l3 2"],
  done: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18", "m8 12 3 3 5-6"],
  failed: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18", "m9 9 6 6", "m15 9-6 6"],
  stopped: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18", "M8 12h8"],
  feed: ["M4 6h16", "M4 12h16", "M4 18h10"],
  review: ["M4 5h16v11H9l-5 4z", "m8.5 10.5 2.5 2.5 4.5-5"],
  dispatch: ["M12 5v14", "M5 12h14"],
  history: ["M5 5v4h4", "M5.6 9A8 8 0 1 1 4 13", "M12 8v5l3 2"],
  insights: ["M4 20h16", "M7 16v-5", "M12 16V6", "M17 16v-8"],
  merge: ["M7 4v16", "M7 6c0 6 10 4 10 12", "m13.5 15 3.5 3.5 3.5-3.5"],
  fold: ["m6 9 6 6 6-6"],
  needs: ["M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18", "M12 7.5v5.5", "M12 16v.5"],
  operations: ["M3 12h4l3-7 4 14 3-7h4"],
  deliveries: ["M4 13h4l2 3h4l2-3h4", "M4 13 7 5h10l3 8v6H4z"],
  settings: ["M4 7h9", "M17 7h3", "M15 5v4", "M4 12h3", "M11 12h9", "M9 10v4", "M4 17h7", "M15 17h5", "M13 15v4"],
  search: ["M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14", "m16.5 16.5 4 4"],
  back: ["M19 12H5", "m11 6-6 6 6 6"],
  out: ["M14 5h5v5", "m19 5-8 8", "M11 6H5v13h13v-6"],
  branch: ["M7 4v16", "M17 8c0 5-10 3-10 8", "M17 4v4"],
  pause: ["M9 6v12", "M15 6v12"],
  play: ["M8 5v14l11-7z"],
  download: ["M12 4v11", "m7 11 5 5 5-5", "M5 20h14"],
  copy: ["M9 9h10v11H9z", "M15 9V4H5v11h4"],
  setup: ["M4 6h2", "M9 6h11", "M4 12h2", "M9 12h11", "m4 18 1.5 1.5L8 17", "M11 18h9"],
  menu: ["M4 7h16", "M4 12h16", "M4 17h16"],
  alert: ["M12 4 3 20h18z", "M12 10v4", "M12 17v.5"],
};

function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  for (const shape of ICONS[name] ?? []) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", shape);
    svg.append(path);
  }
  return svg;
}

// Text that is written only when it changed, so that a selection survives a tick.
function write(node, text) {
  if (node.textContent !== text) node.textContent = text ?? "";
}

function show(node, visible) {
  node.hidden = !visible;
}

// Only http(s) leads anywhere: an address from outside may say javascript:.
function point(link, address) {
  const allowed = /^https?:\/\//i.test(address ?? "") || /^\/(?!\/)/.test(address ?? "");
  if (allowed) link.setAttribute("href", address);
  else link.removeAttribute("href");
}

function outward(props, ...children) {
  return el("a", { target: "_blank", rel: "noopener noreferrer", ...props }, ...children);
}

// Make the children of `parent` match `items` by key, touching only what differs: focus, scroll and selection stay.
function keyed(parent, items, keyOf, make, update) {
  const keys = new Set(items.map((item) => String(keyOf(item))));
  const known = new Map();
  for (const node of [...parent.children]) {
    if (keys.has(node.dataset.key)) known.set(node.dataset.key, node);
    else node.remove();
  }
  let at = parent.firstElementChild;
  for (const item of items) {
    const key = String(keyOf(item));
    const node = known.get(key) ?? make(item);
    node.dataset.key = key;
    update(node, item);
    if (node === at) at = at.nextElementSibling;
    else parent.insertBefore(node, at);
  }
}

// What a node of ours remembers: its parts, and the data it was last drawn from.
const parts = new WeakMap();

function remember(node, value) {
  parts.set(node, value);
  return node;
}

// One instance per mounted component; Streamlit calls it again with every new value.
function mounted(make) {
  return (component) => {
    const home = component.parentElement;
    let instance = parts.get(home);
    if (!instance || !instance.root.isConnected) {
      instance = make(home, () => instance.latest);
      parts.set(home, instance);
      home.append(instance.root);
    }
    instance.latest = component;
    instance.update(component.data);
    // The frame comes first; the bones of the page stay until there is something to stand in their place.
    if (!instance.root.classList.contains("frame")) document.getElementById("porter-skeleton")?.remove();
    return () => {
      instance.close?.();
      instance.root.remove();
      parts.delete(home);
    };
  };
}

// A click that the reader did not mean for another tab or window.
function plain(event) {
  return event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
}

// A button that asks once more before it does what cannot be undone. The second click of a double one, and a key that is
// held down, are no answer.
function twice(button, word, question, act) {
  let timer = 0;
  const calm = () => {
    clearTimeout(timer);
    timer = 0;
    write(button, word);
    button.classList.remove("sure");
  };
  button.addEventListener("keydown", (event) => event.repeat && event.preventDefault());
  button.addEventListener("click", (event) => {
    if (event.detail > 1) return;
    if (timer) {
      calm();
      act();
      return;
    }
    write(button, question);
    button.classList.add("sure");
    timer = setTimeout(calm, 4000);
  });
  button.addEventListener("blur", calm);
  write(button, word);
  return button;
}
