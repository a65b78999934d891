// Sends the forms that decide something in place: what is wrong is said beside the form, and a secret is shown once, there.
// Everything works without it: then a form is sent as any, and the administration answers with a page of its own.

const AWAY = "Nothing answered. Try again in a moment.";

function say(form, words) {
  const wrong = form.querySelector("[data-wrong]");
  wrong.textContent = words;
  wrong.hidden = false;
}

async function decide(form) {
  const headers = { Accept: "application/json" };
  const body = new URLSearchParams(new FormData(form));
  const answer = await fetch(form.action, { method: "POST", body, headers, credentials: "same-origin" });
  if (answer.redirected) return go(answer.url);
  if (answer.ok) return show(form, new DOMParser().parseFromString(await answer.text(), "text/html"));
  const said = await answer.json().catch(() => ({}));
  say(form, said.detail || said.title || AWAY);
}

// The same address with another fragment would not be loaded again.
function go(address) {
  const there = new URL(address);
  const isHere = there.pathname + there.search === location.pathname + location.search;
  location.assign(there);
  if (isHere) location.reload();
}

// What the administration's own page shows once, in this page.
function show(form, page) {
  const shown = document.getElementById("shown-once").content.cloneNode(true);
  shown.querySelector("[data-title]").textContent = page.querySelector("h1").textContent;
  shown.querySelector("[data-words]").textContent = page.querySelector("h1 + p").textContent;
  shown.querySelector("[data-secret]").textContent = page.getElementById("shown").textContent;
  shown.querySelector("[data-onward]").setAttribute("href", page.querySelector("a").getAttribute("href"));
  shown.querySelector("[data-copy]").hidden = !navigator.clipboard;
  form.replaceWith(shown);
}

addEventListener("submit", async (event) => {
  const form = event.target.closest?.("form[data-decide]");
  if (!form) return;
  event.preventDefault();
  const button = event.submitter;
  if (button) button.disabled = true;
  try {
    await decide(form);
  } catch {
    say(form, AWAY);
  } finally {
    if (button) button.disabled = false;
  }
});

// What a one-time link holds stands behind its #; it leaves the address bar, and the history, at once.
const invitation = document.querySelector("[data-invitation] input");
if (invitation && location.hash.length > 1) {
  invitation.value = location.hash.slice(1);
  for (const part of document.querySelectorAll("[data-invitation]")) part.hidden = true;
  history.replaceState(null, "", location.pathname);
}

// What members are called is in no table: the administration says it to those who may know.
const members = [...document.querySelectorAll("[data-member]")];
if (members.length) {
  // From where this file is: the house may stand below a path.
  fetch(new URL("../v1/admin/members?limit=500", import.meta.url), { headers: { Accept: "application/json" }, credentials: "same-origin" })
    .then((answer) => (answer.ok ? answer.json() : { items: [] }))
    .then(({ items }) => {
      const names = new Map(items.map((one) => [one.id, one.name]));
      const nameless = members.filter((one) => {
        const name = names.get(one.dataset.member);
        if (name) one.textContent = name;
        return !name;
      });
      document.querySelector("[data-names-missing]").hidden = !nameless.length;
    })
    .catch(() => { /* ids, then */ });
}
