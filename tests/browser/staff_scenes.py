"""Every page of the staff, and how a member comes to it."""

from collections.abc import Callable

from flexsmt_site.language.edit_rules import key_of
from tests.browser import members
from tests.browser.visitor import Visitor

Scene = Callable[[Visitor], None]
_TEXT = key_of(None, "Skip to the content", None)
_COUNT = key_of(None, "The file will hold %(all)s enquiry.", "The file will hold %(all)s enquiries.")


def _page(path: str, role: str = "admin", status: int = 200) -> Scene:
    def come(one: Visitor) -> None:
        members.enters(one, role)
        address = f"/staff/{one.language}{path}"
        if status != 200:
            one.expects(address, str(status))
        assert one.goes(address).status == status

    return come


def _preview(path: str) -> Scene:
    def come(one: Visitor) -> None:
        members.enters(one, "admin")
        assert one.goes(f"/staff/preview/{one.language}/{path}").status == 200

    return come


def sign_in(one: Visitor) -> None:
    assert one.goes(f"/staff/{one.language}/sign-in").status == 200


def sign_in_refused(one: Visitor) -> None:
    """422: what was typed is no address."""
    sign_in(one)
    one.expects(f"/staff/{one.language}/sign-in", "422")
    one.page.fill("#address", "nobody")
    one.page.click("#sign-in button")
    one.page.wait_for_selector("#error-summary")


def code(one: Visitor) -> None:
    sign_in(one)
    one.page.fill("#address", f"nobody-{one.language}@example.com")
    one.page.click("#sign-in button")
    one.page.wait_for_selector("#code")


def session_ended(one: Visitor) -> None:
    """401: the page asks to sign in first."""
    one.expects(f"/staff/{one.language}/inbox", "401")
    assert one.goes(f"/staff/{one.language}/inbox").status == 401


def link(one: Visitor) -> None:
    members.session_of(one.site, "sales")
    made = members.command(one.site, "staff", "link", "sales-of-all@example.com", "--language", one.language)
    one.page.goto(made)


def link_used(one: Visitor) -> None:
    """410: the link opens nothing any more."""
    path = f"/staff/{one.language}/sign-in/link/nothing"
    one.expects(path, "410")
    assert one.goes(path).status == 410


def enquiry(one: Visitor) -> None:
    members.enters(one)
    assert one.goes(f"/staff/{one.language}/inbox/{members.reference_of(one.site)}").status == 200


def inbox(one: Visitor) -> None:
    members.reference_of(one.site)
    _page("/inbox")(one)


def export(one: Visitor) -> None:
    members.reference_of(one.site)
    _page("/inbox/export")(one)


STAFF: dict[str, Scene] = {
    "sign in": sign_in,
    "sign in, refused": sign_in_refused,
    "code": code,
    "401": session_ended,
    "link": link,
    "link, used": link_used,
    "account": _page("/account"),
    "new passkey": _page("/account/passkey"),
    "trail": _page("/trail"),
    "403": _page("/trail", "sales", 403),
    "inbox": inbox,
    "inbox, empty shelf": _page("/inbox?shelf=answered"),
    "inbox, as sales see it": _page("/inbox?shelf=held", "sales"),
    "inbox, nothing found": _page("/inbox?q=zzzz"),
    "enquiry": enquiry,
    "figures": _page("/figures"),
    "export": export,
    "texts": _page("/words"),
    "texts, nothing found": _page("/words?q=zzzz"),
    "texts, as a publisher sees them": _page("/words?show=draft", "publisher"),
    "a text": _page(f"/words/messages/en/{_TEXT}"),
    "a text of three forms": _page(f"/words/messages/ru/{_COUNT}"),
    "changes": _page("/changes"),
    "import and export": _page("/exchange"),
    "publish": _page("/publish"),
    "releases": _page("/releases"),
    "versions of the policy": _page("/policy"),
    "previews": _page("/previews"),
    "preview of a page": _preview(""),
    "preview of the form": _preview("contact"),
    "preview of the policy": _preview("privacy"),
    "preview of a mail": _preview("mail/quarantine"),
}
