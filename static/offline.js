// What waits on this device: sent on every page, shown and written on /offline/, gone with logging out.
"use strict";

const DAY = { weekday: "short", day: "numeric", month: "short" };
const root = document.documentElement;
const learner = document.body.dataset.owner || "";
const offlinePage = document.querySelector("[data-offline]");

function sessions(number, verb = "") {
  const [singular, plural] = { "": ["", ""], wait: [" waits", " wait"], was: [" was", " were"], needs: [" needs", " need"] }[verb];
  return number === 1 ? `1 session${singular}` : `${number} sessions${plural}`;
}

function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  return made;
}

function button(text, act, kind = "btn") {
  const made = element("button", text, { type: "button", class: kind });
  made.addEventListener("click", act);
  return made;
}

// One line in the page's status; `name` names it, so that the next one of that name takes its place.
function say(name, text, parts = [], kind = "message") {
  const messages = document.getElementById("messages");
  const before = messages.querySelector(`[data-says="${name}"]`);
  if (!text) {
    if (before) before.remove();
    return null;
  }
  const line = element("div", "", { class: kind, "data-says": name });
  line.append(element("p", text), ...parts);
  if (before) before.replaceWith(line);
  else messages.append(line);
  return line;
}

function dayOf(text) {
  const moment = new Date(`${text}T12:00`);
  return Number.isNaN(moment.getTime()) ? text : moment.toLocaleDateString("en-GB", DAY).replace(",", "");
}

// ---- on every page ------------------------------------------------------------------------------------------

async function sayWhatWaits(state) {
  const sent = await queue.takeSent();
  if (sent) {
    const parts = location.pathname === "/journal/" ? [] : [element("a", "See the journal", { href: "/journal/" })];
    say("sent", `${sessions(sent)} logged that waited on this device.`, parts, "message success");
  }
  const entries = await queue.shownTo(learner || (await queue.read("owner")));
  const link = () => (offlinePage ? [] : [element("a", "See what waits", { href: "/offline/" })]);
  const unclaimed = entries.filter((entry) => !entry.owner).length;
  const asked = entries.filter((entry) => entry.owner && entry.sentences).length;
  const waiting = entries.length - unclaimed - asked;
  say("asked", asked && `${sessions(asked, "needs")} an answer before being logged.`, link());
  if (learner && unclaimed) {
    const claim = button("Log them", async () => {
      await queue.claim(learner);
      say("unclaimed", "");
      await sendNow();
    });
    say("unclaimed", `${sessions(unclaimed, "was")} written on this device without a network. Log ${unclaimed === 1 ? "it" : "them"}?`, [claim, ...link()]);
  } else {
    say("unclaimed", "");
  }
  const waits = waiting + (learner ? 0 : unclaimed);
  const why = {
    unreachable: "Cairn cannot be reached.",
    "logged out": "Log in and what waits is logged.",
  }[state] || "";
  const logIn = state === "logged out" ? [element("a", "Log in", { href: "/accounts/login/" })] : [];
  say("waiting", waits && `${sessions(waits, "wait")} on this device. ${why}`.trim(), [...logIn, ...link()]);
}

async function sendNow() {
  if (!(await queue.exists())) return;
  // A visitor's page knows that nobody is logged in; the offline page, the same for all, has to ask.
  const state = learner || offlinePage ? await queue.send(Boolean(offlinePage)) : "logged out";
  if (offlinePage) await showQueue(state);
  await sayWhatWaits(state);
}

async function registerWorker() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register("/service-worker.js");
  } catch {
    // A browser that refuses it (a private window, a setting) has Cairn with a network alone.
  }
}

async function rememberLearner() {
  if (!learner) return;
  const theme = root.dataset.theme;
  if ((await queue.read("owner")) !== learner) await queue.remember("owner", learner);
  if ((await queue.read("theme")) !== theme) await queue.remember("theme", theme);
  await queue.forgetOld(learner);
}

// ---- answering a question in the log form ---------------------------------------------------------------------

// The address names the entry only; what was written stays on the device.
async function fillLogForm() {
  const [, submission] = location.hash.match(/^#waiting-([0-9a-f-]{36})$/) || [];
  const form = document.getElementById("log");
  if (!submission || !form || !learner) return;
  const entry = (await queue.shownTo(learner)).find((one) => one.submission === submission);
  if (!entry) return;
  const fill = { length: "", ...entry.fill, submission };
  for (const [name, value] of Object.entries(fill)) {
    const field = form.elements.namedItem(name);
    const listed = !field || !field.options || [...field.options].some((option) => option.value === value);
    if (field && value !== "" && listed) field.value = value;
  }
  form.querySelector("details").open = true;
  const typed = `Written on ${dayOf(entry.typed_on)} without a network: “${entry.line}”.`;
  say("answer", [typed, ...(entry.sentences || [])].join(" "));
  form.elements.namedItem("length").focus();
}

// ---- logging out ------------------------------------------------------------------------------------------------

async function forgetAll() {
  await queue.forget();
  if (self.caches) for (const name of await caches.keys()) await caches.delete(name);
}

async function leaveNothing(form) {
  await forgetAll();
  form.submit();
}

function guardLogOut(form) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await sendOrWarn(form);
    } catch {
      form.submit();
    }
  });
}

async function sendOrWarn(form) {
  await queue.send();
  const lost = (await queue.all()).length;
  if (!lost) return leaveNothing(form);
  const go = button("Log out and delete", () => leaveNothing(form));
  const stay = button("Stay logged in", () => say("lost", ""));
  const line = say("lost", `${sessions(lost, "wait")} on this device and could not be logged. Logging out deletes ${lost === 1 ? "it" : "them"}.`, [stay, go], "message warning");
  line.scrollIntoView({ block: "nearest" });
  stay.focus();
}

// ---- /offline/ ----------------------------------------------------------------------------------------------------

// By name through `namedItem`: a field called length is not what `elements.length` is.
function startOfflinePage() {
  const form = document.getElementById("log");
  const day = form.elements.namedItem("studied_on");
  let untouched = true;
  const fillDay = () => {
    const today = queue.localDay();
    day.max = today;
    if (untouched) day.value = today;
  };
  fillDay();
  day.addEventListener("input", () => { untouched = false; });
  document.getElementById("no-script").hidden = true;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    // Past midnight the day that nobody chose is the new one.
    fillDay();
    const said = {
      length: form.elements.namedItem("length").value.trim() ? "" : "Say how long you studied, such as 45 or 1:30.",
      studied_on: mistakeOfDay(day),
    };
    for (const [name, sentence] of Object.entries(said)) showMistake(form.elements.namedItem(name), sentence);
    const wrong = Object.keys(said).find((name) => said[name]);
    if (wrong) {
      form.elements.namedItem(wrong).focus();
      return;
    }
    await queue.keep({
      submission: queue.newSubmission(),
      line: form.elements.namedItem("length").value.trim(),
      studied_on: day.value,
      typed_on: queue.localDay(),
      confidence: form.elements.namedItem("confidence").value,
      note: form.elements.namedItem("note").value,
      owner: (await queue.read("owner")) || "",
      kept_at: Date.now(),
    });
    say("deleted", "");
    form.reset();
    untouched = true;
    fillDay();
    form.elements.namedItem("length").focus();
    await askForSync();
    await sendNow();
  });
}

function mistakeOfDay(field) {
  if (field.validity.badInput) return "That is not a date. It should look like 2026-11-23.";
  return field.value > field.max ? "That day is still to come. Study is logged once it happened." : "";
}

function showMistake(field, sentence) {
  const id = `${field.id}_error`;
  const before = document.getElementById(id);
  if (before) before.remove();
  field.toggleAttribute("aria-invalid", false);
  field.removeAttribute("aria-describedby");
  if (!sentence) return;
  field.before(element("p", sentence, { class: "mistake", id }));
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", id);
  const more = field.closest("details");
  if (more) more.open = true;
}

// Background Sync, where the browser has it: sent even when the page is closed by then.
async function askForSync() {
  if (!navigator.serviceWorker || !navigator.serviceWorker.controller) return;
  try {
    const registration = await navigator.serviceWorker.ready;
    if (registration.sync) await registration.sync.register(queue.TAG);
  } catch {
    // Not allowed: the next page sends.
  }
}

async function showQueue(state) {
  const connected = state === "sent" || state === "logged out";
  document.getElementById("there").hidden = !connected;
  document.getElementById("away").hidden = connected;
  const owner = await queue.read("owner");
  const entries = await queue.shownTo(owner);
  const section = document.getElementById("waiting");
  section.hidden = !entries.length;
  section.querySelector("ul").replaceChildren(...entries.map(row));
}

function row(entry) {
  const line = element("li", "", { class: "plain" });
  const text = element("div");
  text.append(element("p", entry.line, { class: "what" }));
  const about = [dayOf(entry.studied_on || entry.typed_on)];
  if (entry.confidence) about.push(`confidence ${entry.confidence}`);
  const meta = element("p", "", { class: "meta" });
  meta.append(...about.map((part) => element("span", part)));
  text.append(meta);
  if (entry.note) text.append(element("p", entry.note, { class: "note" }));
  for (const sentence of entry.sentences || []) text.append(element("p", sentence, { class: "mistake" }));
  const acts = element("div", "", { class: "acts" });
  if (entry.sentences) {
    acts.append(element("a", "Answer", { class: "btn", href: `/journal/log/#waiting-${entry.submission}` }));
  }
  const remove = button("Delete", async () => {
    await queue.remove(entry.submission);
    const back = button("Put it back", async () => {
      await queue.keep(entry);
      say("deleted", "");
      await showKept();
    });
    say("deleted", `Deleted: ${entry.line}`, [back]);
    await showKept();
    back.focus();
  });
  remove.setAttribute("aria-label", `Delete: ${entry.line}`);
  acts.append(remove);
  text.append(acts);
  line.append(text);
  return line;
}

// The list anew after a click. Whether there is a network has not changed by it.
async function showKept() {
  await showQueue(document.getElementById("there").hidden ? "" : "sent");
  await sayWhatWaits("");
}

// ---- the start ------------------------------------------------------------------------------------------------------

async function start() {
  // The page of who has left: what the form could not delete before it was known to be right is deleted now.
  if (document.querySelector("[data-forget]")) await forgetAll();
  registerWorker();
  for (const form of document.querySelectorAll('form[action="/accounts/logout/"]')) guardLogOut(form);
  if (offlinePage) {
    root.dataset.theme = (await queue.read("theme")) || "auto";
    startOfflinePage();
  }
  await rememberLearner();
  await fillLogForm();
  await sendNow();
}

// A browser that keeps nothing (a setting, a private window) has no queue, and nothing to say about it.
function quietly(work) {
  if (self.indexedDB) work().catch(() => {});
}

quietly(start);
self.addEventListener("online", () => quietly(sendNow));
if (navigator.serviceWorker) {
  navigator.serviceWorker.addEventListener("message", (event) => {
    if (event.data === queue.TAG) quietly(sendNow);
  });
}
