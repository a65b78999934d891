// Sends the forms that decide something in place: what is wrong is said beside the form, and a secret is shown once, here.
// Everything works without it: then a form is sent as any, and the administration answers with a page of its own.

const AWAY = "Nothing answered. Try again in a moment.";

function say(form, words) {
  const wrong = form.querySelector("[data-wrong]");
  wrong.textContent = words;
  wrong.hidden = false;
}

async function decide(form, button) {
  const fields = new URLSearchParams(new FormData(form, button));
  const headers = { Accept: "application/json" };
  const answer = await fetch(form.action, { method: "POST", body: fields, headers, credentials: "same-origin" });
  if (answer.redirected) return go(answer.url);
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) return say(form, said.detail || said.title || AWAY);
  show(form, said.key?.text ?? said.secret ?? said.link ?? said.key ?? "");
}

// The same address with another fragment would not be loaded again.
function go(address) {
  const there = new URL(address);
  const isHere = there.pathname + there.search === location.pathname + location.search;
  location.assign(there);
  if (isHere) location.reload();
}

function show(form, secret) {
  const shown = form.parentElement.querySelector("[data-shown]");
  if (!shown) return location.reload();
  const place = form.nextElementSibling?.matches("[data-shown]") ? form.nextElementSibling : shown;
  place.querySelector("[data-secret]").textContent = secret;
  place.hidden = false;
  for (const copy of place.querySelectorAll("[data-copy]")) copy.hidden = !navigator.clipboard;
  form.hidden = true;
  place.scrollIntoView({ block: "nearest" });
}

addEventListener("submit", async (event) => {
  const form = event.target.closest?.("form[data-decide]");
  if (!form) return;
  event.preventDefault();
  const button = event.submitter;
  if (button) button.disabled = true;
  try {
    await decide(form, null);
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
const named = [...document.querySelectorAll("[data-member]")];
if (named.length) {
  fetch("/v1/admin/members?limit=1000", { headers: { Accept: "application/json" }, credentials: "same-origin" })
    .then((answer) => (answer.ok ? answer.json() : { members: [] }))
    .then(({ members = [] }) => {
      const names = new Map(members.map((one) => [one.id ?? one.member, one.name]));
      for (const one of named) if (names.get(one.dataset.member)) one.textContent = names.get(one.dataset.member);
      if (named.every((one) => names.get(one.dataset.member))) {
        for (const sentence of document.querySelectorAll("[data-names-missing]")) sentence.hidden = true;
      }
    })
    .catch(() => { /* ids, then */ });
}
