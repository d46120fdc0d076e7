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

// Single keys, for those who have not switched them off (/keys/) and are not typing.
function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (!document.body.hasAttribute("data-keys") || document.querySelector("dialog[open]")) return;
  // Right after a sheet is closed its field may still have the focus, though nobody can type there.
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  if (typing && !typing.closest("dialog:not([open])")) return;
  if (event.key === "t") {
    window.location.assign("/timer/");
    return;
  }
  const link = document.querySelector(`a[data-sheet="${CSS.escape(event.key)}"]`);
  if (link) {
    event.preventDefault();
    openSheet(link);
  }
}

// The page behind a link as a sheet over this one. What was typed in a sheet stays until the page is left.
async function openSheet(link) {
  const field = document.querySelector("main #log input[name=length]");
  if (link.dataset.sheet === "l" && field) {
    field.focus();
    return;
  }
  let sheet = [...document.querySelectorAll("dialog")].find((other) => other.dataset.of === link.href);
  if (!sheet) {
    let answer;
    try {
      answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
    } catch {
      answer = null;
    }
    // Logged out meanwhile, or no network: the page itself knows what to say.
    if (!answer || !answer.ok || answer.redirected) {
      window.location.assign(link.href);
      return;
    }
    sheet = document.createElement("dialog");
    sheet.className = "sheet";
    sheet.dataset.of = link.href;
    sheet.setAttribute("aria-labelledby", "sheet-title");
    sheet.innerHTML = await answer.text();
    document.body.append(sheet);
    htmx.process(sheet);
    suggestZone();
  }
  for (const title of document.querySelectorAll("#sheet-title")) title.removeAttribute("id");
  sheet.querySelector("h2").id = "sheet-title";
  sheet.showModal();
  const first = sheet.querySelector("input[name=length]");
  if (first) first.focus();
}

function onClick(event) {
  const link = event.target.closest("a[data-sheet]");
  if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  openSheet(link);
}

// The running timer counts on in whole minutes, from what the server said and this device's own clock.
function runTimer() {
  const shown = document.querySelector("[data-timer][data-runs]");
  if (!shown) return;
  const begun = performance.now() - 1000 * Number(shown.dataset.seconds);
  setInterval(() => {
    const minutes = Math.floor((performance.now() - begun) / 60000);
    const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
    const text = !hours ? `${rest}\u00a0min` : rest ? `${hours}\u00a0h\u00a0${String(rest).padStart(2, "0")}` : `${hours}\u00a0h`;
    if (shown.textContent !== text) shown.textContent = text;
  }, 1000);
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
  runTimer();
  focusMistake(document);
});
document.addEventListener("keydown", onKey);
document.addEventListener("click", onClick);
document.addEventListener("htmx:afterSwap", (event) => focusMistake(event.target));

// The answer to a tick or a log moves nothing under the reader's hand: the new element keeps the focus.
document.addEventListener("htmx:afterSettle", (event) => {
  const next = event.target.querySelector("[data-focus]");
  if (next) next.focus();
});
