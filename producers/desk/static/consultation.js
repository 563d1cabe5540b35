"use strict";
// The operator's page: asks what is known while it is being typed, keeps the draft, and saves it with one key.

const PAUSE = 120; // ms without a key until the desk is asked
const PATIENCE = 4_000; // ms that saving may take before it goes on in the background
const TIMEOUT = 25_000;
const RETRY = 5_000;

const form = document.getElementById("consultation");
const say = form.dataset;
const drafts = new Drafts(say.account);
const element = (id) => document.getElementById(id);
const csrf = document.querySelector("meta[name=csrf]").content;

/** The fields of the page that tell something; `say` is ours to remember, not the report's. */
const fields = () => Object.fromEntries(new FormData(form));
const initial = fields();
const told = (values) => Object.keys(values).some((name) => name !== "say" && values[name].trim() !== (initial[name] || ""));

let id = newId();
let cleared = null; // the draft that "clear" took away, until something else is typed
let asking = null;
let timer = 0;
let trouble = ""; // what keeps saved consultations here
let sending = false;
let busy = false; // a consultation is being saved: nothing is typed until the next one can begin

class Refusal extends Error {
  constructor(status, body) { super(`${status}`); this.status = status; this.body = body; }
}

/** Send a draft to the desk; the answer, or a Refusal, or another error if the desk can't be reached. */
async function post(path, draft, signal) {
  const body = JSON.stringify({ ...draft.fields, id: draft.id, at: draft.at || new Date().toISOString() });
  const headers = { "Content-Type": "application/json", Accept: "application/json, text/html", "X-CSRF-Token": csrf };
  const limit = AbortSignal.timeout(TIMEOUT);
  const answer = await fetch(`/consultation/${path}`, {
    method: "POST", body, headers, signal: signal ? AbortSignal.any([signal, limit]) : limit, redirect: "error",
  });
  if (answer.ok) return answer;
  throw new Refusal(answer.status, await answer.json().catch(() => ({})));
}

/* The answer */

function askSoon() {
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE);
}

async function ask() {
  clearTimeout(timer);
  asking?.abort();
  asking = new AbortController();
  const mine = asking;
  if (!told(fields())) return answerWith(element("waiting").content.cloneNode(true));
  try {
    const answer = await post("look-up", { id, fields: { ...fields(), reporter: "" } }, mine.signal);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (mine === asking) answerWith(...page.body.childNodes);
  } catch (error) {
    if (mine.signal.aborted || mine !== asking) return;
    answerWith(line(reason(error) || say.noAnswer, "warning"));
  }
}

function answerWith(...nodes) {
  element("answer").replaceChildren(...nodes);
  const verdict = element("answer").querySelector(".verdict")?.textContent || "";
  if (element("verdict").textContent !== verdict) element("verdict").textContent = verdict;
}

/** Why the desk refused, where waiting does not help; "" where it does. */
function reason(error) {
  if (!(error instanceof Refusal)) return "";
  if (error.status === 401) return say.loggedOut;
  return error.status === 403 ? say.stale : "";
}

/* The draft */

function remember() {
  const values = fields();
  drafts.draft = told(values) ? { id, fields: values } : null;
}

function fill(draft) {
  form.reset();
  for (const [name, value] of Object.entries(draft?.fields || {})) {
    if (form.elements[name]) form.elements[name].value = value;
  }
  id = draft?.id || newId();
  showErrors({});
  askSoon();
}

/** An empty page, ready for the next call. */
function next() {
  drafts.draft = null;
  cleared = null;
  element("bring-back").hidden = true;
  fill(null);
  element("said").focus();
  window.scrollTo(0, 0);
}

function clear() {
  const values = fields();
  if (!told(values)) return next();
  const taken = { id, fields: values };
  next();
  cleared = taken;
  element("bring-back").hidden = false;
}

function bringBack() {
  if (!cleared) return;
  fill(cleared);
  cleared = null;
  element("bring-back").hidden = true;
  remember();
  element("said").focus();
}

/* Saving */

function hold(on) {
  busy = on;
  for (const part of form.querySelectorAll(".said .field, .details")) part.inert = on;
}

/** What is wrong by itself, so that it is said even without a connection: a text by field. */
function wrong(values) {
  const errors = {};
  if (!values.said.trim()) errors.said = say.errorSaid;
  if (values.lost === "yes") {
    for (const name of ["amount", "moved"]) {
      if (!form.elements[name].validity.valid) errors[name] = say[`error${name[0].toUpperCase()}${name.slice(1)}`];
    }
  }
  return errors;
}

async function save() {
  if (busy) return;
  const values = fields();
  const errors = wrong(values);
  if (Object.keys(errors).length) return showErrors(errors, true);
  const draft = { id, at: new Date().toISOString(), fields: values };
  drafts.put(draft);
  drafts.draft = null;
  clearTimeout(timer);
  hold(true);
  status([line(say.saving)]);
  const patience = new Promise((done) => { setTimeout(done, PATIENCE, null); });
  const refused = await Promise.race([flush(draft.id), patience]);
  hold(false);
  if (refused) {
    drafts.drop(draft.id);
    fill(draft);
    remember();
    showErrors(refused, true);
    showQueue();
  } else {
    next();
  }
}

/** Send what waits, the oldest first; the errors of the one with this id, if the desk refused it. */
async function flush(wanted) {
  while (sending) await sending;
  let done;
  sending = new Promise((resolve) => { done = resolve; });
  let refused = null;
  try {
    for (const { draft } of drafts.waiting) {
      try {
        const answer = await (await post("reports", draft)).json();
        drafts.drop(draft.id);
        trouble = "";
        showQueue(answer);
      } catch (error) {
        if (!(error instanceof Refusal) || ![400, 413, 422].includes(error.status)) throw error;
        drafts.put(draft, error.body.errors || {});
        if (draft.id === wanted) refused = error.body.errors || {};
      }
    }
    trouble = "";
    if (drafts.returned.length) showQueue();
  } catch (error) {
    trouble = reason(error) || "queued";
    showQueue();
  } finally {
    sending = false;
    done();
  }
  return refused;
}

function line(text, kind = "") {
  const p = document.createElement("p");
  p.textContent = text;
  p.className = kind;
  return p;
}

const status = (lines) => element("status").replaceChildren(...lines);

/** What became of what was saved: the report's number, how many wait, how many came back. */
function showQueue(saved) {
  const lines = [];
  const waiting = drafts.waiting.length;
  const returned = drafts.returned;
  if (saved) {
    const done = line((saved.urgent ? say.savedUrgent : say.saved).replace("{number}", saved.number));
    done.dataset.report = saved.number;
    lines.push(done);
  }
  if (waiting && trouble) {
    lines.push(line(say.queued.replace("{count}", waiting), "trouble"));
    if (trouble !== "queued") lines.push(line(trouble, "trouble"));
    if (trouble === say.loggedOut) {
      const link = document.createElement("a");
      link.href = "/login?next=/consultation";
      link.textContent = say.logIn;
      lines.at(-1).append(" ", link);
    }
  }
  if (returned.length) {
    const p = line(say.returned.replace("{count}", returned.length), "trouble");
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = say.open;
    button.addEventListener("click", () => open(returned[0]));
    p.append(button);
    lines.push(p);
  }
  status(lines);
}

/** Take a consultation that came back to the page; what is on the page takes its place in the queue. */
function open({ draft, errors }) {
  const values = fields();
  drafts.drop(draft.id);
  if (told(values)) drafts.put({ id, at: new Date().toISOString(), fields: values }, {});
  fill(draft);
  remember();
  showErrors(errors, true);
  showQueue();
}

function showErrors(errors, attend = false) {
  for (const field of form.querySelectorAll("[data-field]")) {
    const name = field.dataset.field;
    const text = errors[name] || "";
    const place = element(`${name}-wrong`);
    place.textContent = text;
    place.hidden = !text;
    const control = form.elements[name];
    for (const input of control instanceof RadioNodeList ? control : [control]) {
      if (text) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }
  }
  const names = Object.keys(errors);
  if (!attend || !names.length) return;
  status([line(say.errorsTitle, "trouble")]);
  const first = [...form.elements].find((control) => names.includes(control.name));
  first?.focus();
}

/* Keys */

const keys = {
  F2: () => element("said").focus(),
  F4: () => {
    const [first, second] = form.elements.say;
    (first.checked ? second : first).checked = true;
    remember();
    ask();
  },
  F8: () => (form.querySelector("[name=lost]:checked") || element("lost-yes")).focus(),
  F9: save,
};

document.addEventListener("keydown", (event) => {
  const plain = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  const key = event.ctrlKey && event.key === "Enter" ? "F9" : plain ? event.key : "";
  if (!Object.hasOwn(keys, key)) return;
  event.preventDefault();
  if (!event.repeat) keys[key]();
});

form.addEventListener("submit", (event) => { event.preventDefault(); save(); });
form.addEventListener("input", (event) => {
  cleared = null;
  element("bring-back").hidden = true;
  remember();
  const field = event.target.closest("[data-field]");
  if (field && event.target.hasAttribute("aria-invalid")) element(`${field.dataset.field}-wrong`).hidden = true;
  askSoon();
});
element("clear").addEventListener("click", clear);
element("bring-back").addEventListener("click", bringBack);

// Another tab of this account: what is typed there is typed here, what is saved there is saved.
window.addEventListener("storage", (event) => {
  if (event.key === drafts.draftKey && !busy) fill(drafts.draft);
  if (event.key === drafts.queueKey) showQueue();
});

window.addEventListener("online", () => { ask(); flush(); });
setInterval(() => { if (drafts.waiting.length && !sending) flush(); }, RETRY);

document.querySelector("form.person").addEventListener("submit", (event) => {
  const unsent = drafts.queue.length;
  if (unsent && !confirm(say.leaveUnsent.replace("{count}", unsent))) event.preventDefault();
  else drafts.wipe();
});

if (drafts.draft) fill(drafts.draft);
showQueue();
if (drafts.waiting.length) flush();
