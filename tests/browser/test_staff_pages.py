"""Every page of the staff in both languages: no fault by axe, nothing cut or torn, every stop of Tab seen."""

import pytest

from tests.browser.conftest import MakeVisitor
from tests.browser.looks import faults
from tests.browser.staff_scenes import STAFF
from tests.browser.visitor import LANGUAGES

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", STAFF)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_of_the_staff_can_be_read_and_used_by_everybody(
    visitor: MakeVisitor, language: str, name: str
) -> None:
    one = visitor(language)
    STAFF[name](one)

    assert faults(one, fewest_stops=3) == {}
