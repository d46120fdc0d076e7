// Small conveniences; every page works without them.
"use strict";

// The zone the browser is in, suggested once to the forms that ask for it.
function suggestZone() {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone) return;
  for (const field of document.querySelectorAll('input[name="zone"]')) {
    const untouched = field.value === "" || (field.dataset.zone !== undefined && field.defaultValue === "UTC");
    if (untouched && !field.closest("[data-chosen]")) field.value = zone;
  }
}

// "l" logs: to the log form of this page, or to the page that has it.
function onKey(event) {
  if (event.key !== "l" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector("#log input[name=length]");
  if (field) {
    event.preventDefault();
    field.focus();
  } else if (document.querySelector(".nav")) {
    window.location.assign("/journal/log/");
  }
}

// A refused form says so where the reader is: the first field with a mistake gets the focus.
function focusMistake(root) {
  const field = root.querySelector('[aria-invalid="true"]');
  if (field) field.focus();
}

// Code can be taken along. The button stands beside the code, so that it is not part of what is read out.
function offerCopies() {
  if (!navigator.clipboard) return;
  for (const code of document.querySelectorAll(".prose pre")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        button.textContent = "Copied";
      } catch {
        button.textContent = "Not copied";
      }
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    const around = document.createElement("div");
    around.className = "coded";
    code.replaceWith(around);
    around.append(code, button);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  suggestZone();
  offerCopies();
  focusMistake(document);
});
document.addEventListener("keydown", onKey);
document.addEventListener("htmx:afterSwap", (event) => focusMistake(event.target));

// The answer to a tick or a log moves nothing under the reader's hand: the new element keeps the focus.
document.addEventListener("htmx:afterSettle", (event) => {
  const next = event.target.querySelector("[data-focus]");
  if (next) next.focus();
});
