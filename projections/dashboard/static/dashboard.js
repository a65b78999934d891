// Makes the page livelier: a bar's number is shown at once, arrows walk along the chart, fields of days open a calendar.
// Everything works without it.

const LOCAL = { date: 10, "datetime-local": 16 };

// Again after every exchange of elements.
function enliven() {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
  for (const button of document.querySelectorAll("[data-theme-toggle]")) button.hidden = false;
  for (const title of document.querySelectorAll(".slot > title")) title.remove();
  for (const field of document.querySelectorAll("[data-picker]")) offerCalendar(field);
  letScroll();
  if (!seekingFlags && document.querySelector(".flag")) seekingFlags = whenIdle(seekFlags);
  bubble.hidden = true;
}

// What is wider than its place is scrolled by keyboard, too, and says what it is.
function letScroll() {
  for (const one of document.querySelectorAll(".scroll")) {
    const isWide = one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight;
    const told = { tabindex: "0", role: "region", "aria-label": `${one.querySelector("caption")?.textContent}, to scroll` };
    for (const [name, value] of Object.entries(told)) {
      if (isWide) one.setAttribute(name, value); else one.removeAttribute(name);
    }
  }
}
addEventListener("resize", letScroll);
addEventListener("toggle", letScroll, { capture: true });

// Where a font has flags, the two letters of one are drawn as one sign, which is narrower than the two of them. Some systems
// search all their fonts for it, so nothing waits for the answer, and it is remembered.
let seekingFlags = 0;
const whenIdle = (act) => (window.requestIdleCallback ? requestIdleCallback(act) : setTimeout(act, 200));
function seekFlags() {
  let found = null;
  try { found = sessionStorage.getItem("collector-flags"); } catch { /* a browser that keeps nothing */ }
  if (found) return;
  const pen = document.createElement("canvas").getContext("2d");
  const width = (letters) => pen?.measureText(letters).width ?? 0;
  const isDrawn = width("\u{1F1F3}\u{1F1F4}") < width("\u{1F1F3}") + width("\u{1F1F4}");
  document.documentElement.toggleAttribute("data-flags", isDrawn);
  try { sessionStorage.setItem("collector-flags", isDrawn ? "drawn" : "letters"); } catch { /* so it is sought again */ }
}

// Four hundred names, for whoever is about to choose one.
addEventListener("focusin", (event) => { if (event.target.matches?.("[list=zones]")) offerZones(); });
function offerZones() {
  const zones = document.getElementById("zones");
  if (!zones || zones.childElementCount || !Intl.supportedValuesOf) return;
  const mine = Intl.DateTimeFormat().resolvedOptions().timeZone;
  for (const name of new Set([mine, "UTC", ...Intl.supportedValuesOf("timeZone")])) {
    zones.append(Object.assign(document.createElement("option"), { value: name }));
  }
}

// The browser's own calendar writes the day in its own way; the field says it in the page's.
function offerCalendar(field) {
  const kind = field.dataset.picker;
  const calendar = Object.assign(document.createElement("input"), { type: kind, tabIndex: -1, className: "calendar", ariaHidden: "true" });
  const label = field.closest("label");
  if (label.parentElement.matches(".with-pick") || !calendar.showPicker) return;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "quiet pick", textContent: "Calendar" });
  button.addEventListener("click", () => {
    calendar.value = field.value.replace(" ", "T");
    calendar.showPicker();
  });
  calendar.addEventListener("input", () => { field.value = calendar.value.slice(0, LOCAL[kind]).replace("T", " "); });
  const place = Object.assign(document.createElement("div"), { className: "with-pick" });
  label.replaceWith(place);
  place.append(label, button, calendar);
}

addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(document.querySelector(button.dataset.copy).textContent.trim());
  button.textContent = "Copied";
  setTimeout(() => { button.textContent = "Copy"; }, 2000);
});

// A sheet closes when somebody clicks beside it or presses Escape.
addEventListener("pointerdown", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  bubble.hidden = true;
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    menu.removeAttribute("open");
    menu.querySelector("summary").focus();
  }
});

// The tabulator stops at one day of the chart; from there arrows lead on.
addEventListener("keydown", (event) => {
  const day = event.target.closest?.(".bars a");
  if (!day || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const days = [...day.closest(".bars").querySelectorAll("a")];
  const at = days.indexOf(day);
  const wanted = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: days.length - 1 }[event.key];
  const next = days[Math.min(Math.max(wanted, 0), days.length - 1)];
  if (!next) return;
  event.preventDefault();
  for (const one of days) one.setAttribute("tabindex", one === next ? "0" : "-1");
  next.focus();
});

// The number of the bar under the pointer, or of the one that the keyboard is at.
const bubble = Object.assign(document.createElement("div"), { className: "bubble", hidden: true, ariaHidden: "true" });
document.body.append(bubble);
function tell(slot) {
  bubble.hidden = !slot;
  if (!slot) return;
  const name = Object.assign(document.createElement("span"), { textContent: slot.dataset.name });
  const value = Object.assign(document.createElement("b"), { textContent: slot.dataset.value });
  const beside = Object.assign(document.createElement("div"), { textContent: slot.dataset.beside ?? "" });
  bubble.replaceChildren(value, name, beside);
  const half = bubble.offsetWidth / 2 + 8;
  const box = slot.getBoundingClientRect();
  const middle = Math.min(Math.max(box.left + box.width / 2, half), document.documentElement.clientWidth - half);
  bubble.style.left = `${middle + scrollX}px`;
  bubble.style.top = `${box.top + scrollY - 14}px`;
}
addEventListener("pointermove", (event) => tell(event.target.closest?.(".slot")));
addEventListener("focusin", (event) => tell(event.target.matches?.(".bars a:focus-visible") ? event.target.querySelector(".slot") : null));

document.addEventListener("shown", enliven);
enliven();
