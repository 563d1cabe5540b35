// Keys 1, 2 and 3 say how the call ended, wherever the focus is but where one types or chooses for something else.
"use strict";

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target.closest("input, textarea, select:not(#call-topic)")) return;
  const button = document.querySelector(`#call [data-key="${CSS.escape(event.key)}"]`);
  if (button) {
    event.preventDefault();
    button.click();
  }
});

// One call is logged once, however often the key is pressed.
document.querySelector("#call")?.addEventListener("submit", (event) => {
  const form = event.currentTarget;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
});
