// Study sessions that wait on this device for a network. Pages and the service worker share this file.
"use strict";

self.queue = (() => {
  const DATABASE = "cairn";
  const ADDRESS = "/journal/waiting/";
  const LOCK = "cairn-queue";
  const TAG = "cairn-queue";
  // The server asks again about what was typed longer ago; nobody comes back for it on this device.
  const DAYS_KEPT = 60;

  function opened() {
    return new Promise((resolve, reject) => {
      const asked = indexedDB.open(DATABASE, 1);
      asked.onupgradeneeded = () => {
        asked.result.createObjectStore("entries", { keyPath: "submission" });
        asked.result.createObjectStore("device", { keyPath: "name" });
      };
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    });
  }

  // One transaction on one store. The connection is closed after it, so that forgetting is never kept waiting.
  async function within(store, mode, work) {
    const database = await opened();
    try {
      return await new Promise((resolve, reject) => {
        const transaction = database.transaction(store, mode);
        const asked = work(transaction.objectStore(store));
        transaction.oncomplete = () => resolve(asked ? asked.result : undefined);
        transaction.onerror = transaction.onabort = () => reject(transaction.error);
      });
    } finally {
      database.close();
    }
  }

  // Whether this device keeps anything at all. Looking must not make the database that it looks for.
  async function exists() {
    if (!indexedDB.databases) return true;
    return (await indexedDB.databases()).some((database) => database.name === DATABASE);
  }

  // A number for one entry. A page without https has no randomUUID.
  function newSubmission() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  // A day as the calendar of this device has it, 2026-11-23.
  function localDay(moment = new Date()) {
    const two = (number) => String(number).padStart(2, "0");
    return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  }

  async function read(name) {
    const row = await within("device", "readonly", (store) => store.get(name));
    return row ? row.value : undefined;
  }

  function remember(name, value) {
    return within("device", "readwrite", (store) => store.put({ name, value }));
  }

  function keep(entry) {
    return within("entries", "readwrite", (store) => store.put(entry));
  }

  function remove(submission) {
    return within("entries", "readwrite", (store) => store.delete(submission));
  }

  async function all() {
    const entries = await within("entries", "readonly", (store) => store.getAll());
    return entries.sort((one, other) => one.kept_at - other.kept_at);
  }

  // What the answer of the server changes. An entry that was deleted meanwhile stays deleted.
  function change(submission, changes) {
    return within("entries", "readwrite", (store) => {
      const found = store.get(submission);
      found.onsuccess = () => {
        if (found.result) store.put({ ...found.result, ...changes });
      };
    });
  }

  // Those that may be shown to a learner: their own, and those written before anybody had logged in.
  async function shownTo(owner) {
    return (await all()).filter((entry) => !entry.owner || entry.owner === owner);
  }

  // A learner who does not come back leaves nothing here for good.
  async function forgetOld(owner) {
    const oldest = localDay(new Date(Date.now() - DAYS_KEPT * 24 * 3600 * 1000));
    for (const entry of await all()) {
      if (entry.owner && entry.owner !== owner && entry.typed_on < oldest) await remove(entry.submission);
    }
  }

  // The learner of this device takes over what was written while nobody was known.
  async function claim(owner) {
    for (const entry of await all()) if (!entry.owner) await change(entry.submission, { owner });
  }

  function forget() {
    return new Promise((resolve) => {
      const asked = indexedDB.deleteDatabase(DATABASE);
      // Blocked: another page still reads. The database goes as soon as it is done.
      asked.onsuccess = asked.onerror = asked.onblocked = () => resolve();
    });
  }

  // Two pages and the service worker: one sends at a time. Where there are no locks the server's constraint
  // alone sees to it that an entry is logged once.
  function alone(work) {
    return navigator.locks ? navigator.locks.request(LOCK, work) : work();
  }

  function ask(options) {
    const late = AbortSignal.timeout ? { signal: AbortSignal.timeout(20000) } : {};
    // A redirect leads to the login page: it is not followed, it is the answer.
    return fetch(ADDRESS, { redirect: "manual", cache: "no-store", ...late, ...options });
  }

  // Sends what waits for whoever is logged in. Says how it went: "empty", "unreachable", "logged out" or
  // "sent", which also holds where the server had a question. `always` asks for the state with nothing to send.
  function send(always = false) {
    return alone(async () => {
      const entries = await all();
      if (!entries.length && !always) return "empty";
      let hello;
      try {
        hello = await ask({});
        if (hello.type === "opaqueredirect" || hello.status === 401) return "logged out";
        if (!hello.ok) return "unreachable";
        hello = await hello.json();
      } catch {
        return "unreachable";
      }
      for (const entry of entries) {
        // Looked up again: what was deleted while others were sent is not sent.
        const waits = await within("entries", "readonly", (store) => store.get(entry.submission));
        if (!waits || waits.owner !== hello.owner) continue;
        const state = await sendOne(waits, hello.token);
        if (state) return state;
      }
      return "sent";
    });
  }

  // Sends one entry. Says why the next one need not be tried; nothing where it can be.
  async function sendOne(entry, token) {
    const { submission, line, studied_on, typed_on, confidence, note, owner } = entry;
    let answer;
    let said = {};
    try {
      answer = await ask({
        method: "POST",
        headers: { "X-CSRFToken": token },
        body: new URLSearchParams({ submission, line, studied_on, typed_on, confidence, note, owner }),
      });
      if (answer.type === "opaqueredirect") return "logged out";
      if ([200, 201, 422].includes(answer.status)) said = await answer.json();
    } catch {
      return "unreachable";
    }
    if (answer.status === 200 || answer.status === 201) {
      await remove(submission);
      // One that was asked about, and is logged by now, was answered in the log form, which has said so.
      if (answer.status === 201 || !entry.sentences) await remember("sent", ((await read("sent")) || 0) + 1);
    } else if (answer.status === 422) {
      await change(submission, { sentences: Object.values(said.sentences).flat(), fill: said.fill });
    } else if (answer.status === 400 || answer.status === 413) {
      await change(submission, { sentences: ["This could not be read."], fill: {} });
    } else if (answer.status !== 409) {
      return "unreachable";
    }
    return "";
  }

  // How many were logged since this was asked last, by whichever page or worker sent them.
  async function takeSent() {
    const sent = (await read("sent")) || 0;
    if (sent) await within("device", "readwrite", (store) => store.delete("sent"));
    return sent;
  }

  return { TAG, all, claim, exists, forget, forgetOld, keep, localDay, newSubmission, read, remember, remove, send, shownTo, takeSent };
})();
