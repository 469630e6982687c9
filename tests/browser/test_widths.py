import pytest

from tests.browser.conftest import MakeVisitor
from tests.browser.looks import too_wide
from tests.browser.scenes import SCENES
from tests.browser.visitor import LANGUAGES

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_page_scrolls_sideways_or_tears_a_word(visitor: MakeVisitor, language: str, name: str) -> None:
    one = visitor(language)
    SCENES[name](one)

    assert too_wide(one, may_tear=name == "caught message") == []
