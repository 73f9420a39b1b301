// Makes forms pleasant; without it everything works. The summary of errors takes the focus, and a long list of
// choices can be searched by typing: without accents too, and đ as d.

export function folded(text) {
  return text.normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/gi, "d").toLowerCase().trim();
}

export function matching(names, typed) {
  const wanted = folded(typed);
  return names.filter((name) => folded(name).split(/[\s(/,-]+/).some((_, at, words) => words.slice(at).join(" ").startsWith(wanted)) || folded(name).startsWith(wanted));
}

function searchable(select) {
  const all = [...select.options];
  const box = document.createElement("input");
  box.type = "search";
  box.autocomplete = "off";
  box.className = "search";
  box.placeholder = select.dataset.search;
  box.setAttribute("aria-label", select.dataset.search);
  box.setAttribute("aria-controls", select.id);
  select.before(box);
  const show = () => {
    const chosen = select.value;
    const kept = new Set(matching(all.map((option) => option.text), box.value));
    select.replaceChildren(...all.filter((option) => option.value === "" || option.value === chosen || kept.has(option.text)));
    const left = [...select.options].filter((option) => option.value !== "" && kept.has(option.text));
    select.value = box.value && left.length === 1 ? left[0].value : chosen;
  };
  // While Telex or VNI puts a letter together, what stands there is none yet.
  box.addEventListener("input", (event) => { if (!event.isComposing) show(); });
  box.addEventListener("compositionend", show);
  // An option that comes back may believe that it is the chosen one still.
  const whole = () => { const chosen = select.value; select.replaceChildren(...all); select.value = chosen; };
  select.form.addEventListener("submit", whole, { once: true });
}

if (typeof document !== "undefined") {
  document.querySelector(".summary")?.focus();
  // On a telephone the system's own list can be searched, and two fields would be in the way.
  if (matchMedia("(pointer: fine)").matches) document.querySelectorAll("select[data-search]").forEach(searchable);
}
