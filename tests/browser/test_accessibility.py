"""Every page in both languages, light and dark: no fault by axe, nothing torn, every stop of Tab seen."""

import pytest

from tests.browser.conftest import MakeVisitor
from tests.browser.looks import BY_DAY, faults, violations
from tests.browser.scenes import SCENES
from tests.browser.visitor import LANGUAGES

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_can_be_read_and_used_by_everybody(visitor: MakeVisitor, language: str, name: str) -> None:
    one = visitor(language)
    SCENES[name](one)

    assert faults(one, fewest_stops=5, may_tear=name == "caught message") == {}


def test_axe_does_find_faults(visitor: MakeVisitor) -> None:
    one = visitor()
    one.opens("/contact")
    one.page.evaluate("document.querySelector('label[for=city]').remove()")

    assert any(found.startswith("label:") for found in violations(one, BY_DAY))
