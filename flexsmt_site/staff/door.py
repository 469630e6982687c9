"""The page on which staff sign in: by itself, or in the place of a page that asks for it."""

from urllib.parse import urlsplit

from flask import Response, make_response, render_template, request, url_for
from werkzeug.urls import iri_to_uri

from flexsmt_site import clock, headers, itself, pages, web
from flexsmt_site.config import settings
from flexsmt_site.staff import passkeys
from flexsmt_site.staff.forms import AddressForm
from flexsmt_site.staff.rules import Site

_ROOT = "/staff/"
#: Where people type what would be a pity to lose: a note, and the words of a text.
_LONG_FIELDS = ("text", "form0", "form1", "form2")


def ask(notice: str, *, status: int = 200, form: AddressForm | None = None) -> Response:
    """Show the page; what was typed into the form that led here stays readable on it."""
    shown = form or AddressForm(formdata=None)
    shown.next.data = shown.next.data or _way_back()
    page = render_template("staff/sign_in.html", form=shown, notice=notice, typed=_typed(), status=status)
    return kept_on_screen(make_response(page, status))


def refuse(status: int, title: str, text: str) -> Response:
    """Say why nothing was done; what was typed into the form that led here stays readable on it."""
    page = render_template("staff/refused.html", title=title, text=text, typed=_typed())
    return kept_on_screen(make_response(page, status))


def _typed() -> str:
    return "\n\n".join(typed for name in _LONG_FIELDS if (typed := request.form.get(name, "")))


def open_to_passkeys(response: Response) -> Response:
    """Let pages of the staff use passkeys; all others are closed to them."""
    if itself.request().path.startswith(_ROOT):
        response.headers["Permissions-Policy"] = headers.permissions(opened=True)
    return response


def kept_on_screen(response: Response) -> Response:
    """Finish an answer that HTMX must not put in the place of what somebody types."""
    if web.wants_partial():
        response.headers["HX-Reswap"] = "none"
    return web.cached(response, web.Cache.NO_STORE)


def onward(wanted: str) -> str:
    """Return where a member goes after signing in: a page of the staff, or where staff begin."""
    home = url_for("staff.home")
    path = web.own_path(wanted, home)
    return iri_to_uri(path) if path.startswith(_ROOT) else home


def site() -> Site | None:
    """Return where passkeys are good; None where browsers take none, as at a bare IP address.

    In demo under each name of this machine, else under BASE_URL's alone.
    """
    here = settings()
    origin = request.host_url.rstrip("/") if here.is_demo else here.base_url
    host = urlsplit(origin).hostname or ""
    is_address = ":" in host or host.replace(".", "").isdigit()
    return None if is_address else Site(host, origin, here.company.name)


def passkey_offer() -> passkeys.Offer | None:
    """Ask for a passkey, where they are good."""
    here = site()
    return passkeys.offer(here, clock.now()) if here else None


def _way_back() -> str:
    wanted = request.full_path.rstrip("?") if request.method == "GET" else web.onward_path()
    is_own = wanted.startswith(_ROOT) and "/sign-in" not in wanted
    return request.args.get("next", "") if not is_own else wanted


def other_language(lang: str) -> str:
    """Return this page in the other language; where staff begin, where it can not be asked for again."""
    return pages.page_url(lang) if request.method in ("GET", "HEAD") else url_for("staff.home", lang=lang)
