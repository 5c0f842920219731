// Keys for what links and forms do without this script.
"use strict";

const LINKS = { j: "next", ArrowRight: "next", k: "prev", ArrowLeft: "prev", l: "up" };
const SAID = { a: "agree", d: "disagree", u: "unsure" };

function isTyping(element) {
  return element instanceof HTMLElement && element.matches("input, select, textarea");
}

// In the list, j and k go from ECG to ECG, and at an end to the next page.
function moveInList(step) {
  const links = [...document.querySelectorAll("a.ecg")];
  if (links.length === 0) return false;
  const at = links.indexOf(document.activeElement);
  const to = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
  if (!(to in links)) return false;
  links[to].focus();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && isTyping(document.activeElement)) {
    document.activeElement.blur();
    return;
  }
  if (isTyping(event.target)) return;
  const link = LINKS[event.key];
  if (link && (event.key === "j" || event.key === "k") && moveInList(link === "next" ? 1 : -1)) {
    event.preventDefault();
    return;
  }
  // An arrow scrolls what has the focus and is wider than the window.
  if (event.key.startsWith("Arrow") && event.target instanceof HTMLElement && event.target.matches(".scroll")) return;
  let target = null;
  if (link) target = document.querySelector(`nav a[rel="${link}"]`);
  if (SAID[event.key]) target = document.querySelector(`button[value="${SAID[event.key]}"]`);
  if (target) {
    event.preventDefault();
    target.click();
  }
  const note = document.getElementById("v-note");
  if (event.key === "n" && note) {
    event.preventDefault();
    note.focus();
  }
});

// The note is that of the label that is asked about.
document.addEventListener("change", (event) => {
  if (event.target.id !== "v-label") return;
  for (const row of document.querySelectorAll("tbody[data-label]")) {
    const chosen = row.dataset.label === event.target.value;
    row.classList.toggle("chosen", chosen);
    if (chosen) document.getElementById("v-note").value = row.querySelector(".note")?.textContent ?? "";
  }
});
