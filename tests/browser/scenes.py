"""Every page of the site, and how a visitor comes to it."""

from collections.abc import Callable

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


#: Pages that anybody reads, without their language.
READ = ("/", "/privacy", "/contact", "/contact?subject=my-data", "/settings", "/promises")

SCENES: dict[str, Scene] = {
    "home": _path("/"),
    "privacy": _path("/privacy"),
    "contact": _path("/contact"),
    "contact about data": _path("/contact?subject=my-data"),
    "contact with errors": contact_with_errors,
    "received": received,
    "settings": _path("/settings"),
    "promises": _path("/promises"),
    "403": sent_from_elsewhere,
    "404": _path("/nowhere", 404),
    "405": not_in_that_way,
    "caught mail": caught_mail,
    "caught message": caught_message,
}
