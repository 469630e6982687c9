// The site's own script: every page is complete without it. One file for all pages, kept for a year.
"use strict";

// Fetches htmx when somebody first touches a form that it serves: who only reads does without.
// A form that is sent before it has come waits for it, and goes as a plain form where it does not come.
(() => {
  const SERVED = "form[data-hx-post]";
  const LONGEST_WAIT_MS = 4000;
  const source = document.querySelector("meta[name=htmx]")?.content;
  if (!source) return;
  const held = new Map();
  let is_fetched = false;
  let is_over = false;

  function send_held() {
    is_over = true;
    for (const [form, submitter] of held) form.requestSubmit(submitter);
    held.clear();
  }

  function fetch_htmx() {
    if (is_fetched) return;
    is_fetched = true;
    const script = document.createElement("script");
    script.src = source;
    // htmx looks through the page in a task of its own, which it has queued by then.
    script.onload = () => setTimeout(send_held);
    // With the next touch it is tried again; what waits already goes as it can.
    script.onerror = () => {
      script.remove();
      is_fetched = false;
      if (held.size) send_held();
    };
    document.head.append(script);
  }

  const touch = (event) => {
    if (event.target.closest?.(SERVED)) fetch_htmx();
  };
  document.addEventListener("focusin", touch);
  document.addEventListener("pointerover", touch);

  // Before all other listeners, which hear of it when it is sent on.
  document.addEventListener("submit", (event) => {
    if (is_over || !event.target.matches(SERVED) || event.submitter?.hasAttribute("formaction")) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!held.size) setTimeout(send_held, LONGEST_WAIT_MS);
    held.set(event.target, event.submitter);
    fetch_htmx();
  }, true);
})();

// The contact form. Speaks where htmx is silent (no answer, or one that must not replace what was typed),
// holds back a second click, and leaves the language switch to the browser.
// All words come from data attributes, so that they are translated in the templates.
(() => {
  const REASONS = { 403: "refused", 413: "large", 429: "many" };
  let under_way = false;
  if (!document.getElementById("form-status")) return;

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

  // Other forms of the page, such as the choice about cookies, are htmx's own affair.
  const listen = (name, heard) => document.addEventListener(name, (event) => {
    if (event.detail.ctx?.sourceElement?.id === "contact-form") heard(event);
  });

  listen("htmx:before:request", () => {
    mark(true);
    say("sending");
  });

  listen("htmx:before:swap", (event) => {
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

  listen("htmx:after:swap", () => {
    document.title = form()?.dataset.title || document.title;
  });

  listen("htmx:error", (event) => {
    say(event.detail.ctx.request.signal.reason === "timeout" ? "late" : "offline");
  });

  // While the browser follows a redirect the button stays busy.
  listen("htmx:finally:request", (event) => {
    if (!event.detail.ctx.keepIndicators) mark(false);
  });

  // Back from the received page: the page may come as it was left.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    mark(false);
    say("");
  });
})();

// Marks in the table of contents the clause that is being read. The page is complete without it.
(() => {
  const links = new Map();
  for (const link of document.querySelectorAll(".toc a[href^='#']")) {
    const clause = document.getElementById(link.hash.slice(1));
    if (clause) links.set(clause, link);
  }
  if (!links.size || !("IntersectionObserver" in window)) return;

  const in_view = new Set();
  const foot = document.querySelector(".foot");
  let current = null;

  function show() {
    const clauses = [...links.keys()];
    // A short last clause never reaches the upper third: at the foot of the page it is the one.
    const clause = in_view.has(foot) ? clauses.at(-1) : clauses.find((candidate) => in_view.has(candidate));
    if (!clause || links.get(clause) === current) return;
    current?.removeAttribute("aria-current");
    current = links.get(clause);
    current.setAttribute("aria-current", "true");
    const list = current.closest(".toc");
    // Moves the list only, never the page, and only where the list itself scrolls.
    const above = current.offsetTop < list.scrollTop;
    const below = current.offsetTop + current.offsetHeight > list.scrollTop + list.clientHeight;
    if (above || below) list.scrollTop = current.offsetTop - list.clientHeight / 2;
  }

  function note(entries) {
    for (const entry of entries) {
      const seen = entry.target === foot ? entry.intersectionRatio >= 0.9 : entry.isIntersecting;
      if (seen) in_view.add(entry.target);
      else in_view.delete(entry.target);
    }
    show();
  }

  // A clause is being read when it crosses the upper third of the window.
  const observer = new IntersectionObserver(note, { rootMargin: "-12% 0px -66% 0px" });
  for (const clause of links.keys()) observer.observe(clause);
  new IntersectionObserver(note, { threshold: 0.9 }).observe(foot);
})();
