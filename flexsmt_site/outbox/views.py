"""The catcher's mails in the browser, on a demonstration machine only."""

from pathlib import Path

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from flexsmt_site import web
from flexsmt_site.config import settings
from flexsmt_site.outbox import caught

bp = Blueprint("dev_mail", __name__, url_prefix="/dev/mail")

#: A mail's HTML lives by style attributes; nothing else of it may act or load.
MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; sandbox"


@bp.get("", strict_slashes=False)
def inbox() -> ResponseReturnValue:
    """List what the catcher holds, newest first."""
    return web.render("outbox/dev_mail", cache=web.Cache.NO_STORE, mails=caught.list_caught(_folder()))


@bp.get("/<name>")
def message(name: str) -> ResponseReturnValue:
    """Show one mail: its headers, its text and its source."""
    return web.render("outbox/dev_message", cache=web.Cache.NO_STORE, mail=_caught_or_404(name))


@bp.get("/<name>/html")
def html(name: str) -> ResponseReturnValue:
    """Show the HTML part as a mail program would, by itself."""
    response = Response(_caught_or_404(name).part("html"), mimetype="text/html")
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    return web.cached(response, web.Cache.NO_STORE)


def _caught_or_404(name: str) -> caught.Caught:
    return caught.find_caught(_folder(), name) or abort(404)


def _folder() -> Path:
    return settings().data_dir / "mail"
