import pytest

from tests.browser.conftest import MakeVisitor
from tests.browser.scenes import SCENES
from tests.browser.visitor import LANGUAGES

pytestmark = pytest.mark.browser

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


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_scrolls_sideways_or_tears_a_word(visitor: MakeVisitor, language: str, name: str) -> None:
    one = visitor(language)
    SCENES[name](one)

    for width, height in WINDOWS:
        one.page.set_viewport_size({"width": width, "height": height})
        assert one.page.evaluate(TOO_WIDE) == [], f"at {width} px"
        if name != "caught message":
            assert one.page.evaluate(TORN) == [], f"at {width} px"
