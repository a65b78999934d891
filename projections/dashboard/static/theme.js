// Light or dark, and flags or letters, before the first paint; without a choice, what the system prefers.
(() => {
  const root = document.documentElement;
  const read = () => { try { return localStorage.getItem("collector-theme"); } catch { return null; } };
  const write = (theme) => { try { localStorage.setItem("collector-theme", theme); } catch { /* a browser that keeps nothing */ } };
  const chosen = read();
  if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
  addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-theme-toggle]")) return;
    const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    root.dataset.theme = (root.dataset.theme || system) === "dark" ? "light" : "dark";
    write(root.dataset.theme);
  });
  // What a page before this one has found out of the browser's fonts.
  try { if (sessionStorage.getItem("collector-flags") === "drawn") root.dataset.flags = ""; } catch { /* letters, then */ }
})();
