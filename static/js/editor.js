// The editor's own script: what has to stay in a text is put in by a press; all of it can be typed as well.
"use strict";

(() => {
  const areas = (form) => [...form.querySelectorAll("textarea")];
  let last = null;

  document.addEventListener("focusin", (event) => {
    if (event.target instanceof HTMLTextAreaElement) last = event.target;
  });

  function changed(area) {
    area.dispatchEvent(new Event("input", { bubbles: true }));
    area.focus();
  }

  function insert(form, text) {
    const area = last?.form === form ? last : areas(form)[0];
    area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
    changed(area);
  }

  function fill(form, texts) {
    areas(form).forEach((area, number) => {
      // A language may have more forms than the other: the last serves the rest.
      area.value = texts[number] ?? texts.at(-1);
    });
    changed(areas(form)[0]);
  }

  // A button in the place of each: what is only read without this script can be pressed with it.
  function upgrade(root) {
    for (const place of root.querySelectorAll("form.words :is([data-insert], [data-fill])")) {
      const button = document.createElement("button");
      button.type = "button";
      button.lang = place.lang;
      button.textContent = place.textContent;
      const { insert: text, fill: texts } = place.dataset;
      button.className = text === undefined ? "button plain small" : "chip";
      button.addEventListener("click", () => {
        if (text === undefined) fill(button.form, JSON.parse(texts));
        else insert(button.form, text);
      });
      place.replaceWith(button);
    }
  }

  upgrade(document);
  document.addEventListener("htmx:after:swap", () => upgrade(document));
})();
