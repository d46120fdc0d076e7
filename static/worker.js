// The service worker, behind the lines of /service-worker.js which name the cache and what is in it.
"use strict";

// Only files that are the same for everybody. They are asked for without cookies, so that no answer can be
// anybody's, and no page is ever added to the cache.
async function keepShell() {
  const cache = await caches.open(self.shell.cache);
  await cache.addAll(self.shell.files.map((file) => new Request(file, { cache: "reload", credentials: "omit" })));
  await self.skipWaiting();
}

async function takeOver() {
  for (const name of await caches.keys()) if (name !== self.shell.cache) await caches.delete(name);
  // The page is asked for while the worker starts, so that a worker makes no page slower.
  if (self.registration.navigationPreload) await self.registration.navigationPreload.enable();
  await self.clients.claim();
}

async function kept(file) {
  const cache = await caches.open(self.shell.cache);
  return (await cache.match(file)) || Response.error();
}

async function page(event) {
  try {
    return (await event.preloadResponse) || (await fetch(event.request));
  } catch {
    return kept(self.shell.page);
  }
}

async function file(request) {
  try {
    return await fetch(request);
  } catch {
    return kept(new URL(request.url).pathname);
  }
}

self.addEventListener("install", (event) => event.waitUntil(keepShell()));
self.addEventListener("activate", (event) => event.waitUntil(takeOver()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== self.location.origin) return;
  if (request.mode === "navigate") {
    if (!self.shell.not_pages.some((start) => address.pathname.startsWith(start))) event.respondWith(page(event));
  } else if (self.shell.files.includes(address.pathname) && address.pathname !== self.shell.page) {
    event.respondWith(file(request));
  }
});

// The browser says that there is a network again, also when no page is open.
self.addEventListener("sync", (event) => {
  if (event.tag === self.queue.TAG) event.waitUntil(sendAndTell());
});

async function sendAndTell() {
  const state = await self.queue.send();
  for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage(self.queue.TAG);
  // A failed event is repeated by the browser.
  if (state === "unreachable") throw new Error("There is no network yet.");
}
