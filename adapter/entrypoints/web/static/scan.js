// One box for a scanner: it is ready for the next passport, and Enter looks up. Without it the button does.
// A machine-readable zone has two or three lines, which a scanner ends with Enter too: only a whole one is sent.

const WHOLE = [72, 88, 90];

function isWhole(text) {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
  return lines.length > 0 && (!lines.some((line) => line.includes("<")) || WHOLE.includes(lines.join("").length));
}

const box = document.getElementById("q");
box.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !isWhole(box.value)) return;
  event.preventDefault();
  box.form.requestSubmit();
});
const fault = document.querySelector("[role=alert]");
if (fault) fault.focus();
else if (matchMedia("(pointer: fine)").matches) { box.focus({ preventScroll: true }); box.select(); }
