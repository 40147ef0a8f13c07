
// Before anything is drawn: the colours that were chosen, which page this is, and where Streamlit finds its server
// (it would try the page's own path first, in vain).
(() => {
  const root = document.documentElement;
  root.dataset.page = location.pathname.slice(1) || "feed";
  window.__streamlit = { BACKEND_BASE_URL: location.origin, MAIN_PAGE_BASE_URL: location.origin };
  try {
    const chosen = localStorage.getItem("porter-theme") ?? "System"; // the frame's switch writes it
    if (chosen !== "System") root.style.colorScheme = chosen.toLowerCase();
    localStorage.setItem(`stActiveTheme-${location.pathname}-v2`, JSON.stringify(chosen)); // Streamlit's own memory
  } catch { /* a browser may forbid it; then the system decides */ }

  // On its way to another page Streamlit first writes that page's parameters behind this page's path, as a step of its
  // own. Without this, one step back led there, to a page without its filters.
  const push = history.pushState.bind(history);
  let written = false; // and the reader did nothing since
  for (const act of ["pointerdown", "keydown", "popstate"]) addEventListener(act, () => { written = false; }, true);
  history.pushState = (state, unused, address) => {
    const elsewhere = new URL(address ?? location.href, location.href).pathname !== location.pathname;
    if (elsewhere && written) history.replaceState(state, unused, address);
    else push(state, unused, address);
    written = !elsewhere;
  };
})();
