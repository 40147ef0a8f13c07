
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
})();
