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
  // Where a font has flags, the two letters of one are drawn as one sign, which is narrower than the two of them.
  const pen = document.createElement("canvas").getContext("2d");
  const width = (letters) => pen?.measureText(letters).width ?? 0;
  if (width("\u{1F1F3}\u{1F1F4}") < width("\u{1F1F3}") + width("\u{1F1F4}")) root.dataset.flags = "";
})();
