import pytest

from tests.browser.conftest import MakeVisitor
from tests.browser.visitor import LANGUAGES

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("path", ["/nowhere", "/privacy/nowhere", "/contact/received/FX-0000-0000"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_missing_page_speaks_the_language_of_its_path_and_leads_to_both(
    visitor: MakeVisitor, language: str, path: str
) -> None:
    one = visitor({"en": "ru", "ru": "en"}[language])
    one.expects(f"/{language}{path}", "404")

    response = one.goes(f"/{language}{path}")

    assert response.status == 404
    assert one.page.get_attribute("html", "lang") == language
    for code in LANGUAGES:
        assert one.page.locator(f"main a[href='/{code}/'][lang={code}]").is_visible()
    one.page.click(f"main a[href='/{language}/']")
    assert one.page.url == f"{one.site.base}/{language}/"


@pytest.mark.parametrize("path", ["/de/", "/de/privacy", "/nowhere"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_path_of_no_language_speaks_that_of_the_visitor(
    visitor: MakeVisitor, language: str, path: str
) -> None:
    one = visitor(language)
    one.expects(path, "404")

    assert one.goes(path).status == 404
    assert one.page.get_attribute("html", "lang") == language


def test_a_form_that_another_site_sends_is_refused_with_an_explanation(visitor: MakeVisitor) -> None:
    one = visitor("ru")
    one.expects("/ru/contact", "403")
    one.page.goto("about:blank")
    one.page.set_content(
        f'<form method="post" action="{one.site.base}/ru/contact"><button>Go</button></form>'
    )
    before = one.site.enquiries()

    one.page.click("button")
    one.page.wait_for_selector("main h1")

    assert "403" in one.page.inner_text(".code")
    assert one.page.locator("main a[href='/ru/contact']").is_visible()
    assert one.site.enquiries() == before
