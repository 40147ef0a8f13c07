// Keeps a page true without a jump: asks for its moving parts every second and changes only what differs.
"use strict";

const root = document.querySelector("[data-live-from]");
const seen = new Map(); // what the server last said, by part or key: the page's own text changes with the clock

function words(date) {
  const seconds = Math.max(0, (Date.now() - date.getTime()) / 1000);
  if (seconds < 10) return "just now";
  const steps = [[60, 1, "second"], [3600, 60, "minute"], [86400, 3600, "hour"], [2592000, 86400, "day"]];
  for (const [below, size, name] of steps) {
    if (seconds < below) {
      const count = Math.floor(seconds / size);
      return `${count} ${name}${count === 1 ? "" : "s"} ago`;
    }
  }
  return date.toLocaleDateString();
}

function tellTime(within = document) {
  for (const time of within.querySelectorAll("time")) {
    const text = words(new Date(time.dateTime));
    if (time.textContent !== text) time.textContent = text;
  }
}

function parsed(html) {
  const box = document.createElement("template");
  box.innerHTML = html;
  return box.content;
}

function update(part, html) {
  const name = part.dataset.live;
  if (seen.get(name) === html) return;
  const first = !seen.has(name);
  seen.set(name, html);
  if ("keyed" in part.dataset) return merge(part, parsed(html), first);
  if (first) return;
  const open = [...part.querySelectorAll("details[open][data-keep]")].map((one) => one.dataset.keep);
  part.replaceChildren(parsed(html));
  for (const keep of open) part.querySelector(`[data-keep="${keep}"]`)?.setAttribute("open", "");
}

function merge(part, fresh, first) {
  const wanted = new Set();
  let before = null;
  for (const next of [...fresh.querySelectorAll("[data-key]")]) {
    const key = next.dataset.key;
    const html = next.outerHTML;
    const now = part.querySelector(`[data-key="${CSS.escape(key)}"]`);
    wanted.add(key);
    if (!now) {
      next.classList.add("fresh");
      if (before) before.after(next); else part.append(next);
      before = next;
    } else if (!first && seen.get(`key:${key}`) !== html) {
      next.classList.add("changed");
      now.replaceWith(next);
      before = next;
    } else before = now;
    seen.set(`key:${key}`, html);
  }
  for (const old of part.querySelectorAll("[data-key]")) if (!wanted.has(old.dataset.key)) old.remove();
}

async function poll() {
  if (!root) return;
  try {
    const answer = await fetch(root.dataset.liveFrom, { headers: { Accept: "application/json" } });
    if (!answer.ok) return;
    const parts = await answer.json();
    for (const part of root.querySelectorAll("[data-live]")) if (part.dataset.live in parts) update(part, parts[part.dataset.live]);
    tellTime(root);
  } catch {
    // The emulator is away; the next second asks again.
  }
}

async function send(form, button) {
  const data = new FormData(form, button);
  const error = form.querySelector(".error");
  error.hidden = true;
  for (const one of form.querySelectorAll("button")) one.disabled = true;
  try {
    const answer = await fetch(form.action, { method: "POST", body: data, headers: { Accept: "text/plain" } });
    if (!answer.ok) throw new Error(await answer.text());
    const box = form.querySelector("textarea");
    if (box) box.value = "";
    await poll();
  } catch (trouble) {
    error.textContent = trouble.message;
    error.hidden = false;
  } finally {
    for (const one of form.querySelectorAll("button")) one.disabled = false;
  }
}

document.addEventListener("submit", (event) => {
  if (!("stay" in event.target.dataset)) return;
  event.preventDefault();
  send(event.target, event.submitter);
});

document.addEventListener("click", (event) => {
  const hint = event.target.closest("[data-fill]");
  if (!hint) return;
  const box = hint.closest("form").querySelector("textarea");
  box.value = hint.dataset.fill;
  box.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches("textarea")) {
    event.target.form.requestSubmit();
  }
});

document.addEventListener("change", (event) => {
  if (event.target.name === "who") localStorage.setItem("who", event.target.value);
});

const usual = localStorage.getItem("who");
for (const one of document.querySelectorAll('input[type="radio"][name="who"]')) if (one.value === usual) one.checked = true;

tellTime();
poll();
setInterval(poll, 1000);
setInterval(tellTime, 10000);
