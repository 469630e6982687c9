// The staff's own script: every page but that of passkeys is complete without it.
"use strict";

// Says why nothing changed, where HTMX is silent. The words come from data attributes.
(() => {
  const REASONS = { 400: "stale", 401: "ended", 403: "refused", 429: "many" };
  const region = document.getElementById("staff-status");

  // Where one means something of its own, what was to be sent has the words for it.
  function say(why, source) {
    region.textContent = why ? (source?.dataset[why] ?? region.dataset[why]) : "";
    region.classList.toggle("bad", Boolean(why));
  }

  document.addEventListener("htmx:before:request", () => say(""));
  document.addEventListener("htmx:error", (event) => say("offline", event.detail.ctx.sourceElement));
  document.addEventListener("htmx:before:swap", (event) => {
    const status = event.detail.ctx.response.status;
    const why = REASONS[status] ?? (status >= 500 ? "down" : "");
    if (!why) return;
    event.preventDefault();
    say(why);
  });
})();

// Passkeys: the options come with the page, the answer goes with its form.
(() => {
  const field = document.querySelector("input[data-passkey]");
  if (!field || !window.PublicKeyCredential) return;
  const form = field.form;
  const said = form.querySelector("[data-cancelled]");

  const bytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replaceAll("+", "-")
      .replaceAll("/", "_")
      .replaceAll("=", "");
  const keys = (list) => (list ?? []).map((key) => ({ ...key, id: bytes(key.id) }));

  function asked() {
    const options = JSON.parse(field.dataset.options);
    options.challenge = bytes(options.challenge);
    if (options.user) options.user.id = bytes(options.user.id);
    if (options.allowCredentials) options.allowCredentials = keys(options.allowCredentials);
    if (options.excludeCredentials) options.excludeCredentials = keys(options.excludeCredentials);
    return options;
  }

  function written(credential) {
    const response = {};
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    const id = text(credential.rawId);
    return JSON.stringify({ id, rawId: id, type: credential.type, response, clientExtensionResults: {} });
  }

  form.hidden = false;
  document.querySelector("[data-without-passkeys]")?.remove();
  form.addEventListener("submit", async (event) => {
    if (field.value) return;
    event.preventDefault();
    said.textContent = "";
    try {
      const credential = await navigator.credentials[field.dataset.passkey]({ publicKey: asked() });
      field.value = written(credential);
      form.submit();
    } catch {
      // The person cancelled, or no passkey fits: the browser has said which.
      said.textContent = said.dataset.cancelled;
    }
  });
  // Back from the next page: the answer was for once.
  window.addEventListener("pageshow", () => {
    field.value = "";
  });
})();
