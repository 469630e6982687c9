"""Every page of the site, and how a visitor comes to it."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.visitor import Visitor

Scene = Callable[[Visitor], None]


def _path(path: str, status: int = 200) -> Scene:
    def come(visitor: Visitor) -> None:
        if status != 200:
            visitor.expects(f"/{visitor.language}{path}", str(status))
        assert visitor.opens(path).status == status

    return come


def contact_with_errors(visitor: Visitor) -> None:
    visitor.opens("/contact")
    visitor.meets_errors()


def received(visitor: Visitor) -> None:
    visitor.writes()


def sent_from_elsewhere(visitor: Visitor) -> None:
    """403: a page of nobody's posts into our form."""
    path = f"/{visitor.language}/contact"
    visitor.expects(path, "403")
    visitor.page.goto("about:blank")
    form = f'<form method="post" action="{visitor.site.base}{path}"><button>Go</button></form>'
    visitor.page.set_content(form)
    with visitor.page.expect_navigation() as arrived:
        visitor.page.click("button")
    assert arrived.value.status == 403


def not_in_that_way(visitor: Visitor) -> None:
    """405: the switch of language takes POST alone."""
    visitor.expects("/language", "405")
    assert visitor.goes("/language").status == 405


def caught_mail(visitor: Visitor) -> None:
    if not visitor.site.has_mail():
        visitor.site.notices(visitor.writes())
    assert visitor.goes("/dev/mail").status == 200


def caught_message(visitor: Visitor) -> None:
    caught_mail(visitor)
    visitor.page.click("tbody a >> nth=0")
    visitor.page.wait_for_url("**/dev/mail/*")


def _settings_after(decision: str) -> Scene:
    def come(visitor: Visitor) -> None:
        visitor.opens("/settings")
        visitor.decides(decision, "#consent-choices")

    return come


def receipt(visitor: Visitor) -> None:
    _settings_after("accept")(visitor)
    assert visitor.goes(f"/consent/{visitor.language}/receipt").status == 200
    assert visitor.page.locator(".reference").is_visible()


def no_receipt(visitor: Visitor) -> None:
    assert visitor.goes(f"/consent/{visitor.language}/receipt").status == 200


def remembered(visitor: Visitor) -> None:
    """The contact form, filled in from an earlier enquiry with consent to that."""
    _settings_after("accept")(visitor)
    visitor.writes()
    visitor.opens("/contact")
    assert visitor.page.locator("#contact-remembered").is_visible()


def asked_again(visitor: Visitor) -> None:
    """The banner says why it asks again: the page is older than what is asked for."""
    visitor.opens("/privacy")
    visitor.comes_from_an_older_page("#consent-banner")
    visitor.expects("/consent", "422")
    visitor.page.click("#consent-banner [value=accept]")
    expect(visitor.page.locator("#consent-banner")).to_be_focused()


def asked_again_in_settings(visitor: Visitor) -> None:
    visitor.opens("/settings")
    visitor.comes_from_an_older_page("#consent-choices")
    visitor.expects("/consent", "422")
    visitor.decides("accept", "#consent-choices")


def compared(visitor: Visitor) -> None:
    visitor.site.publishes()
    assert visitor.opens("/privacy/versions/2/since/1").status == 200


#: Pages that anybody reads, without their language.
READ = (
    "/",
    "/privacy",
    "/privacy/versions",
    "/contact",
    "/contact?subject=my-data",
    "/settings",
    "/promises",
)

#: Where a visitor comes who has chosen nothing about cookies, and who still has not when leaving.
UNDECIDED: dict[str, Scene] = {
    "home": _path("/"),
    "privacy": _path("/privacy"),
    "versions": _path("/privacy/versions"),
    "version": _path("/privacy/versions/1"),
    "versions compared": compared,
    "contact": _path("/contact"),
    "contact about data": _path("/contact?subject=my-data"),
    "contact with errors": contact_with_errors,
    "received": received,
    "settings": _path("/settings"),
    "promises": _path("/promises"),
    "no receipt": no_receipt,
    "asked again": asked_again,
    "settings, asked again": asked_again_in_settings,
    "403": sent_from_elsewhere,
    "404": _path("/nowhere", 404),
    "405": not_in_that_way,
    "caught mail": caught_mail,
    "caught message": caught_message,
}
SCENES = UNDECIDED | {
    "settings, refused": _settings_after("reject"),
    "settings, accepted": _settings_after("accept"),
    "receipt": receipt,
    "contact, remembered": remembered,
}
