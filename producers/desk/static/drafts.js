"use strict";
// What the browser keeps of consultations: the draft that is being typed, and saved ones until the desk has taken them.
// Each is kept by account, under an id that becomes the report's own: sent twice, it is still one report.

const HOUR = 60 * 60 * 1000;

/** A random UUID; crypto.randomUUID is missing outside of secure contexts. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((b) => b.toString(16).padStart(2, "0")).join("");
  return hex.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, "$1-$2-$3-$4-$5");
}

class Drafts {
  /** A draft that nobody touched for a shift is wiped: it may hold what a resident should not have said. */
  static LIFETIME = 12 * HOUR;
  static #PREFIX = "saqbol.desk.";

  constructor(account) {
    this.draftKey = `${Drafts.#PREFIX}draft.${account}`;
    this.queueKey = `${Drafts.#PREFIX}queue.${account}`;
    this.memory = {}; // where storage is full or turned off, at least until the page is left
    this.#forgetOthers();
  }

  /** The draft: {id, fields, touched}, or null. */
  get draft() {
    const draft = this.#read(this.draftKey);
    if (draft && Date.now() - draft.touched < Drafts.LIFETIME) return draft;
    if (draft) this.#write(this.draftKey, null);
    return null;
  }

  set draft(value) { this.#write(this.draftKey, value && { ...value, touched: Date.now() }); }

  /** Saved and not yet taken: [{draft, errors}], the oldest first; those with errors wait for the operator. */
  get queue() { return this.#read(this.queueKey) || []; }

  get waiting() { return this.queue.filter((item) => !item.errors); }

  get returned() { return this.queue.filter((item) => item.errors); }

  /** Put a draft at the end of the queue, or in the place it has there. */
  put(draft, errors = null) {
    const rest = this.queue;
    const place = rest.findIndex((item) => item.draft.id === draft.id);
    rest.splice(place < 0 ? rest.length : place, place < 0 ? 0 : 1, { draft, errors });
    this.#write(this.queueKey, rest);
  }

  /** Forget a draft of the queue. */
  drop(id) {
    const rest = this.queue.filter((item) => item.draft.id !== id);
    this.#write(this.queueKey, rest.length ? rest : null);
  }

  /** Forget everything of this account. */
  wipe() {
    this.#write(this.draftKey, null);
    this.#write(this.queueKey, null);
  }

  /** Drafts of those who used this browser before; what they saved stays until they come back and it is sent. */
  #forgetOthers() {
    try {
      for (const key of Object.keys(localStorage)) {
        if (key.startsWith(`${Drafts.#PREFIX}draft.`) && key !== this.draftKey) localStorage.removeItem(key);
      }
    } catch { /* no storage */ }
  }

  #read(key) {
    try {
      return JSON.parse(localStorage.getItem(key)) || this.memory[key] || null;
    } catch { return this.memory[key] || null; }
  }

  #write(key, value) {
    delete this.memory[key];
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, JSON.stringify(value));
    } catch { if (value !== null) this.memory[key] = value; }
  }
}
