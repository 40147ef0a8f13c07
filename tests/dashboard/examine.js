// What is wrong with the page as it stands, in words; an empty list when nothing is. Looks inside shadow roots.
() => {
  const faults = [];
  const visible = (node) => node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const named = (node) => `<${node.localName} class="${node.getAttribute("class") ?? ""}"> ${node.textContent.trim().slice(0, 60)}`;
  function* all(root) {
    for (const node of root.querySelectorAll("*")) {
      yield node;
      if (node.shadowRoot) yield* all(node.shadowRoot);
    }
  }
  const main = document.querySelector("[data-testid=stMain]");
  if (document.documentElement.scrollWidth > innerWidth) faults.push(`the page scrolls sideways: ${document.documentElement.scrollWidth} > ${innerWidth}`);
  if (main && main.scrollWidth > main.clientWidth) faults.push(`the page's main part scrolls sideways: ${main.scrollWidth} > ${main.clientWidth}`);
  for (const node of all(document.body)) {
    if (node.matches("[data-testid=stException], [data-testid=stAlert], [data-testid=stConnectionStatus]")) faults.push(`Streamlit's own box: ${named(node)}`);
    const words = [...node.childNodes].filter((child) => child.nodeType === Node.TEXT_NODE).map((child) => child.data).join("");
    if (!words.trim() || ["style", "script", "noscript"].includes(node.localName) || !visible(node)) continue;
    const size = parseFloat(getComputedStyle(node).fontSize);
    if (size < 13) faults.push(`text of ${size} px: ${named(node)}`);
    if (/\p{Emoji_Presentation}|\uFE0F/u.test(words)) faults.push(`an emoji: ${named(node)}`);
    if (/Traceback|sqlalche\.me|psycopg\.|Error\b.*\bline \d|\bundefined\b|\bNaN\b|\[object |\bnull\b/.test(words)) faults.push(`words of a machine: ${named(node)}`);
    const box = node.getBoundingClientRect();
    if (box.width && box.left >= 0 && box.right > innerWidth + 1 && !clipped(node)) faults.push(`stands out at the right: ${named(node)} (${Math.round(box.right)})`);
  }
  return [...new Set(faults)].slice(0, 30);

  // Within something that scrolls or clips on purpose.
  function clipped(node) {
    for (let at = node; at; at = at.parentElement ?? at.getRootNode().host) {
      if (at !== document.body && at.dataset?.testid !== "stMain" && at.dataset?.testid !== "stAppViewContainer" && getComputedStyle(at).overflowX !== "visible") return true;
    }
    return false;
  }
}
