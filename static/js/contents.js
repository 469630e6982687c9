// Marks in the table of contents the clause that is being read. The page is complete without it.
"use strict";
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
