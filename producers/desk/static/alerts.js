// The list stays fresh by itself, unless somebody is writing in it.
"use strict";

const EVERY = 60_000;

setInterval(() => {
  if (!document.hidden && !document.querySelector("details[open]")) location.reload();
}, EVERY);
