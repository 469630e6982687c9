"""Signing in and out: by a code, by a link, by a passkey."""

from datetime import timedelta
from math import ceil

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from flexsmt_site import clock, cookies, pages, tokens, web
from flexsmt_site.language import service as language
from flexsmt_site.staff import door, guard, menu, passkeys, privacy, rules, signin, visits
from flexsmt_site.staff.forms import AddressForm, CodeForm, PasskeyForm, StaffForm

bp = pages.blueprint("staff", __name__, prefix="/staff")
entrance = Blueprint("staff_entrance", __name__)

_TICKET = "sign-in code"
_NO_STORE = web.Cache.NO_STORE


@entrance.get("/staff/")
def enter() -> ResponseReturnValue:
    """Send staff to their pages in the language of the request."""
    return _go(url_for("staff.home", lang=language.current()))


@bp.get("/")
@guard.requires()
def home() -> ResponseReturnValue:
    """Send a member to the first page that its role opens."""
    return _go(url_for(next(iter(menu.entries(guard.member().role))).endpoint))


@bp.get("/sign-in")
@guard.signed_out
def sign_in() -> ResponseReturnValue:
    """Ask who wants to sign in."""
    found = guard.find()
    is_in = found is not None and rules.is_fresh(found.span, clock.now())
    return _go(door.onward(request.args.get("next", ""))) if is_in else door.ask("")


@bp.post("/sign-in")
@guard.signed_out
def ask() -> ResponseReturnValue:
    """Send a code and a link to an address; the answer is the same whether or not anybody has it."""
    form = AddressForm()
    if not form.validate():
        return door.ask("", status=422, form=form)
    request_ = signin.Request(form.address.data, web.client_address(), pages.language())
    try:
        nonce = signin.ask(request_, _link_path, clock.now())
    except signin.TooMany as error:
        return _later(door.ask(_pause(error.wait), status=429, form=form), error.wait)
    ticket = tokens.sign(_TICKET, {"nonce": nonce})
    return web.see_other(url_for(".code", ticket=ticket, next=door.onward(form.next.data or "")))


@bp.route("/sign-in/code", methods=["GET", "POST"])
@guard.signed_out
def code() -> ResponseReturnValue:
    """Take the code from the mail."""
    form = CodeForm(ticket=request.args.get("ticket", ""), next=request.args.get("next", ""))
    try:
        nonce = tokens.read(_TICKET, form.ticket.data or "")["nonce"]
    except tokens.BadToken:
        return _go(url_for(".sign_in"))
    if not form.validate_on_submit():
        return _code_page(form)
    digits = rules.read_code(form.code.data) or ""
    try:
        token = signin.redeem_code(nonce, digits, clock.now())
    except signin.WrongCode as error:
        wrong = ngettext(
            "This is another code. You can try %(num)d more time.",
            "This is another code. You can try %(num)d more times.",
            error.left,
        )
        return _code_page(form, wrong, 422)
    except signin.TooMany as error:
        return _later(_code_page(form, _pause(error.wait), 429), error.wait)
    except signin.Spent:
        return _code_page(form, _("This code has been used or has run out. Please ask for another one."), 422)
    return _signed_in(token, form.next.data or "")


@bp.route("/sign-in/link/<token>", methods=["GET", "POST"])
@guard.signed_out
def link(token: str) -> ResponseReturnValue:
    """Sign in by the link from the mail: only its button does, as mail programs open links by themselves."""
    form = StaffForm()
    if form.is_submitted():
        try:
            return _signed_in(signin.redeem_link(token, clock.now()), "")
        except signin.Spent:
            pass
    is_open = signin.is_open(token, clock.now())
    return web.render(
        "staff/link", form=form, is_open=is_open, status=200 if is_open else 410, cache=_NO_STORE
    )


@bp.post("/sign-in/passkey")
@guard.signed_out
def passkey() -> ResponseReturnValue:
    """Sign in by a passkey."""
    form, here = PasskeyForm(), door.site()
    try:
        if here is None:
            raise rules.BadPasskey("no host for passkeys")
        answer = passkeys.Answer(form.ticket.data or "", form.answer.data or "")
        token = passkeys.sign_in(here, answer, clock.now())
    except rules.BadPasskey:
        return door.ask(
            _("The passkey was not accepted. Try again, or sign in with a code by e-mail."), status=422
        )
    return _signed_in(token, form.next.data or "")


@bp.post("/sign-out")
@guard.requires()
def sign_out() -> ResponseReturnValue:
    """End the session."""
    visits.end(guard.opened(), clock.now())
    response = web.see_other(url_for(".sign_in"))
    cookies.remove(response, privacy.SESSION.name)
    return response


def _signed_in(token: str, wanted: str) -> Response:
    return guard.open_session(web.see_other(door.onward(wanted)), token)


def _code_page(form: CodeForm, notice: str = "", status: int | None = None) -> Response:
    return web.render("staff/code", form=form, notice=notice, status=status, cache=_NO_STORE)


def _link_path(token: str, lang: str) -> str:
    return url_for("staff.link", token=token, lang=lang)


def _later(response: Response, wait: timedelta) -> Response:
    response.headers["Retry-After"] = str(ceil(wait.total_seconds()))
    return response


def _pause(wait: timedelta) -> str:
    return str(
        ngettext(
            "Too many attempts. You can ask for another code in %(num)d minute.",
            "Too many attempts. You can ask for another code in %(num)d minutes.",
            -(-wait // timedelta(minutes=1)),
        )
    )


def _go(url: str) -> Response:
    return web.cached(redirect(url, 302, Response), _NO_STORE)  # type: ignore[arg-type]
