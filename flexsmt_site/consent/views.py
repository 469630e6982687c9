"""The settings page, the answer to every choice, and the visitor's own receipt."""

from flask import Blueprint, Response, jsonify, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from flexsmt_site import clock, cookies, events, itself, pagecache, pages, web
from flexsmt_site.consent import device, rules, service
from flexsmt_site.consent.screens import Place
from flexsmt_site.consent.service import Given
from flexsmt_site.database import DatabaseUnavailable

bp = pages.blueprint("consent", __name__)
receipts = pages.blueprint("receipts", __name__, prefix="/consent")
decisions = Blueprint("decisions", __name__)

_NO_STORE = web.Cache.NO_STORE


@bp.get("/settings")
def settings() -> ResponseReturnValue:
    """Show the choice of language and of purposes, and every cookie that this site can set."""
    return _settings()


@decisions.post("/consent")
def decide() -> ResponseReturnValue:
    """Take a choice about cookies, from the banner, the settings or the footer."""
    onward = web.onward_path() or url_for("home.page")
    pages.speak_as(onward)
    form = itself.request().form
    decision, chosen = form.get("decision", ""), form.getlist("purpose")
    try:
        granted = rules.granted(decision, chosen, cookies.register().keys)
    except rules.UnknownChoice:
        words = _("This choice is not available, so nothing was changed. Please choose again.")
        return _ask_again(words, onward, 422)
    return _agree(granted, onward) if granted else _refuse(onward)


@receipts.get("/receipt")
def receipt() -> ResponseReturnValue:
    """Show the visitor's own proof of consent."""
    number = device.receipt_number()
    choices = service.list_choices(number)
    titles = {purpose.key: purpose.title for purpose in cookies.register().purposes}
    response = web.render("consent/receipt", choices=choices, number=number, titles=titles, cache=_NO_STORE)
    if not choices:
        device.drop_receipt(response)
    return response


@receipts.get("/receipt.json")
def export() -> ResponseReturnValue:
    """Hand over the visitor's own proof, with what was on the screen, as a list in JSON."""
    found = service.list_choices(device.receipt_number())
    response = web.cached(jsonify(list(service.written_out(found))), _NO_STORE)
    response.headers["Content-Disposition"] = 'attachment; filename="consent-receipt.json"'
    if not found:
        device.drop_receipt(response)
    return response


@receipts.post("/receipt")
def erase() -> ResponseReturnValue:
    """Erase the visitor's own proof; without it the consent cannot stand and ends too."""
    service.erase(device.receipt_number())
    response = web.see_other(url_for(".receipt"))
    device.keep(response, frozenset(), "")
    return response


@receipts.post("/forget")
def forget() -> ResponseReturnValue:
    """Take every cookie of this site from the device; a consent ends with that."""
    _withdraw(Place.SETTINGS)
    response = web.see_other(url_for("consent.settings"))
    device.forget(response)
    return response


def _agree(granted: frozenset[str], onward: str) -> ResponseReturnValue:
    try:
        shown = service.shown_as(request.form.get("screen", ""), pages.language())
        gpc = service.current().gpc
        number = service.record(Given(granted, shown, gpc, clock.now()), device.receipt_number())
    except service.Outdated:
        words = _("What we ask your consent for has changed since you opened this page. Please choose again.")
        return _ask_again(words, onward, 422)
    except DatabaseUnavailable:
        words = _(
            "Your consent could not be recorded just now, so nothing was changed. Please try again later."
        )
        return _ask_again(words, onward, 503)
    return _settled(granted, number, onward)


def _refuse(onward: str) -> ResponseReturnValue:
    return _settled(frozenset(), _withdraw(Place.FOOTER), onward)


def _withdraw(place: Place) -> str:
    """Write that an agreement ends, and return the number that stays with the device: none.

    It ends in any case. While the database does not answer, the device keeps the number of its receipt, so
    that this can be written with its next choice.
    """
    number = device.receipt_number()
    if not number:
        return ""
    try:
        shown = service.shown_at_refusal(request.form.get("screen", ""), pages.language(), place)
        return service.record(Given(frozenset(), shown, service.current().gpc, clock.now()), number)
    except DatabaseUnavailable:
        events.say("consent.withdrawal_unrecorded")
        return number


def _settled(granted: frozenset[str], number: str, onward: str) -> Response:
    if web.wants_partial():
        # A refusal is told to everybody in the same words; an agreement leads back to the page at hand.
        said = _done(granted, onward) if granted else pagecache.piece("refused", _refused)
        response = web.cached(Response(said), _NO_STORE)
    else:
        response = web.see_other(onward)
    device.keep(response, granted, number)
    return response


def _done(granted: frozenset[str], onward: str) -> str:
    return render_template("consent/_consent_done.html", granted=granted, onward=onward)


def _refused() -> str:
    return _done(frozenset(), "")


def _ask_again(words: str, onward: str, status: int) -> Response:
    if not web.wants_partial():
        return _settings(words, status)
    # HTMX leaves a page as it is at 503, and the visitor would not learn why.
    return web.render(
        "consent/settings",
        part="consent_banner",
        notice=words,
        onward=onward,
        screen=service.digest("banner"),
        status=422,
        cache=_NO_STORE,
    )


def _settings(notice: str = "", status: int | None = None) -> Response:
    return web.render(
        "consent/settings",
        notice=notice,
        stored=[(purpose, cookies.declared(purpose.key)) for purpose in cookies.purposes()],
        status=status,
        cache=web.Cache.PRIVATE,
    )
