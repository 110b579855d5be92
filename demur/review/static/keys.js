// Keys of the review page: a key means the control that names it in data-key, as a click does.
"use strict";
(() => {
  const typed = (element) => element instanceof HTMLInputElement && element.type === "text";
  const status = (said) => { const place = document.getElementById("status"); if (place) place.textContent = said; };
  const focus = (id) => { const place = document.getElementById(id); if (place) place.focus({ preventScroll: id !== "item-head" }); };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typed(event.target)) {
      if (event.key === "Enter" || event.key === "Escape") { event.preventDefault(); focus("item-head"); }
      return;
    }
    const on = document.getElementById("keys-on");
    if (event.repeat || (on && !on.checked) || event.key.length !== 1) return;
    const control = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (!control || control.disabled) return;
    event.preventDefault();
    if (typed(control) || control.id === "guideline") control.focus();
    else control.click();
  });

  document.addEventListener("htmx:afterSettle", (event) => {
    const id = event.detail.target && event.detail.target.id;
    if (id === "text") focus("text");
    else if (id === "item" || !document.activeElement || document.activeElement === document.body) focus("item-head");
  });
  document.addEventListener("htmx:sendError", () =>
    status("The server does not answer: the last key was not written. Start demur review again, and open its new address."));
  document.addEventListener("htmx:responseError", (event) =>
    status(`Refused (${event.detail.xhr.status}): the last key was not written. Load this page again.`));
})();
