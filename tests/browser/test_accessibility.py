"""Every page in both languages, light and dark, by axe: WCAG 2.2 AA and best practice, nothing left out."""

import pytest

from tests.browser.conftest import MakeVisitor
from tests.browser.looks import BY_DAY, BY_NIGHT, violations
from tests.browser.scenes import SCENES
from tests.browser.visitor import LANGUAGES

pytestmark = pytest.mark.browser


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
