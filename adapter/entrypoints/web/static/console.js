// Makes a shift at the work list possible by keyboard, and tells of new work. Without it everything works.
// j k move, Enter opens, x marks, n goes to the next step, u up, / to the filter, ? helps; not in fields, and not while a letter is put together.

const KEPT = "nsw.keys", LIST = "nsw.list";

function typing(event) {
  const at = event.target;
  return event.isComposing || event.ctrlKey || event.altKey || event.metaKey || at.isContentEditable || (/^(input|select|textarea)$/i.test(at.tagName) && at.type !== "checkbox");
}

function keysOn() {
  try { return localStorage.getItem(KEPT) !== "off"; } catch { return true; }
}

function list(table) {
  const rows = [...table.tBodies[0].rows];
  let at = -1;
  const go = (to) => {
    rows[at]?.classList.remove("here");
    at = Math.max(0, Math.min(rows.length - 1, to));
    rows[at].classList.add("here");
    (rows[at].querySelector("a") ?? rows[at].querySelector("input"))?.focus({ preventScroll: true });
    rows[at].scrollIntoView({ block: "nearest" });
  };
  table.addEventListener("focusin", (event) => {
    const row = rows.indexOf(event.target.closest("tr"));
    if (row >= 0 && row !== at) { rows[at]?.classList.remove("here"); at = row; rows[at].classList.add("here"); }
  });
  return {
    j: () => go(at + 1),
    k: () => go(at - 1),
    x: () => { const box = rows[at]?.querySelector("input[type=checkbox]"); if (box) box.checked = !box.checked; },
    Enter: (event) => { if (event.target.tagName !== "A" && event.target.tagName !== "BUTTON" && at >= 0) rows[at].querySelector("a")?.click(); },
  };
}

function keys(help) {
  const table = document.querySelector("[data-rows]");
  const acts = {
    ...(table ? list(table) : {}),
    "/": (event) => { const first = document.querySelector("[data-first]"); if (first) { event.preventDefault(); first.focus(); } },
    "?": () => help?.showModal(),
    u: () => document.querySelector("[data-up]")?.click(),
    n: (event) => { const next = document.querySelector("[data-next]"); if (next) { event.preventDefault(); next.focus(); } },
  };
  document.addEventListener("keydown", (event) => {
    if (keysOn() && !typing(event) && !document.querySelector("dialog[open]")) acts[event.key]?.(event);
  });
}

function switchable(help) {
  const box = help?.querySelector("[data-keys-on]");
  if (!box) return;
  box.checked = keysOn();
  box.addEventListener("change", () => { try { localStorage.setItem(KEPT, box.checked ? "on" : "off"); } catch { /* not kept */ } });
}

const EVERY_MS = 15000;

function watch(place) {
  let mark = `"${place.dataset.mark}"`;
  const look = async () => {
    if (document.hidden) return;
    try {
      const answer = await fetch(place.dataset.news, { headers: { "If-None-Match": mark }, redirect: "error" });
      if (answer.status !== 200) return;
      mark = answer.headers.get("ETag") ?? mark;
      place.innerHTML = await answer.text();
    } catch { /* the next look may reach it */ }
  };
  setInterval(look, Number(place.dataset.every) || EVERY_MS);
  document.addEventListener("visibilitychange", look);
}

// From a dossier one comes back to the list as it was narrowed: its address has codes alone.
function keptList() {
  try {
    if (document.querySelector("[data-news]")) sessionStorage.setItem(LIST, location.search);
    document.querySelectorAll("a[data-up][href='/can-bo']").forEach((up) => { up.href += sessionStorage.getItem(LIST) ?? ""; });
  } catch { /* the whole list, then */ }
}

function phrases(button) {
  button.addEventListener("click", () => {
    const field = document.getElementById(button.dataset.phrase);
    field.value = field.value ? `${field.value.trim()} ${button.textContent}` : button.textContent;
    field.focus();
  });
}

const help = document.querySelector("[data-help]");
keys(help);
switchable(help);
document.querySelectorAll("[data-keys]").forEach((hint) => { hint.hidden = !keysOn(); });
document.querySelectorAll("[data-news]").forEach(watch);
document.querySelectorAll("[data-phrase]").forEach(phrases);
keptList();
(document.querySelector("[data-done]") ?? document.querySelector(".summary[role=alert]"))?.focus();
