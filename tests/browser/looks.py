"""What is looked at on any page: faults that axe finds, what is too wide or torn, and where the focus is."""

import json
from typing import Any

from axe_playwright_python.sync_playwright import Axe

from tests.browser.visitor import Visitor

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BY_DAY = {"type": "tag", "values": TAGS}
#: What the colour scheme can change; all else has been looked at by day.
BY_NIGHT = {"type": "rule", "values": ["color-contrast", "link-in-text-block", "target-size"]}

#: The narrowest window, the same at 400 % zoom of 1280 × 1024, a tablet, the widest.
WINDOWS = ((320, 800), (320, 256), (768, 900), (1600, 900))

TOO_WIDE = """() => {
  const room = innerWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  return [...document.querySelectorAll("body *")]
    .filter((element) => element.getBoundingClientRect().right > room + 0.5)
    .map((element) => `${element.tagName}.${element.className} ${element.textContent.trim().slice(0, 40)}`);
}"""

#: Words of headings and links that are torn without a hyphen: overflow-wrap is for addresses, not for words.
TORN = """() => [...document.querySelectorAll("h1, h2, h3, a, button, label, dt, th")].flatMap((element) => {
  const torn = [];
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (const word of node.data.matchAll(/[\\p{L}]{2,}/gu)) {
      const range = document.createRange();
      range.setStart(node, word.index);
      range.setEnd(node, word.index + word[0].length);
      const tops = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
      if (tops.size > 1) torn.push(word[0]);
    }
  return torn;
})"""

FOCUS = """() => {
  const on = document.activeElement, style = getComputedStyle(on), box = on.getBoundingClientRect();
  const banner = document.getElementById("consent-banner");
  const covers = banner && !banner.contains(on) && getComputedStyle(banner).position === "sticky";
  const end = covers ? banner.getBoundingClientRect().top : innerHeight;
  return {
    where: on.id || on.getAttribute("href") || on.textContent.trim() || on.tagName,
    body: on === document.body,
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 3,
    seen: box.width > 0 && box.right > 0 && box.left < innerWidth && box.bottom > 0 && box.top < end,
  };
}"""


#: The rules, and of what they say only the faults: what is in order makes a long answer.
RUN_AXE = "(options) => axe.run(options).then((said) => said.violations)"


def faults(one: Visitor, *, fewest_stops: int, may_tear: bool = False) -> dict[str, list[str]]:
    """What somebody can not read or use of a page: by day, by night, by keyboard, in any window."""
    by_day = violations(one, BY_DAY)
    one.page.emulate_media(color_scheme="dark")
    by_night = violations(one, BY_NIGHT)
    one.page.emulate_media(color_scheme="light")
    seen = stops(one)
    assert len(seen) >= fewest_stops, seen
    unseen = [stop["where"] for stop in seen if not (stop["ring"] and stop["seen"])]
    found = {"by day": by_day, "by night": by_night, "by keyboard": unseen}
    found["in some window"] = too_wide(one, may_tear=may_tear)
    return {where: said for where, said in found.items() if said}


def violations(one: Visitor, rules: dict[str, Any]) -> list[str]:
    if not one.page.evaluate("Boolean(window.axe)"):
        one.page.evaluate(Axe().axe_script)
    found = one.page.evaluate(RUN_AXE, {"runOnly": rules, "resultTypes": ["violations"]})
    return [
        f"{violation['id']}: {node['html'][:160]} {json.dumps(node['any'][:1], ensure_ascii=False)[:300]}"
        for violation in found
        for node in violation["nodes"]
    ]


def too_wide(one: Visitor, *, may_tear: bool = False) -> list[str]:
    """What does not fit some window, and words that are torn in it."""
    found: list[str] = []
    for width, height in WINDOWS:
        one.page.set_viewport_size({"width": width, "height": height})
        torn = [] if may_tear else one.page.evaluate(TORN)
        found += [f"at {width} px: {fault}" for fault in [*one.page.evaluate(TOO_WIDE), *torn]]
    return found


def stops(one: Visitor) -> list[dict[str, Any]]:
    """Where the Tab key leads, from the beginning of the page to its end."""
    one.page.evaluate("document.activeElement.blur()")
    seen: list[dict[str, Any]] = []
    for _ in range(60):
        one.page.keyboard.press("Tab")
        found = one.page.evaluate(FOCUS)
        if found["body"]:
            break
        seen.append(found)
    return seen


def tab_to(one: Visitor, wanted: str) -> None:
    """Press Tab until an element of this id or address has the focus; the focus is seen all the way."""
    for _ in range(80):
        one.page.keyboard.press("Tab")
        found = one.page.evaluate(FOCUS)
        assert found["ring"], f"no focus ring on {found['where']}"
        assert found["seen"], f"the focus is out of sight on {found['where']}"
        if found["where"] == wanted:
            return
    raise AssertionError(f"Tab never comes to {wanted}")
