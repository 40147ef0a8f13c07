// The lines of a log that are shown, in blocks that are filled only near the viewport: fifty thousand lines cost what one
// screen costs.

const BLOCK = 100;
const ROW = 22; // pixels a line is taken to need until it was drawn once

const NAMES = { warning: "warn", output: "", text: "agent" };

// Kept with the line: a search looks at every line at every letter.
const lowered = (line) => (line.low ??= line.text.toLowerCase());

function marked(line, sought) {
  if (!sought) return [line.text];
  const [text, low] = [line.text, lowered(line)];
  if (low.length !== text.length) return [text]; // a letter that is longer in lower case: positions mean nothing
  const pieces = [];
  let from = 0;
  for (let at = low.indexOf(sought); at >= 0; at = low.indexOf(sought, from)) {
    pieces.push(text.slice(from, at), el("mark", { text: text.slice(at, at + sought.length) }));
    from = at + sought.length;
  }
  return [...pieces, text.slice(from)];
}

function entry(line, sought) {
  const loud = line.level === "error" || line.level === "warning" ? line.level : line.kind;
  return remember(el("div", { class: `entry ${line.kind} ${line.level}` },
    el("time", { text: line.at }), el("span", { text: NAMES[loud] ?? loud }), el("span", {}, ...marked(line, sought))), line);
}

function* chunks(lines) {
  for (let at = 0; at < lines.length; at += BLOCK) yield lines.slice(at, at + BLOCK);
}

function makeSheet(scroll) {
  let [size, sought] = [0, ""];
  const blocks = el("div");
  scroll.append(blocks);
  const near = new IntersectionObserver((seen) => {
    const told = new Map(seen.map((one) => [one.target, one.isIntersecting])); // the last word on each
    for (const [node, isNear] of told) (isNear ? fill : drain)(node);
  }, { root: scroll, rootMargin: "1200px 0px" });

  function make(lines) {
    const node = remember(el("div"), { lines, row: ROW });
    size += lines.length;
    near.observe(node);
    drain(node);
    return node;
  }

  function fill(node) {
    node.append(...parts.get(node).lines.slice(node.childElementCount).map((line) => entry(line, sought)));
    node.style.height = "";
  }

  function drain(node) {
    const block = parts.get(node);
    if (node.childElementCount) block.row = node.offsetHeight / node.childElementCount;
    node.replaceChildren();
    node.style.height = `${block.lines.length * block.row}px`;
  }

  return {
    get size() { return size; },
    blocks,
    close: () => near.disconnect(),
    reset(found, text) {
      near.disconnect();
      [size, sought] = [0, text];
      blocks.replaceChildren(...[...chunks(found)].map(make));
    },
    // At the end; the last ones at once, so that who follows sees no empty place first.
    add(found) {
      const last = blocks.lastElementChild;
      const room = last ? Math.min(found.length, BLOCK - parts.get(last).lines.length) : 0;
      if (room) {
        parts.get(last).lines.push(...found.slice(0, room));
        size += room;
        if (last.childElementCount) fill(last);
        else drain(last);
      }
      blocks.append(...[...chunks(found.slice(room))].map(make));
      if (found.length) fill(blocks.lastElementChild);
    },
    // Above the rest; `seen`: the last ones are next to what is read, and must not grow under the reader later.
    addAbove(found, seen) {
      const made = [...chunks(found)].map(make);
      blocks.prepend(...made);
      if (seen && made.length) fill(made[made.length - 1]);
    },
    // A line amid its neighbours, who are filled first so that nothing grows above it later.
    reveal(line) {
      const node = [...blocks.children].find((one) => parts.get(one).lines.includes(line));
      for (const one of [node?.previousElementSibling, node, node?.nextElementSibling]) if (one) fill(one);
      const row = node?.children[parts.get(node).lines.indexOf(line)];
      if (!row) return;
      row.classList.add("found");
      scroll.scrollTop += row.getBoundingClientRect().top - scroll.getBoundingClientRect().top - scroll.clientHeight / 2;
    },
  };
}
