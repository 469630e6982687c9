"""The inbox, one enquiry with what can be done about it, the export and the figures."""

from typing import Any

from flask import Response, abort, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from flexsmt_site import clock, pages, web
from flexsmt_site.config import LANGUAGES
from flexsmt_site.contact import figures as contact_figures
from flexsmt_site.contact import finding
from flexsmt_site.contact.desk import UnknownEnquiry
from flexsmt_site.contact.finding import Shelf
from flexsmt_site.contact.handling import Changed
from flexsmt_site.contact.notice import reasons
from flexsmt_site.contact.rules import cleaned, read_reference
from flexsmt_site.inbox import chart, files, reply, service, words
from flexsmt_site.inbox.forms import DeedForm, ExportForm
from flexsmt_site.inbox.service import Case, Mails, Wanted
from flexsmt_site.language.countries import country_name
from flexsmt_site.outbox.rules import RESENDABLE
from flexsmt_site.staff import audit, guard
from flexsmt_site.staff.forms import read_number
from flexsmt_site.staff.rules import Role

bp = pages.blueprint("inbox", __name__, prefix="/staff")

_NO_STORE = web.Cache.NO_STORE
#: Longer than any name or sentence that somebody looks for.
_LONGEST_SEARCH = 200


@bp.get("/inbox")
@guard.requires(Role.SALES)
def page() -> ResponseReturnValue:
    """Show a page of the inbox: of one shelf, of a search, or of everything."""
    sought = wanted()
    before, after = (read_number(request.args.get(name)) for name in ("before", "after"))
    action = "enquiry.searched" if sought.words else "enquiry.listed"
    audit.write(action, member_id=guard.member().id, subject=None, now=clock.now())
    return web.render(
        "inbox/page",
        part="inbox_list",
        wanted=sought,
        pile=service.find(sought, before, after),
        counts=finding.count(),
        shelves=words.SHELVES,
        is_first=before is None and after is None,
        is_swapped=web.wants_partial(),
        **_common(),
    )


@bp.get("/inbox/export")
@guard.requires(Role.SALES, fresh=True)
def export() -> ResponseReturnValue:
    """Say how many enquiries an export will hold, and ask for the kind of file."""
    return _export_form(ExportForm(formdata=None))


@bp.post("/inbox/export")
@guard.requires(Role.SALES, fresh=True)
def download() -> ResponseReturnValue:
    """Send the file while it is written: nothing of it waits in memory."""
    form, sought = ExportForm(), wanted()
    if not form.validate():
        return _export_form(form)
    audit.write("enquiry.exported", member_id=guard.member().id, subject=None, now=clock.now())
    file = files.KINDS[form.kind.data]
    response = Response(stream_with_context(file.write(files.rows(sought))), mimetype=file.mimetype)
    response.headers["Content-Disposition"] = f'attachment; filename="{files.name(file, clock.now())}"'
    response.headers["X-Rows"] = str(finding.count_all(sought.shelf, sought.words))
    return web.cached(response, _NO_STORE)


@bp.get("/inbox/<reference>")
@guard.requires(Role.SALES)
def enquiry(reference: str) -> ResponseReturnValue:
    """Show one enquiry with all that is known of it."""
    return _shown(_open(reference), DeedForm(formdata=None))


@bp.post("/inbox/<reference>/<verb>")
@guard.requires(Role.SALES)
def act(reference: str, verb: str) -> ResponseReturnValue:
    """Do one thing to an enquiry; 409 with what has changed where somebody else was faster."""
    if verb not in service.VERBS:
        abort(404)
    form = DeedForm()
    if verb == "note" and not form.validate():
        return _shown(_open(reference), form)
    try:
        is_told = service.act(verb, reference, form.deed(guard.member().id), clock.now())
    except UnknownEnquiry:
        abort(404)
    except Changed:
        return _shown(_open(reference), form, refused=verb, status=409)
    return _done(reference, verb, form, is_told=is_told)


@bp.get("/figures")
@guard.requires(Role.SALES)
def figures() -> ResponseReturnValue:
    """Show how many enquiries come in a week, how their mail fares and how soon they are answered."""
    weeks = contact_figures.list_weeks(clock.now())
    return web.render(
        "inbox/figures",
        weeks=weeks,
        chart=chart.draw(weeks, LANGUAGES),
        deliveries=[Mails(delivery.value) for delivery in contact_figures.Delivery],
        words=words,
        cache=_NO_STORE,
    )


def wanted() -> Wanted:
    """Read from the address or the form what somebody looks for; a shelf that there is none of is all."""
    name = request.values.get("shelf", "")
    shelf = Shelf(name) if name in set(Shelf) else None
    return Wanted(shelf, cleaned(request.values.get("q", ""), lines=False)[:_LONGEST_SEARCH])


def _open(reference: str, *, is_told: bool = False) -> Case:
    """Read an enquiry to show it: a line in the trail, unless one tells already what was done to it."""
    try:
        case = service.get_case(reference)
    except UnknownEnquiry:
        abort(404)
    if not is_told:
        subject = case.entry.enquiry.id
        audit.write("enquiry.viewed", member_id=guard.member().id, subject=subject, now=clock.now())
    return case


def _export_form(form: ExportForm) -> Response:
    sought = wanted()
    if sought.words:
        # How many have these words may be all that somebody wants to know.
        audit.write("enquiry.searched", member_id=guard.member().id, subject=None, now=clock.now())
    form.shelf.data, form.q.data = sought.shelf or "", sought.words
    return web.render(
        "inbox/export",
        form=form,
        wanted=sought,
        rows=finding.count_all(sought.shelf, sought.words),
        most=finding.MOST_EXPORTED,
        words=words,
        cache=_NO_STORE,
    )


def _done(reference: str, verb: str, form: DeedForm, *, is_told: bool) -> ResponseReturnValue:
    if verb == "note":
        form.text.data = ""
    # A note that is half typed is not lost to another button.
    if web.wants_partial() or form.text.data:
        return _shown(_open(reference, is_told=is_told), form, done=verb)
    return web.see_other(url_for(".enquiry", reference=read_reference(reference)))


def _shown(
    case: Case, form: DeedForm, *, done: str = "", refused: str = "", status: int | None = None
) -> Response:
    """Show an enquiry as it stands, after what was done, or refused because it had changed."""
    enquiry = case.entry.enquiry
    form.version.data = enquiry.version
    return web.render(
        "inbox/enquiry",
        part="inbox_enquiry",
        case=case,
        enquiry=enquiry,
        form=form,
        done=words.DONE.get(done, ""),
        refused=refused,
        change=service.last_change(enquiry) if refused else None,
        mailto=reply.link(enquiry),
        reasons=reasons(enquiry),
        resendable=RESENDABLE,
        status=status,
        **_common(),
    )


def _common() -> dict[str, Any]:
    """Return what the templates of enquiries need besides them."""
    return {
        "me": guard.member().id,
        "now": clock.now(),
        "country_name": country_name,
        "words": words,
        "mails": service.mails,
        "cache": _NO_STORE,
    }
