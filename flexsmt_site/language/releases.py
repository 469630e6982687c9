"""Publishing words while the site serves: into the database, and from there to every host.

``publish`` puts them into the database and on its own host; a follower on each host fetches what others do.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session, defer

from flexsmt_site import database, events, health, proof
from flexsmt_site.config import Settings, settings
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.language import audit, extract, gate, making, overlay, packing, standing, words
from flexsmt_site.language.edit_rules import State
from flexsmt_site.language.gate_entry import Term
from flexsmt_site.language.making import Intent, NotPublishable, Published, Signature
from flexsmt_site.language.models import Edit, Release
from flexsmt_site.language.standing import Standing

#: A host is this much behind at most, beside the time that fetching takes.
PACE_SECONDS = 0.5
_also: dict[str, Callable[[], object]] = {}


class UnknownRelease(LookupError):
    """There is no release of this number."""


@dataclass(frozen=True)
class Order:
    """What goes live and what ends: numbers of drafts, and of published edits that are taken back."""

    drafts: tuple[int, ...] = ()
    ended: tuple[int, ...] = ()


def publish(now: datetime) -> Published:
    """Publish the words of this host's ``.po`` files, with the edits that are live.

    Raises ``making.NotPublishable``, ``DatabaseUnavailable``, and ``OSError`` where this host cannot take
    them.
    """
    errors = [str(found) for found in audit.judge_all() if found.finding.level == "error"]
    if errors:
        raise NotPublishable("\n".join(errors))
    return _publish(lambda session: Intent(tuple(standing.list_live(session))), Signature(now))


def publish_edits(order: Order, by: Signature) -> Published:
    """Show chosen drafts to visitors, and what the repository says instead of published edits that end.

    Everything or nothing. Raises what ``publish`` does; the message names every draft that is refused.
    """
    terms, drafts = audit.glossary(), frozenset(order.drafts)

    def judge(intent: Intent) -> Iterator[str]:
        for found in intent.live:
            if found.id in drafts:
                yield from _errors(found, terms)

    return _publish(lambda session: _ordered(session, order), by, judge)


def roll_back(number: int, by: Signature) -> Published:
    """Show the words of an earlier release again, as a release of its own.

    Its edits are live afterwards and no others: the next release does not bring back what is rolled back.
    A release of another version of the site is made anew, of its edits and this version's files: its bytes
    lack texts of this one.
    Raises ``UnknownRelease`` and what ``publish`` does.
    """
    return _publish(lambda session: _as_in(session, number), by)


def history(most: int = 50) -> list[Release]:
    """Return the newest releases, newest first, without their bytes; raises ``DatabaseUnavailable``."""
    with database.read() as session:
        return list(
            session.scalars(
                select(Release).options(defer(Release.packed)).order_by(Release.number.desc()).limit(most)
            )
        )


def _publish(
    decide: Callable[[Session], Intent],
    by: Signature,
    judge: Callable[[Intent], Iterable[str]] = lambda _intent: (),
) -> Published:
    published = making.make(decide, by, judge)
    if published is None:
        raise NotPublishable("there is nothing to publish")
    events.say("words.published", release=published.number, new=published.is_new)
    settle()
    return published


def settle() -> None:
    """Put what has been published on this host, and wait until every worker of it has looked."""
    # Until nothing newer is found: somebody else may publish at the same moment.
    while fetch():
        pass
    Event().wait(words.LOOK_SECONDS)


def _chosen(session: Session, order: Order) -> list[Standing]:
    working = {found.id: found for found in standing.list_working(session)}
    lost = [number for number in order.drafts if number not in working]
    if lost:
        raise NotPublishable(f"not the newest draft of a text any more: {', '.join(map(str, lost))}")
    return [working[number] for number in dict.fromkeys(order.drafts)]


def _errors(found: Standing, terms: Sequence[Term]) -> Iterator[str]:
    text = found.text
    name = f"edit {found.id}, {text.locale}/{text.domain}: “{text.msgid[:70]}”"
    value = overlay.find(text)
    if text.domain not in packing.DOMAINS:
        yield f"{name}: words of “{text.domain}” go live with a version of the site alone: export them"
    elif value is None:
        yield f"{name}: this version of the site has no such text"
    else:
        for finding in gate.check(value.entry(found.strings), terms):
            if finding.level == "error":
                yield f"{name}: {finding.what} ({finding.rule}): {finding.mend}"


def _ordered(session: Session, order: Order) -> Intent:
    live = {found.id: found for found in standing.list_live(session)}
    lost = [number for number in order.ended if number not in live]
    if lost:
        raise NotPublishable(f"not shown to visitors any more: {', '.join(map(str, lost))}")
    steps: list[tuple[int, State]] = [
        (live.pop(number).id, "withdrawn") for number in dict.fromkeys(order.ended)
    ]
    by_text = {found.text: found for found in live.values()}
    for found in _chosen(session, order):
        before = by_text.get(found.text)
        steps += [(before.id, "replaced")] if before else []
        steps.append((found.id, "published"))
        by_text[found.text] = found
    return Intent(tuple(by_text.values()), tuple(steps))


def _has_landed(found: Standing) -> bool:
    value = overlay.find(found.text)
    return found.state == "retired" and value is not None and value.strings == found.strings


def _as_in(session: Session, number: int) -> Intent:
    target = session.get(Release, number)
    if target is None:
        raise UnknownRelease(f"there is no release {number}")
    live = {found.id for found in standing.list_live(session)}
    # What the repository has taken over since is in force without being live.
    wanted = [
        found
        for found in standing.found(session, Edit.id.in_(making.ids_of(target)))
        if not _has_landed(found)
    ]
    kept = {found.id for found in wanted}
    ends: Iterable[tuple[int, State]] = ((number, "withdrawn") for number in sorted(live - kept))
    begins: Iterable[tuple[int, State]] = ((number, "published") for number in sorted(kept - live))
    return Intent(
        tuple(wanted),
        (*ends, *begins),
        raw=target.packed if target.version == proof.version() else None,
        reverts=session.scalar(making.newest().with_only_columns(Release.number)),
    )


def file() -> Path:
    """Return where the words in force lie on this host."""
    return settings().data_dir / words.FILE


def fetch() -> bool:
    """Put the newest release on this host, or none where there is none; tell whether that changed it.

    Raises ``DatabaseUnavailable``, and ``OSError`` where it cannot be written.
    """
    here = _name_here()
    with database.read() as session:
        name = session.scalar(_newest().with_only_columns(Release.sum))
        if name == here:
            return False
        newest = session.scalar(_newest())
    if newest is None:
        file().unlink(missing_ok=True)
    else:
        extract.replace(file(), newest.packed)
    events.say("words.fetched", sum=newest.sum[:12] if newest else None)
    return True


def also_fetch(what: Callable[[], object]) -> None:
    """Let ``what``, which raises as ``fetch`` does, be called by whoever follows what others publish."""
    _also[f"{what.__module__}.{what.__qualname__}"] = what


def _newest() -> Select[Release]:
    # While a new version is brought to one host after the other, each shows the words that were made for it.
    mine = case((Release.version == proof.version(), 0), else_=1)
    return select(Release).order_by(mine, Release.number.desc()).limit(1)


def follow(stopping: Event, wait: Callable[[Event, float], object] = Event.wait) -> None:
    """Fetch what is published until ``stopping`` is set; a database that is gone is waited for."""
    is_heard = True
    while not stopping.is_set():
        try:
            fetch()
            for fetch_more in _also.values():
                fetch_more()
            is_heard = True
        except (DatabaseUnavailable, OSError) as error:
            if is_heard:
                events.say("words.not_fetched", error=type(error).__name__)
            is_heard = False
        wait(stopping, PACE_SECONDS)


def findings(here: Settings) -> Iterator[health.Finding]:
    """Say where what was published is not shown."""
    mend = "run: flexsmt catalogs publish"
    try:
        published = packing.read((here.data_dir / words.FILE).read_bytes())
    except FileNotFoundError:
        return
    except (OSError, packing.BrokenRelease) as error:
        yield health.Finding("error", str(error), mend)
        return
    if published.version != proof.version():
        yield health.Finding("warning", "words published on another version are not shown any more", mend)


def _name_here() -> str | None:
    try:
        return packing.name_of(file().read_bytes())
    except FileNotFoundError:
        return None
    except OSError:
        # It can be exchanged all the same.
        return ""
