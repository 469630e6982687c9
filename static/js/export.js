// Shows how far an export has come. Without this script the browser's own download does the work.
"use strict";

(() => {
  const QUOTE = 0x22;
  const LINE_FEED = 0x0a;
  const SPOKEN_EVERY_MS = 1000;
  const MEGABYTE = 1e6;
  const form = document.getElementById("export-form");
  if (!form || !window.ReadableStream) return;
  const panel = document.getElementById("export-progress");
  const bar = document.getElementById("export-bar");
  const region = document.getElementById("export-status");
  const link = document.getElementById("export-file");
  const button = form.querySelector("button");
  const number = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1 });

  const say = (words, values = {}) => {
    region.textContent = Object.entries(values).reduce(
      (text, [name, value]) => text.replace(`{${name}}`, number.format(value)),
      region.dataset[words],
    );
  };

  // Every cell is in quotes: a line ends where it is outside of them.
  function counter() {
    let inside = false;
    let lines = 0;
    return (bytes) => {
      for (const byte of bytes) {
        if (byte === QUOTE) inside = !inside;
        else if (byte === LINE_FEED && !inside) lines += 1;
      }
      // The first is the header.
      return Math.max(lines - 1, 0);
    };
  }

  async function read(response, is_text) {
    const all = Number(response.headers.get("X-Rows"));
    const count = counter();
    const pieces = [];
    let size = 0;
    let spoken = 0;
    for (const reader = response.body.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) return pieces;
      pieces.push(value);
      size += value.length;
      const rows = is_text ? count(value) : 0;
      if (is_text) [bar.max, bar.value] = [Math.max(all, 1), Math.min(rows, all)];
      if (performance.now() - spoken < SPOKEN_EVERY_MS) continue;
      spoken = performance.now();
      if (is_text) say("rows", { done: rows, all });
      else say("bytes", { done: size / MEGABYTE });
    }
  }

  function offer(pieces, response) {
    const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition"))[1];
    URL.revokeObjectURL(link.href);
    link.href = URL.createObjectURL(new Blob(pieces, { type: response.headers.get("Content-Type") }));
    link.download = name;
    link.hidden = false;
    link.click();
  }

  async function fetch_file() {
    const data = new URLSearchParams(new FormData(form));
    const response = await fetch(form.action, { method: "POST", body: data });
    // A page instead of a file, such as the one that signs in: the browser shows it.
    if (!response.headers.has("X-Rows")) {
      await response.body.cancel();
      form.submit();
      return;
    }
    offer(await read(response, data.get("kind") === "csv"), response);
    [bar.max, bar.value] = [1, 1];
    say("done");
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.hasAttribute("aria-disabled")) return;
    button.setAttribute("aria-disabled", "true");
    panel.hidden = false;
    link.hidden = true;
    bar.removeAttribute("value");
    region.classList.remove("bad");
    region.textContent = "";
    try {
      await fetch_file();
    } catch {
      region.classList.add("bad");
      bar.value = 0;
      say("broken");
    } finally {
      button.removeAttribute("aria-disabled");
    }
  });
})();
