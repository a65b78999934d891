// Makes the page livelier: it keeps itself up to date, follows its own links in place, and shows a bar's number at once.
// Everything works without it.

const PAUSE = 5000;
const main = () => document.getElementById("main");
let mark = null;
let shown = 0;

// What a page says right now, or null when it has not changed since we asked last.
async function ask(address, known) {
  const headers = { Accept: "text/html" };
  if (known) headers["If-None-Match"] = known;
  const answer = await fetch(address, { headers, cache: "no-store", credentials: "same-origin" });
  if (answer.status === 304) return null;
  if (answer.redirected) { location.assign(answer.url); return null; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return { page, ok: answer.ok, mark: answer.headers.get("ETag") };
}

// What must survive an exchange of elements: where the keyboard is, and which details are open.
function remember() {
  const focused = document.activeElement;
  return {
    key: focused?.dataset?.key ?? null,
    href: focused?.getAttribute?.("href") ?? null,
    id: focused?.id || null,
    open: [...document.querySelectorAll("details[id][open]")].map((one) => one.id),
  };
}

function restore(kept) {
  for (const id of kept.open) document.getElementById(id)?.setAttribute("open", "");
  if (document.activeElement && document.activeElement !== document.body) return;
  const find = (selector) => main().querySelector(selector);
  const again = (kept.key && find(`[data-key="${CSS.escape(kept.key)}"]`))
    || (kept.id && document.getElementById(kept.id))
    || (kept.href && find(`a[href="${CSS.escape(kept.href)}"]`));
  again?.focus({ preventScroll: true });
}

const live = (page) => [...page.querySelectorAll("[data-live][id]")];
const names = (page) => live(page).map((one) => one.id).join();

function selecting(element) {
  const selection = getSelection();
  return selection && !selection.isCollapsed && element.contains(selection.anchorNode);
}

// New numbers in the same page: exchange the panels and leave the rest, which somebody may be typing in, alone.
function freshen(page) {
  if (names(page) !== names(document)) return exchange(page);
  const kept = remember();
  for (const fresh of live(page)) {
    const stale = document.getElementById(fresh.id);
    if (!selecting(stale)) stale.replaceWith(fresh);
  }
  restore(kept);
  enliven();
}

// Another page altogether.
function exchange(page) {
  const kept = remember();
  document.title = page.title;
  document.querySelector("header.top")?.replaceWith(page.querySelector("header.top"));
  main().replaceWith(page.getElementById("main"));
  kept.open = kept.open.filter((id) => id !== "custom");
  restore(kept);
  enliven();
}

async function follow(address, { push }) {
  const mine = ++shown;
  document.documentElement.dataset.loading = "";
  try {
    const answer = await ask(address, null);
    if (mine !== shown || !answer) return;
    if (!answer.ok) { location.assign(address); return; }
    if (push) history.pushState(null, "", address);
    mark = answer.mark;
    exchange(answer.page);
  } catch {
    location.assign(address);
  } finally {
    if (mine === shown) delete document.documentElement.dataset.loading;
  }
}

async function keepFresh() {
  let pause = PAUSE;
  if (!document.hidden) {
    const mine = shown;
    const began = performance.now();
    try {
      const answer = await ask(location.href, mark);
      if (answer?.ok && mine === shown) {
        mark = answer.mark;
        freshen(answer.page);
      }
    } catch { /* away for now; the next look may find it */ }
    // A page that takes long to answer is asked less often.
    pause = Math.max(PAUSE, 10 * (performance.now() - began));
  }
  setTimeout(keepFresh, pause);
}

function enliven() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = !navigator.clipboard;
  }
  for (const button of document.querySelectorAll("[data-theme-toggle]")) button.hidden = false;
  for (const title of document.querySelectorAll(".slot > title")) title.remove();
  const zones = document.getElementById("zones");
  if (zones && !zones.childElementCount && Intl.supportedValuesOf) {
    const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
    for (const name of new Set([mine, "UTC", ...Intl.supportedValuesOf("timeZone")])) {
      zones.append(Object.assign(document.createElement("option"), { value: name }));
    }
  }
}

addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (button) {
    await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
    return;
  }
  const link = event.target.closest?.("a[data-swap]");
  if (!link || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  link.focus?.({ preventScroll: true });
  follow(link.href.baseVal ?? link.href, { push: true });
});

// A sheet closes when somebody clicks beside it or presses Escape.
addEventListener("pointerdown", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  }
});

addEventListener("popstate", () => follow(location.href, { push: false }));
document.addEventListener("visibilitychange", () => { if (!document.hidden) mark = null; });

// The number of the bar under the pointer.
const bubble = Object.assign(document.createElement("div"), { className: "bubble", hidden: true });
bubble.setAttribute("aria-hidden", "true");
document.body.append(bubble);
addEventListener("pointermove", (event) => {
  const slot = event.target.closest?.(".slot");
  bubble.hidden = !slot;
  if (!slot) return;
  const name = Object.assign(document.createElement("span"), { textContent: slot.dataset.name });
  const value = Object.assign(document.createElement("b"), { textContent: `${slot.dataset.value} ${slot.dataset.title.toLowerCase()}` });
  bubble.replaceChildren(value, name);
  const half = bubble.offsetWidth / 2 + 8;
  const box = slot.getBoundingClientRect();
  const middle = Math.min(Math.max(box.left + box.width / 2, half), document.documentElement.clientWidth - half);
  bubble.style.left = `${middle + scrollX}px`;
  bubble.style.top = `${box.top + scrollY - 14}px`;
});

enliven();
setTimeout(keepFresh, PAUSE);
