// Speaks where htmx is silent (no answer, or one that must not replace what was typed),
// holds back a second click, and leaves the language switch to the browser.
// All words come from data attributes, so that they are translated in the templates.
"use strict";
(() => {
  const REASONS = { 403: "refused", 413: "large", 429: "many" };
  let under_way = false;

  const form = () => document.getElementById("contact-form");
  const ours = (event) => event.target === form() || event.target.id === "contact-form";

  function say(why) {
    const region = document.getElementById("form-status");
    region.textContent = why ? region.dataset[why] : "";
    region.classList.toggle("bad", Boolean(why) && why !== "sending");
  }

  function mark(busy) {
    under_way = busy;
    const button = form()?.querySelector("button[data-busy]");
    if (!button) return;
    button.dataset.idle ??= button.textContent;
    button.textContent = busy ? button.dataset.busy : button.dataset.idle;
    // Not `disabled`: that would take the focus away from the button.
    if (busy) button.setAttribute("aria-disabled", "true");
    else button.removeAttribute("aria-disabled");
  }

  function reason(status) {
    return REASONS[status] ?? (status >= 500 ? "down" : "failed");
  }

  // On the way down, before htmx's own listener on the form.
  document.addEventListener("submit", (event) => {
    if (!ours(event)) return;
    if (event.submitter?.hasAttribute("formaction")) {
      event.stopPropagation();
    } else if (under_way) {
      event.preventDefault();
      event.stopPropagation();
    }
  }, true);

  document.addEventListener("htmx:before:request", () => {
    mark(true);
    say("sending");
  });

  document.addEventListener("htmx:before:swap", (event) => {
    const { ctx } = event.detail;
    const status = ctx.response.status;
    const usable = (status === 200 || status === 422) && ctx.text.includes('id="contact-form"');
    if (usable) {
      say("");
    } else {
      event.preventDefault();
      say(reason(status));
    }
  });

  document.addEventListener("htmx:after:swap", () => {
    document.title = form()?.dataset.title || document.title;
  });

  document.addEventListener("htmx:error", (event) => {
    if (event.detail.ctx) say(event.detail.ctx.request.signal.reason === "timeout" ? "late" : "offline");
  });

  // While the browser follows a redirect the button stays busy.
  document.addEventListener("htmx:finally:request", (event) => {
    if (!event.detail.ctx.keepIndicators) mark(false);
  });

  // Back from the received page: the page may come as it was left.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    mark(false);
    say("");
  });
})();
