"""Every page in both languages, light and dark, by axe: WCAG 2.2 AA and best practice, nothing left out."""

import json
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.browser.conftest import MakeVisitor
from tests.browser.scenes import SCENES
from tests.browser.visitor import LANGUAGES, Visitor

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
BY_DAY = {"type": "tag", "values": TAGS}
#: What the colour scheme can change; all else has been looked at by day.
BY_NIGHT = {"type": "rule", "values": ["color-contrast", "link-in-text-block", "target-size"]}


def violations(one: Visitor, rules: dict[str, Any]) -> list[str]:
    found = (
        Axe().run(one.page, options={"runOnly": rules, "resultTypes": ["violations"]}).response["violations"]
    )
    return [
        f"{violation['id']}: {node['html'][:160]} {json.dumps(node['any'][:1], ensure_ascii=False)[:300]}"
        for violation in found
        for node in violation["nodes"]
    ]


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_no_fault_by_day_or_by_night(visitor: MakeVisitor, language: str, name: str) -> None:
    one = visitor(language)
    SCENES[name](one)

    by_day = violations(one, BY_DAY)
    one.page.emulate_media(color_scheme="dark")
    by_night = violations(one, BY_NIGHT)

    assert (by_day, by_night) == ([], [])


def test_axe_does_find_faults(visitor: MakeVisitor) -> None:
    one = visitor()
    one.opens("/contact")
    one.page.evaluate("document.querySelector('label[for=city]').remove()")

    assert any(found.startswith("label:") for found in violations(one, BY_DAY))
