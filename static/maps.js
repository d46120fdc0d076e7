// Maps: arrow keys between topics, and a PNG made of the SVG. The page works without.
"use strict";

// Down and up within a column, right and left to the topic that stands nearest in the next one.
function onMapKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  const here = event.target.closest("a[data-cell]");
  if (!here) return;
  const grid = here.closest("[data-grid]");
  const column = here.closest("[data-column]");
  // What is folded still has its place in the layout.
  const seen = (within) => [...within.querySelectorAll("a[data-cell]")].filter((link) => link.checkVisibility());
  const own = seen(column);
  const at = own.indexOf(here);
  let next;
  if (event.key === "ArrowDown") next = own[at + 1];
  else if (event.key === "ArrowUp") next = own[at - 1];
  else if (event.key === "Home") next = own[0];
  else if (event.key === "End") next = own[own.length - 1];
  else if (event.key === "ArrowRight" || event.key === "ArrowLeft") {
    const back = event.key === "ArrowLeft";
    const columns = [...grid.querySelectorAll("[data-column]")].filter((other) => seen(other).length);
    if (columns.length === 1) next = own[at + (back ? -1 : 1)];
    else {
      const other = columns[columns.indexOf(column) + (back ? -1 : 1)];
      const top = here.getBoundingClientRect().top;
      const distance = (link) => Math.abs(link.getBoundingClientRect().top - top);
      if (other) next = seen(other).reduce((best, link) => (distance(link) < distance(best) ? link : best));
    }
  } else return;
  event.preventDefault();
  if (next) next.focus();
}

// Two points for each of the picture's, so that small type stays readable; no picture is wider than browsers draw.
async function savePng(button) {
  const said = document.querySelector("[data-png-said]");
  said.textContent = "";
  try {
    const picture = new Image();
    picture.src = button.dataset.png;
    await picture.decode();
    const scale = Math.min(2, 16000 / picture.naturalWidth, 16000 / picture.naturalHeight);
    const canvas = document.createElement("canvas");
    canvas.width = picture.naturalWidth * scale;
    canvas.height = picture.naturalHeight * scale;
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const file = await new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = button.dataset.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    said.textContent = "The picture is among your downloads.";
  } catch {
    said.textContent = "This browser could not draw the picture. The SVG is the same map.";
  }
}

// Where the columns stand side by side they are all shown, whatever is folded: say so to who cannot see it.
if (window.matchMedia("(min-width: 75rem)").matches) {
  for (const column of document.querySelectorAll("details[data-column]")) column.open = true;
}
document.addEventListener("keydown", onMapKey);
for (const button of document.querySelectorAll("[data-png]")) {
  button.hidden = false;
  button.addEventListener("click", () => savePng(button));
}
