// The editor's previews: a text leads to its row. Without this script the list of texts does.
"use strict";

(() => {
  const button = document.getElementById("show-texts");
  const texts = document.querySelectorAll("site-text:not([aria-hidden] *)");
  const isShown = () => document.documentElement.classList.contains("texts-shown");

  function show(wanted) {
    document.documentElement.classList.toggle("texts-shown", wanted);
    button.setAttribute("aria-pressed", String(wanted));
    for (const text of texts) {
      if (wanted) {
        text.tabIndex = 0;
        text.setAttribute("role", "link");
      } else {
        text.removeAttribute("tabindex");
        text.removeAttribute("role");
      }
    }
  }

  // While the texts are not shown, links and controls of the page do what they do.
  function chosen(event) {
    const text = event.target.closest("site-text");
    if (!text || (!isShown() && text.closest("a[href], button, label, summary"))) return null;
    return text;
  }

  function open(event) {
    const text = chosen(event);
    if (!text || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    location.assign(text.dataset.text);
  }

  document.addEventListener("click", open, true);
  document.addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter" && event.target.matches("site-text")) open(event);
    },
    true,
  );
  button.addEventListener("click", () => show(!isShown()));
  button.hidden = false;
})();
