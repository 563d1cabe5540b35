"use strict";
// Keeps a draft, sends the form without leaving the page, and solves the proof of work when one is asked for.
// The form works without this script too.

const DRAFT = "saqbol.draft";
const DAY = 24 * 60 * 60 * 1000;
const TIMEOUT = 30_000;

const form = () => document.querySelector("form");
const say = (text) => { document.getElementById("status").textContent = text; };

/** The fields of the form by name, without the hidden ones. */
function fields() {
  return Object.fromEntries([...new FormData(form())].filter(([name]) => name !== "reference"));
}

/** The draft of this device, or nothing if it is older than a day or storage is turned off. */
function loadDraft() {
  try {
    const draft = JSON.parse(localStorage.getItem(DRAFT));
    return draft && Date.now() - draft.at < DAY ? draft : null;
  } catch { return null; }
}

function saveDraft(changes) {
  try {
    localStorage.setItem(DRAFT, JSON.stringify({ ...loadDraft(), fields: fields(), at: Date.now(), ...changes }));
  } catch { /* storage is full or turned off: the form still works */ }
}

function dropDraft() {
  try { localStorage.removeItem(DRAFT); } catch { /* nothing was kept */ }
}

/** A random UUID; crypto.randomUUID is missing outside of secure contexts. */
function newReference() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return hex(bytes).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

/** The report's own id: the same for every try at the same content, so that a retry makes no second report. */
function reference() {
  const draft = loadDraft();
  const sent = JSON.stringify(fields());
  const same = draft && draft.reference && draft.sent === sent;
  const id = same ? draft.reference : newReference();
  saveDraft({ reference: id, sent });
  return id;
}

const hex = (bytes) => [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));

/** The solution of an ALTCHA challenge (PBKDF2/SHA-256): the counter whose key begins with the prefix. */
async function solve(challenge) {
  const { nonce, salt, cost, keyLength, keyPrefix } = challenge.parameters;
  const password = new Uint8Array(20);
  password.set(unhex(nonce));
  const options = { name: "PBKDF2", hash: "SHA-256", salt: unhex(salt), iterations: cost };
  for (let counter = 0; ; counter++) {
    new DataView(password.buffer).setUint32(16, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const derivedKey = hex(new Uint8Array(await crypto.subtle.deriveBits(options, key, keyLength * 8)));
    if (derivedKey.startsWith(keyPrefix)) {
      return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } }));
    }
  }
}

/** Send the form; the page that answers. */
async function post(body) {
  const answer = await fetch(form().action, { method: "POST", body, signal: AbortSignal.timeout(TIMEOUT) });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (!page.querySelector("main")) throw new Error("not our page");
  return page;
}

/** Put the main part of an answered page in place of ours, and the reader's attention on what is new. */
function show(page) {
  document.querySelector("main").replaceWith(document.adoptNode(page.querySelector("main")));
  document.title = page.title;
  start();
  attend();
}

function attend() {
  const news = document.querySelector("[data-focus]");
  if (!news) return;
  news.focus({ preventScroll: true });
  news.scrollIntoView({ block: "center" });
}

async function send(event) {
  event.preventDefault();
  const button = form().querySelector("[type=submit]");
  if (button.disabled) return;
  button.disabled = true;
  say(form().dataset.sending);
  const body = new URLSearchParams(new FormData(form()));
  body.set("reference", reference());
  try {
    let page = await post(body);
    const asked = page.querySelector("form[data-challenge]");
    if (asked && crypto.subtle) {
      say(form().dataset.solving);
      body.set("altcha", await solve(JSON.parse(asked.dataset.challenge)));
      page = await post(body);
    }
    show(page);
  } catch {
    button.disabled = false;
    say("");
    document.getElementById("notice").replaceChildren(document.getElementById("offline").content.cloneNode(true));
    attend();
  }
}

/** Put the draft of this device into a form that came empty. */
function restore() {
  const draft = loadDraft();
  if (!draft || Object.values(fields()).some(Boolean)) return;
  for (const [name, value] of Object.entries(draft.fields || {})) {
    const control = form().elements[name];
    if (control) control.value = value;
  }
}

function start() {
  if (document.querySelector("[data-accepted]")) dropDraft();
  if (!form()) return;
  restore();
  form().addEventListener("submit", send);
  form().addEventListener("input", () => saveDraft());
  const clear = document.getElementById("clear");
  document.getElementById("draft").hidden = clear.hidden = false;
  clear.addEventListener("click", () => {
    dropDraft();
    location.assign(form().action);
  });
}

start();
