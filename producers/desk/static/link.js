// A person followed the link: press the button for them.  What only previews addresses runs no script, or shows the page
// to nobody: then it waits until somebody looks at it.
"use strict";

const form = document.querySelector("#acknowledge");
const moments = ["visibilitychange", "focus", "prerenderingchange"];

function pressWhenSeen() {
  if (document.prerendering || document.visibilityState !== "visible" || !document.hasFocus()) return;
  stop();
  form.requestSubmit();
}

function stop() {
  for (const moment of moments) window.removeEventListener(moment, pressWhenSeen, true);
}

for (const moment of moments) window.addEventListener(moment, pressWhenSeen, true);
form.addEventListener("submit", stop);
pressWhenSeen();
