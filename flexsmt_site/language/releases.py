"""Publishing words while the site serves: into the database, and from there to every host.

``publish`` puts them into the database and on its own host; a follower on each host fetches what others do.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

from sqlalchemy import Select, case, select
from sqlalchemy.orm import Session, defer

from flexsmt_site import database, events, health, proof
from flexsmt_site.config import Settings, settings
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.language import audit, deciding, extract, making, overlay, packing, words
from flexsmt_site.language.making import Intent, NotPublishable, Published, Signature
from flexsmt_site.language.models import Release
from flexsmt_site.language.standing import Standing

#: A host is this much behind at most, beside the time that fetching takes.
PACE_SECONDS = 0.5
_also: dict[str, Callable[[], object]] = {}


class UnknownRelease(LookupError):
    """There is no release of this number."""


class NotShownHere(OSError):
    """It is published, and other hosts may show it, but this one can not yet."""


@dataclass(frozen=True)
class Order:
    """What goes live and what ends: numbers of drafts, and of published edits that are taken back.

    ``seen`` are those of the drafts that go live only as they are here: nobody may have moved them since.
    """

    drafts: tuple[int, ...] = ()
    ended: tuple[int, ...] = ()
    seen: tuple[Standing, ...] = ()


def publish(now: datetime, drafts: tuple[int, ...] = ()) -> Published:
    """Publish the words of this host's ``.po`` files, with the edits that are live and with ``drafts``.

    Every text of every file goes through the gate first. Raises ``making.NotPublishable``,
    ``DatabaseUnavailable``, ``NotShownHere`` where they are published and this host cannot take them, and
    ``OSError`` where a file of the project can not be read.
    """
    try:
        overlay.check_files()
    except overlay.BrokenCatalogue as error:
        raise NotPublishable(str(error)) from error
    errors = [str(found) for found in audit.judge_all() if found.finding.level == "error"]
    if errors:
        raise NotPublishable("\n".join(errors))
    return publish_edits(Order(drafts), Signature(now))


def publish_edits(order: Order, by: Signature) -> Published:
    """Show chosen drafts to visitors, and what the repository says instead of published edits that end.

    Everything or nothing. Of the files it is only asked that they can be read. Raises what ``publish`` does;
    the message names every draft that is refused, and ``making.SeenOtherwise`` where one was moved since.
    """
    terms, drafts = audit.glossary(), frozenset(order.drafts)

    def judge(intent: Intent) -> Iterator[str]:
        for found in intent.live:
            if found.id in drafts:
                yield from deciding.errors(found, terms)

    return _publish(
        lambda session: deciding.ordered(session, order.drafts, order.ended, order.seen), by, judge
    )


def withdraw(numbers: tuple[int, ...], by: Signature) -> Published | None:
    """Take back drafts and published edits, all or none; return the release, where visitors read any of them.

    Raises ``standing.UnknownEdit``, ``edits.NotMovable`` and what ``publish`` does.
    """
    return _make(lambda session: deciding.without(session, tuple(dict.fromkeys(numbers))), by)


def roll_back(number: int, by: Signature) -> Published:
    """Show the words of an earlier release again, as a release of its own.

    Its edits are live afterwards and no others: the next release does not bring back what is rolled back.
    A release of another version of the site is made anew, of its edits and this version's files: its bytes
    lack texts of this one.
    Raises ``UnknownRelease`` and what ``publish`` does.
    """
    return _publish(lambda session: deciding.as_in(session, _get(session, number)), by)


def back_to_files(by: Signature) -> Published:
    """Show the words of the ``.po`` files alone, as a release of its own: every edit in releases ends.

    Raises what ``publish`` does.
    """
    return _publish(deciding.bare, by)


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
    published = _make(decide, by, judge)
    if published is None:
        raise NotPublishable("there is nothing to publish")
    return published


def _make(
    decide: Callable[[Session], Intent],
    by: Signature,
    judge: Callable[[Intent], Iterable[str]] = lambda _intent: (),
) -> Published | None:
    try:
        published = making.make(decide, by, judge)
    except overlay.BrokenCatalogue as error:
        raise NotPublishable(str(error)) from error
    if published:
        events.say("words.published", release=published.number, new=published.is_new)
        with showing(f"release {published.number}"):
            settle()
    return published


@contextmanager
def showing(what: str) -> Iterator[None]:
    """Raise ``NotShownHere`` where what has just been published can not be put on this host."""
    try:
        yield
    except (OSError, DatabaseUnavailable) as error:
        raise NotShownHere(f"{what} is published, but this host does not show it yet ({error})") from error


def _get(session: Session, number: int) -> Release:
    found = session.get(Release, number)
    if found is None:
        raise UnknownRelease(f"there is no release {number}")
    return found


def settle() -> None:
    """Put what has been published on this host, and wait until every worker of it has looked."""
    # Until nothing newer is found: somebody else may publish at the same moment.
    while fetch():
        pass
    words.wait_for_all()


def file() -> Path:
    """Return where the words in force lie on this host."""
    return settings().data_dir / words.FILE


def fetch() -> bool:
    """Put the newest release on this host, or none where there is none; tell whether that changed it.

    Raises ``DatabaseUnavailable``, and ``OSError`` where it cannot be written.
    """
    here = _name_here()
    with database.read() as session:
        name = session.scalar(_newest_for_host().with_only_columns(Release.sum))
        if name == here:
            return False
        newest = session.scalar(_newest_for_host())
    if newest is None:
        file().unlink(missing_ok=True)
    else:
        extract.replace(file(), newest.packed)
    events.say("words.fetched", sum=newest.sum[:12] if newest else None)
    return True


def also_fetch(what: Callable[[], object]) -> None:
    """Let ``what``, which raises as ``fetch`` does, be called by whoever follows what others publish."""
    _also[f"{what.__module__}.{what.__qualname__}"] = what


def _newest_for_host() -> Select[Release]:
    # This version's, or else any: while a new version is brought to one host after the other, each shows the
    # words that were made for it.
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
