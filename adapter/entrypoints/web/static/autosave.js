// Keeps what is typed into a draft, on the server, while one types. Without it the buttons do the same. One save at a
// time; what is typed meanwhile is saved behind it. While nothing can be saved the page says so, and keeps what was typed.

const QUIET_MS = 1500; // after the last key
const AGAIN_MS = 10000; // after a save that did not come through

function autosave(form) {
  const told = form.querySelector("[data-saved]");
  const version = form.elements.version;
  let kept = typed(), timer = 0, busy = false, over = false, failed = false;

  function typed() {
    const fields = new URLSearchParams(new FormData(form));
    for (const own of ["csrf", "version", "then"]) fields.delete(own);
    return fields.toString();
  }

  function say(which, at) {
    told.hidden = false;
    failed = which !== "saved" && which !== "saving";
    told.textContent = told.dataset[which].replace("{at}", at ?? "");
    told.classList.toggle("err", failed);
    // Each save would be read aloud otherwise.
    told.setAttribute("aria-live", failed ? "polite" : "off");
  }

  function later(ms) {
    clearTimeout(timer);
    if (!over) timer = setTimeout(() => save(), ms);
  }

  async function renewed() {
    // He has logged in again in another window: this page gets the token of that session.
    const answer = await fetch(form.action, { headers: { Accept: "text/html" }, redirect: "manual" });
    if (answer.status !== 200) return false;
    const other = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("form[data-autosave]");
    if (!other || other.elements.csrf.value === form.elements.csrf.value) return false;
    form.elements.csrf.value = other.elements.csrf.value;
    return true;
  }

  async function save(keepalive = false) {
    const now = typed();
    if (busy || over || now === kept) return;
    busy = true;
    say("saving");
    let again = AGAIN_MS;
    try {
      const body = new URLSearchParams(new FormData(form));
      body.set("then", "auto");
      const answer = await fetch(form.action, { method: "POST", body, keepalive, redirect: "manual", headers: { Accept: "application/json" } });
      if (answer.status === 200) {
        const became = await answer.json();
        version.value = became.version; // this save is no other window's
        kept = now;
        say("saved", became.at);
        again = QUIET_MS;
      } else if (answer.status === 409) {
        over = true; // another window has changed the same fields: the button shows both
        say("clash");
      } else if (answer.status === 403 && (await renewed())) {
        again = 0;
      } else {
        say(answer.status === 403 ? "logged" : "offline");
      }
    } catch {
      say("offline");
    }
    busy = false;
    if (typed() !== kept) later(again);
  }

  const soon = (event) => { if (!event.isComposing) later(QUIET_MS); };
  form.addEventListener("input", soon);
  form.addEventListener("change", soon);
  form.addEventListener("compositionend", () => later(QUIET_MS));
  addEventListener("online", () => later(0));
  // What hides may not come back: a telephone ends what is in the background.
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(true); });
  let leaves = false;
  form.addEventListener("submit", (event) => {
    if (!navigator.onLine) { // the browser would put a page of its own in the place of what was typed
      event.preventDefault();
      say("offline");
      return;
    }
    over = leaves = true;
    clearTimeout(timer);
  });
  addEventListener("beforeunload", (event) => {
    if (leaves || typed() === kept) return;
    if (failed || busy) event.preventDefault(); // the browser asks whether he means to leave
    else save(true);
  });
}

document.querySelectorAll("form[data-autosave]").forEach(autosave);
