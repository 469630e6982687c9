"""Pages for every error that a visitor may meet."""

from dataclasses import dataclass

from flask import Flask, Response, make_response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException, InternalServerError, MethodNotAllowed

from flexsmt_site import events, pages, web
from flexsmt_site.config import LANGUAGES
from flexsmt_site.database import DatabaseUnavailable, is_trouble
from flexsmt_site.language.overlay import BrokenCatalogue


@dataclass(frozen=True)
class Words:
    """What an error page says: what happened, and what to do."""

    title: LazyString
    text: LazyString
    mend: LazyString | str = ""


FOREIGN = Words(
    _l("This address does not lead here"),
    _l("The request named a host that this site does not answer for."),
    _l("Please use the address that you were given, or the one in your bookmarks."),
)
_UNCLEAR = Words(
    _l("The request could not be understood"),
    _l("Something in it was damaged on the way, so nothing was stored."),
    _l("Please go back, load the page again and send it once more."),
)
WORDS: dict[int, Words] = {
    400: _UNCLEAR,
    403: Words(
        _l("This was not sent from our page"),
        _l("Your browser says that another site sent this form, so we have not taken it."),
        _l("Please open our page and send the form from there."),
    ),
    404: Words(
        _l("This page is not here"),
        _l("The address may be mistyped, or the page has gone."),
        _l("These pages lead on:"),
    ),
    405: Words(
        _l("This page cannot be used in that way"),
        _l("The address is right, but it does not take this kind of request."),
    ),
    413: Words(
        _l("That was too much at once"),
        _l("What was sent is larger than this site takes, so nothing was stored."),
        _l("Please go back, shorten your text and send it again."),
    ),
    415: Words(
        _l("This kind of content is not taken here"),
        _l("The form was sent in a format that this site does not read, so nothing was stored."),
    ),
    422: Words(
        _l("Something in the request does not fit"),
        _l("Nothing was stored or changed."),
        _l("Please go back and choose one of the options on the page."),
    ),
    429: Words(
        _l("Too many requests"),
        _l("Too many have come from your network within the last hour."),
        _l("Please try again later."),
    ),
    500: Words(
        _l("Something went wrong on our side"),
        _l("The fault is ours and has been noted."),
        _l("Please try again in a few minutes."),
    ),
    503: Words(
        _l("The site cannot do this at the moment"),
        _l("A part of it is out of service, so nothing was stored."),
        _l("Please try again in a few minutes."),
    ),
}


def init_app(app: Flask) -> None:
    """Register the pages; that of 500 is finished at start, as it may depend on nothing that can break."""
    finished = {lang: plain(app, 500, lang, WORDS[500]) for lang in LANGUAGES}

    def broken(_error: InternalServerError) -> Response:
        return _answer(Response(finished[pages.language()], status=500, mimetype="text/html"))

    app.register_error_handler(HTTPException, _page)
    for unavailable in (DatabaseUnavailable, DBAPIError):
        app.register_error_handler(unavailable, _unavailable)
    app.register_error_handler(BrokenCatalogue, _unreadable)
    app.register_error_handler(InternalServerError, broken)


def plain(app: Flask, code: int, lang: str, words: Words) -> bytes:
    """Render an error page that needs neither request nor database, as bytes."""
    with app.app_context(), pages.speaking(lang):
        text = app.jinja_env.get_template("errors/plain.html").render(lang=lang, code=code, **vars(words))
    return text.encode()


def _page(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    words = WORDS.get(code, _UNCLEAR)
    response = make_response(render_template("errors/page.html", code=code, **vars(words)), code)
    if isinstance(error, MethodNotAllowed):
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return _answer(response)


def _unavailable(error: Exception) -> ResponseReturnValue:
    if isinstance(error, DBAPIError):  # The other one has been noted where it was raised.
        if not is_trouble(error):
            raise error
        events.say("database.unavailable", error=type(error.orig).__name__)
    response = make_response(render_template("errors/page.html", code=503, **vars(WORDS[503])), 503)
    response.headers["Retry-After"] = "120"
    return _answer(response)


def _unreadable(error: BrokenCatalogue) -> ResponseReturnValue:
    # Pages of the staff alone read these files: those of visitors are made of what was compiled before.
    events.say("catalogue.unreadable", file=error.file)
    words = Words(
        _l("The texts of the site cannot be read"),
        _l("A file of them is damaged: %(file)s. Nothing was stored.", file=error.file),
        _l("Please tell whoever runs the site."),
    )
    return _answer(make_response(render_template("errors/page.html", code=503, **vars(words)), 503))


def _answer(response: Response) -> Response:
    if web.wants_partial():
        # What was typed stays: an error page never takes the place of a form.
        response.headers["HX-Reswap"] = "none"
    return web.cached(response, web.Cache.NO_STORE)
