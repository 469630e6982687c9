"""The pages on which words are published, and on which a release is undone."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from flask import Response, abort, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from flexsmt_site import clock, pages, web
from flexsmt_site.editor import going_live, release_words, rules, wording, words
from flexsmt_site.editor.going_live import Released, Waiting
from flexsmt_site.editor.publishing_forms import PublishForm, ReleaseForm
from flexsmt_site.language import making, releases
from flexsmt_site.language.making import NotPublishable, SeenOtherwise, Signature
from flexsmt_site.language.releases import Order
from flexsmt_site.language.standing import Standing
from flexsmt_site.staff import audit, guard, service
from flexsmt_site.staff.forms import read_number
from flexsmt_site.staff.rules import LARGEST_NUMBER, Role

bp = pages.blueprint("editor_publishing", __name__, prefix="/staff")

_CONFLICT = 409


@bp.get("/publish")
@guard.requires(Role.PUBLISHER)
def page() -> ResponseReturnValue:
    """Show what waits to be published; ``edit`` in the address is ticked."""
    return _waiting(PublishForm(formdata=None))


@bp.post("/publish")
@guard.requires(Role.PUBLISHER, fresh=True)
def publish() -> ResponseReturnValue:
    """Publish what was chosen, all or nothing; once more does nothing and says so."""
    form, me = PublishForm(), guard.member().id
    if not form.validate():
        return _waiting(form)
    waiting = {one.draft.id: one for one in going_live.list_waiting(me)}
    numbers = _chosen(form, waiting)
    if waiting.keys().isdisjoint(numbers) and (before := going_live.released_with(numbers)):
        return web.see_other(url_for(".page", release=before, again=1))
    refused = _refused(numbers, waiting)
    if refused:
        return _waiting(form, *refused)
    by = Signature(clock.now(), me, form.text.data)
    try:
        number = _publish([waiting[number].draft for number in numbers], by)
    except NotPublishable as error:
        # Of two clicks at once the second may come here.
        if before := going_live.released_with(numbers):
            return web.see_other(url_for(".page", release=before, again=1))
        return _told_of(error, form)
    audit.write("words.published", member_id=me, subject=number, now=clock.now())
    return web.see_other(url_for(".page", release=number))


@bp.get("/releases", endpoint="releases")
@guard.requires(Role.PUBLISHER)
def list_releases() -> ResponseReturnValue:
    """Show the newest releases, and which one visitors read."""
    found = releases.history()
    return web.render(
        "editor/releases",
        releases=found,
        ids_of=making.ids_of,
        in_force=going_live.in_force(),
        is_edited=bool(going_live.what_ends()),
        **common(*(release.author for release in found)),
    )


@bp.get("/releases/<int:number>")
@guard.requires(Role.PUBLISHER)
def release(number: int) -> ResponseReturnValue:
    """Show what visitors would read again if a release were undone up to this one."""
    return _release(_find(number), ReleaseForm(formdata=None))


@bp.post("/releases/<int:number>/roll-back")
@guard.requires(Role.PUBLISHER, fresh=True)
def roll_back(number: int) -> ResponseReturnValue:
    """Show the words of an earlier release again; 409 where somebody has published meanwhile."""
    form, found, me = ReleaseForm(), _find(number), guard.member().id
    if not form.validate():
        return _release(found, form)
    newest, is_other = going_live.in_force(), bool(going_live.what_returns(number))
    if newest == number or not is_other:
        return web.see_other(url_for(".releases", release=newest, again=1))
    if read_number(form.seen.data) != newest:
        return _release(found, form, _("Somebody has published meanwhile. This is what would change now."))
    try:
        made = _roll_back(number, Signature(clock.now(), me, form.text.data), newest)
    except NotPublishable as error:
        return _release(found, form, details=str(error).splitlines())
    audit.write("words.rolled-back", member_id=me, subject=made, now=clock.now())
    return web.see_other(url_for(".releases", release=made))


def _chosen(form: PublishForm, waiting: Mapping[int, Waiting]) -> list[int]:
    """Return the drafts that are meant: what was written after the page was shown is not."""
    if not form.is_for_all:
        return form.ticked()
    return [number for number, one in waiting.items() if not one.why and number <= form.last_seen]


def _refused(numbers: Collection[int], waiting: Mapping[int, Waiting]) -> list[str]:
    """Say what keeps a choice from being published, a line for each thing."""
    if not numbers:
        return [_("Choose at least one text.")]
    lost = sum(number not in waiting for number in numbers)
    if lost:
        return [
            ngettext(
                "%(num)d of the texts was changed, dropped or published meanwhile. Look at what waits now.",
                "%(num)d of the texts were changed, dropped or published meanwhile. Look at what waits now.",
                lost,
            )
        ]
    held = (waiting[number] for number in numbers)
    return [f"{one.draft.text.msgid[:70]}: {release_words.WHY[one.why]}" for one in held if one.why]


def _publish(drafts: Collection[Standing], by: Signature) -> int:
    """Publish drafts; of those that need a second pair of eyes, only what these have seen."""
    numbers = tuple(draft.id for draft in drafts)
    seen = tuple(draft for draft in drafts if draft.text.domain in rules.GUARDED)
    try:
        return releases.publish_edits(Order(numbers, seen=seen), by).number
    except OSError:
        # Where it is stored all the same, other hosts show it, and the page says that this one does not.
        number = going_live.released_with(numbers)
        if number is None:
            raise
        return number


def _told_of(error: NotPublishable, form: PublishForm) -> Response:
    if isinstance(error, SeenOtherwise):
        return _waiting(form, _("Somebody has changed these texts meanwhile. Look at what waits now."))
    return _waiting(form, details=str(error).splitlines())


def _roll_back(number: int, by: Signature, before: int | None) -> int:
    try:
        return releases.roll_back(number, by).number
    except OSError:
        made = going_live.in_force()
        if made is None or made == before:
            raise
        return made


def _find(number: int) -> Released:
    found = going_live.find_release(number) if number <= LARGEST_NUMBER else None
    if found is None:
        abort(404)
    return found


def _waiting(form: PublishForm, *refused: str, details: Sequence[str] = ()) -> Response:
    """Show a page of what waits, with what was ticked and typed; ``details`` are in English."""
    found, ticked = going_live.list_waiting(guard.member().id), form.ticked()
    last = max(1, -(-len(found) // rules.PAGE))
    place = next((place for place, one in enumerate(found) if one.draft.id in ticked), 0)
    at = min(max(1, read_number(request.args.get("at")) or place // rules.PAGE + 1), last)
    form.seen.data = str(max((one.draft.id for one in found), default=0))
    people = (who for one in found for who in (one.draft.author, one.draft.mover))
    return web.render(
        "editor/publish",
        form=form,
        refused=refused,
        ticked=ticked,
        groups=_by_domain(found[(at - 1) * rules.PAGE : at * rules.PAGE]),
        total=len(found),
        passing=sum(one.why is None for one in found),
        of_policy=going_live.count_of_policy(),
        at=at,
        last=last,
        details=details,
        status=_CONFLICT if refused or details else None,
        **common(*people),
    )


def _by_domain(found: Iterable[Waiting]) -> list[tuple[str, list[Waiting]]]:
    """Return what waits by where it stands; it comes in this order."""
    return [(domain, list(group)) for domain, group in groupby(found, lambda one: one.draft.text.domain)]


def _release(found: Released, form: ReleaseForm, *refused: str, details: Sequence[str] = ()) -> Response:
    """Show one release, and what would change if visitors read it again; ``details`` are in English."""
    number, newest = found.release.number, going_live.in_force()
    form.seen.data = str(newest or "")
    return web.render(
        "editor/release",
        form=form,
        found=found,
        refused=refused,
        details=details,
        is_in_force=number == newest,
        is_first=going_live.is_first(number),
        returns=going_live.what_returns(number),
        status=_CONFLICT if refused or details else None,
        **common(found.release.author),
    )


def common(*people: int | None) -> dict[str, Any]:
    """Return what the templates need besides what they show; the notice is of the release just made."""
    number = read_number(request.args.get("release"))
    made = going_live.find_release(number) if number else None
    return {
        "told": release_words.told(made, is_again="again" in request.args) if made else "",
        "names": service.names(who for who in people if who),
        "words": words,
        "release_words": release_words,
        "difference": wording.difference,
        "one_line": wording.one_line,
        "cache": web.Cache.NO_STORE,
    }
