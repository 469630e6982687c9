"""The contact form and the page that says an enquiry was received."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from math import ceil

from flask import Response, abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from markupsafe import Markup

from flexsmt_site import clock, pagecache, pages, web
from flexsmt_site.config import settings
from flexsmt_site.contact import privacy, remembered, rules, service
from flexsmt_site.contact.forms import ContactForm
from flexsmt_site.contact.network import TooMany
from flexsmt_site.contact.service import Sending, Ticket
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.language import countries
from flexsmt_site.tokens import BadToken

bp = pages.blueprint("contact", __name__)

SUBJECTS = ("my-data",)
#: Stands in the kept form where each visitor gets a token.
_TOKEN_HERE = "token-comes-here"  # noqa: S105 (it is exchanged for one)


@bp.get("/contact")
def form() -> ResponseReturnValue:
    """Show the form; a reference in the query begins a correction of that enquiry."""
    token = service.issue(pages.language(), clock.now()).text()
    known = remembered.find()
    response = _prepared(known, token) if known or request.args else _blank(token)
    if remembered.is_leftover():
        remembered.forget(response)
    return response


@bp.post("/contact/forget")
def forget() -> ResponseReturnValue:
    """Take the remembered details from the device; what stands in an open form stays."""
    if web.wants_partial():
        said = pagecache.piece("forgotten", _forgotten)
        response = web.cached(Response(said), web.Cache.NO_STORE)
    else:
        response = web.see_other(url_for(".form"))
    remembered.forget(response)
    return response


@bp.post("/contact")
def send() -> ResponseReturnValue:
    """Take the enquiry, or show the form again with everything that was typed."""
    typed = ContactForm()
    if "language" in request.form:
        # The switch of language has sent the half-typed form here: show it, send nothing.
        return _switched(typed)
    is_valid = typed.validate()
    try:
        ticket = service.admit(typed.form_token.data or "", clock.now())
    except BadToken:
        return _expired(typed)
    return _receive(typed, ticket) if is_valid else _page(typed)


@bp.get("/contact/received/<reference>")
def received(reference: str) -> ResponseReturnValue:
    """Say that the enquiry is safe, and what happens next."""
    if not (rules.REFERENCE.fullmatch(reference) and service.is_received(reference)):
        abort(404)
    return web.render(
        "contact/received", reference=reference, months=privacy.ENQUIRY.months, cache=web.Cache.NO_STORE
    )


def _forgotten() -> str:
    return render_template("contact/_contact_forgotten.html")


def _prepared(known: Mapping[str, str], token: str) -> Response:
    """Show a form that knows something of its visitor: details, a subject, or an enquiry to correct."""
    prepared = ContactForm(formdata=None, data=known)
    prepared.form_token.data = token
    reference = request.args.get("reference", "")
    if rules.REFERENCE.fullmatch(reference):
        prepared.description.data = _("About my enquiry %(reference)s:", reference=reference) + "\n"
    return _page(prepared, is_remembered=bool(known))


def _blank(token: str) -> Response:
    """Show the form as most visitors get it: all of it is the same for them but the token."""

    def made() -> str:
        blank = ContactForm(formdata=None)
        blank.form_token.data = _TOKEN_HERE
        return _page(blank).get_data(as_text=True)

    response = Response(pagecache.text(made).replace(_TOKEN_HERE, token))
    return web.cached(response, web.Cache.PRIVATE)


def _receive(typed: ContactForm, ticket: Ticket) -> ResponseReturnValue:
    sending = Sending(clock.now(), web.client_address(), typed.contact_time.data or "")
    submission = typed.submission(_subject())
    try:
        reference = service.receive(submission, ticket, sending)
    except service.AlreadyReceived as earlier:
        question = _("You have already written to us as %(reference)s. Send this as a further message?")
        # The time of issue stays, so that a quick second click is no haste.
        return _again(typed, ticket.issued, question % {"reference": earlier.reference})
    except TooMany as refused:
        return _too_many(typed, refused)
    except DatabaseUnavailable:
        return _sorry(typed)
    # 303, not 302: a reload must not send the message twice.
    response = web.see_other(url_for(".received", reference=reference))
    remembered.keep(response, vars(submission))
    return response


def _too_many(typed: ContactForm, refused: TooMany) -> ResponseReturnValue:
    response = _page(typed, notice=_many_words(), status=429)
    response.headers["Retry-After"] = str(ceil(refused.wait.total_seconds()))
    return response


def _many_words() -> str:
    """Say why a network is refused, and how else to reach us; where scripts run, the page itself says so."""
    company = settings().company
    words = (
        _(
            "The enquiry was not sent: too many have come from your network within the last hour. "
            "What you typed is still here. "
            "Try again later, or reach us directly: the details are on this page."
        )
        if company.phone or company.email
        else _(
            "The enquiry was not sent: too many have come from your network within the last hour. "
            "What you typed is still here. Try again later."
        )
    )
    return str(words)


def _sorry(typed: ContactForm) -> ResponseReturnValue:
    words = _(
        "We cannot take your enquiry at the moment. Nothing you typed is lost: please send it again soon."
    )
    response = _page(typed, notice=words, status=503)
    response.headers["Retry-After"] = "120"
    return response


def _expired(typed: ContactForm) -> ResponseReturnValue:
    words = _("This page could not be used any more. Please check your entries and send again.")
    # As if issued a moment ago: whoever has typed it all before may send it at once.
    return _again(typed, clock.now() - rules.SOONEST, words)


def _switched(typed: ContactForm) -> ResponseReturnValue:
    """Show the form in the other language, which is then the one that its sender agrees in."""
    with suppress(BadToken):
        typed.form_token.data = service.turned(
            service.read(typed.form_token.data or ""), pages.language()
        ).text()
    return _page(typed, status=200)


def _again(typed: ContactForm, issued: datetime, notice: str) -> Response:
    """Show the form with a fresh token."""
    typed.form_token.data = service.issue(pages.language(), issued).text()
    return _page(typed, notice=notice, status=422)


def _page(
    contact_form: ContactForm,
    *,
    notice: str | None = None,
    status: int | None = None,
    is_remembered: bool = False,
) -> Response:
    return web.render(
        "contact/form",
        part="contact_form",
        form=contact_form,
        is_remembered=is_remembered,
        subject=_subject(),
        notice=notice,
        many=_many_words(),
        months=privacy.ENQUIRY.months,
        country_options=_countries(contact_form.country.data),
        status=status,
        # Forgotten details may not come back from the browser's own cache.
        cache=web.Cache.NO_STORE if is_remembered else web.Cache.PRIVATE,
    )


def _countries(chosen: str | None) -> Markup:
    blank = Markup('<option value="">{}</option>').format(_("Choose a country"))
    return blank + countries.country_options(pages.language(), chosen)


def _subject() -> str:
    subject = request.values.get("subject", "")
    return subject if subject in SUBJECTS else ""
