// Follows the page's own links and forms in place, so that quick clicks add up and back and forward hold, and keeps its numbers
// up to date by asking for the parts that have changed. Everything works without it.

const PAUSE = 5000;
const PARTS = "Collector-Parts";
const main = () => document.getElementById("main");
const bare = (address) => address.split("#", 1)[0];
const said = (address) => [new URL(address).pathname, ...new URL(address).searchParams].join("\n");

// The address of what is on the page. While an answer is awaited, the address bar is ahead of it.
let shown = location.href;
let asking = null;
let mark = null;
let clickedMeanwhile = null;

// What a page says right now; null when that is known already, or when it leads elsewhere.
async function ask(address, { signal, known, parts }) {
  const headers = { Accept: "text/html" };
  if (known) headers["If-None-Match"] = known;
  if (parts) headers[PARTS] = parts;
  const answer = await fetch(address, { headers, signal, cache: "no-store", credentials: "same-origin" });
  if (answer.status === 304) return null;
  if (answer.redirected) { location.assign(answer.url); return null; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return { page, ok: answer.ok, mark: answer.headers.get("ETag"), parts: answer.headers.get(PARTS) };
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
  document.dispatchEvent(new Event("shown"));
  if (document.activeElement && document.activeElement !== document.body) return;
  const find = (selector) => main().querySelector(selector);
  const again = (kept.key && find(`[data-key="${CSS.escape(kept.key)}"]`))
    || (kept.id && document.getElementById(kept.id))
    || (kept.href && find(`a[href="${CSS.escape(kept.href)}"]`));
  again?.focus({ preventScroll: true });
}

const live = (page) => [...page.querySelectorAll("[data-live][id]")];
const names = (page) => live(page).map((one) => one.id).join(" ");
const marks = () => live(document).map((one) => `${one.id}=${one.dataset.live}`).join(" ");
// A page of which nothing can change is not asked for again: its only part is the place of a notice, which is not there.
const isLive = () => live(document).some((one) => one.id !== "late" || one.childElementCount);

function selecting(element) {
  const selection = getSelection();
  return selection && !selection.isCollapsed && element.contains(selection.anchorNode);
}

// New numbers in the same page: exchange what has changed and leave the rest, which somebody may be typing in, alone.
function freshen(page) {
  const kept = remember();
  for (const fresh of live(page)) {
    const stale = document.getElementById(fresh.id);
    if (selecting(stale)) continue;
    const scrolled = [...stale.querySelectorAll(".scroll")].map((one) => [one.scrollLeft, one.scrollTop]);
    stale.replaceWith(fresh);
    fresh.querySelectorAll("details[id]").forEach((one) => { one.open = kept.open.includes(one.id); });
    fresh.querySelectorAll(".scroll").forEach((one, number) => one.scrollTo(...(scrolled[number] ?? [0, 0])));
  }
  restore(kept);
}

const typed = () => [...document.querySelectorAll("details.menu input:not([type=hidden], .calendar)")];
const menuOf = (field) => field.closest("details.menu")?.id;

// Whoever is typing days or a value while an answer comes goes on typing them.
function goOnTyping(field, fields) {
  document.getElementById(menuOf(field))?.setAttribute("open", "");
  for (const fresh of typed().filter((one) => menuOf(one) === menuOf(field))) {
    fresh.value = fields.find((one) => one.name === fresh.name)?.value ?? fresh.value;
    if (fresh.name === field.name) fresh.focus({ preventScroll: true });
  }
}

// Another page altogether.
function exchange(page) {
  const kept = remember();
  const [field, fields] = [document.activeElement, typed()];
  const isTyping = fields.includes(field) && field.value !== field.defaultValue && !("asked" in field.form.dataset);
  document.title = page.title;
  document.querySelector("header.top")?.replaceWith(page.querySelector("header.top"));
  main().replaceWith(page.getElementById("main"));
  kept.open = kept.open.filter((id) => !document.getElementById(id)?.matches("details.menu"));
  restore(kept);
  if (isTyping) goOnTyping(field, fields);
}

// A sign for the eye and one for the ear, which hears it only where waiting takes a while.
const told = Object.assign(document.createElement("p"), { className: "unseen", ariaLive: "polite" });
main().after(told);
let patience = 0;
function busy(isBusy) {
  document.documentElement.toggleAttribute("data-loading", isBusy);
  if (isBusy) main().setAttribute("aria-busy", "true"); else main().removeAttribute("aria-busy");
  for (const one of isBusy ? [] : document.querySelectorAll("[data-asked]")) one.removeAttribute("data-asked");
  clearTimeout(patience);
  patience = isBusy ? setTimeout(() => { told.textContent = "Loading"; }, 700) : 0;
  if (!isBusy && told.textContent === "Loading") told.textContent = "Loaded";
}

function stop() {
  asking?.abort();
  asking = null;
  clickedMeanwhile = null;
  busy(false);
}

// The address bar already says *address*; what it names comes onto the page, unless another click comes first.
async function follow(address) {
  asking?.abort();
  const mine = asking = new AbortController();
  busy(true);
  try {
    const answer = await ask(address, { signal: mine.signal });
    if (mine !== asking || !answer) return;
    if (!answer.ok || !answer.page.getElementById("main")) { location.reload(); return; }
    mark = answer.mark;
    shown = address;
    exchange(answer.page);
    finish();
  } catch {
    if (mine === asking) location.reload();
  }
}

// A link that does more than change the page waits until the page is what was asked for.
function finish() {
  const key = clickedMeanwhile;
  stop();
  if (key) main().querySelector(`[data-key="${CSS.escape(key)}"]`)?.click();
}

// What of an address a link or form decides, whatever it was: the parameters that data-sets names, of tabs only the panel's own.
function decidedBy(element) {
  const group = element.closest("[data-sets]");
  const decided = group?.dataset.sets.split(" ") ?? [];
  const tabs = decided.includes("show") ? [...group.querySelectorAll("[data-key]")].map((one) => one.dataset.key.slice(4)) : null;
  return ([name, value]) => decided.includes(name) && (!tabs || tabs.includes(value));
}

// The address that was asked for last, changed as *wanted* would change the page that is still shown.
function added(wanted, element) {
  const [before, after, asked] = [shown, wanted, location.href].map((one) => new URL(one, location.href));
  if (before.pathname !== after.pathname || before.pathname !== asked.pathname) return wanted;
  const [had, has, have] = [before, after, asked].map((one) => [...one.searchParams]);
  const isIn = (those) => ([name, value]) => those.some((one) => one[0] === name && one[1] === value);
  const decides = decidedBy(element);
  const taken = had.filter((one) => !isIn(has)(one));
  const kept = have.filter((one) => !isIn(taken)(one) && !decides(one));
  const given = has.filter((one) => (decides(one) || !isIn(had)(one)) && !isIn(kept)(one));
  after.search = new URLSearchParams([...kept, ...given]).toString().replaceAll("%3A", ":").replaceAll("%2F", "/");
  return after.href;
}

function go(wanted, element) {
  const address = asking ? added(wanted, element) : wanted;
  element.dataset.asked = "";
  clickedMeanwhile = null;
  const isNew = said(address) !== said(location.href);
  if (asking && !isNew) return;
  if (isNew) history.pushState(null, "", address);
  follow(address);
}

addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.("a[href]");
  if (!link) return;
  if (link.hasAttribute("data-swap")) {
    event.preventDefault();
    link.focus?.({ preventScroll: true });
    go(new URL(link.href.baseVal ?? link.href, location.href).href, link);
  } else if (asking && link.dataset.key) {
    event.preventDefault();
    link.dataset.asked = "";
    clickedMeanwhile = link.dataset.key;
  }
});

addEventListener("submit", (event) => {
  const form = event.target.closest?.("form[data-swap]");
  if (!form) return;
  event.preventDefault();
  const wanted = new URL(form.action);
  wanted.search = new URLSearchParams(new FormData(form));
  go(wanted.href, form);
});

addEventListener("popstate", () => {
  if (bare(location.href) !== bare(shown)) follow(location.href);
  else if (asking) stop();
});
// Whoever leaves is not brought back by an answer that no longer comes.
addEventListener("beforeunload", () => { asking = null; });
document.addEventListener("visibilitychange", () => { if (!document.hidden) mark = null; });

async function keepFresh() {
  let pause = PAUSE;
  if (!document.hidden && !asking && isLive()) {
    const [asked, began] = [shown, performance.now()];
    const isStill = (answer) => answer?.ok && !asking && asked === shown;
    try {
      let answer = await ask(bare(shown), { known: mark, parts: marks() });
      const isSame = answer && (answer.parts ?? names(answer.page)) === names(document);
      // Other parts than those that are here are another page, such as the first numbers after the waiting.
      if (isStill(answer) && !isSame) answer = await ask(bare(shown), {});
      if (isStill(answer)) {
        mark = answer.mark;
        if (isSame) freshen(answer.page); else exchange(answer.page);
      }
    } catch { /* away for now; the next look may find it */ }
    // A page that takes long to answer is asked less often.
    pause = Math.max(PAUSE, 10 * (performance.now() - began));
  }
  setTimeout(keepFresh, pause);
}

setTimeout(keepFresh, PAUSE);
