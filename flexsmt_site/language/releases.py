"""Publishing words while the site serves: into the database, and from there to every host.

``publish`` puts them into the database and on its own host; a follower on each host fetches what others do.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from threading import Event

from babel.messages.mofile import write_mo
from sqlalchemy import func, select

from flexsmt_site import database, events, health, proof
from flexsmt_site.config import Settings, settings
from flexsmt_site.database import DatabaseUnavailable
from flexsmt_site.language import audit, catalog, extract, packing, words
from flexsmt_site.language.models import Release

#: A host is this much behind at most, beside the time that fetching takes.
PACE_SECONDS = 0.5
_NEWEST = select(Release).order_by(Release.number.desc()).limit(1)
#: Nobody else of this site takes a lock of this number: other locks are of 63 bits of a hash.
_LOCK = 0
_NO_DAY = datetime(1970, 1, 1, tzinfo=UTC)


class NotPublishable(ValueError):
    """The catalogues hold errors: nothing was published."""


@dataclass(frozen=True)
class Published:
    """A release in force; ``is_new`` is False where the same words were in force already."""

    number: int
    is_new: bool


def publish(now: datetime) -> Published:
    """Publish the words of this host's ``.po`` files.

    Raises ``NotPublishable``, ``DatabaseUnavailable``, and ``OSError`` where this host cannot take them.
    """
    errors = [str(found) for found in audit.judge_all() if found.finding.level == "error"]
    if errors:
        raise NotPublishable("\n".join(errors))
    compiled = {(source.stem, source.parent.parent.name): _compiled(source) for source in _sources()}
    raw = packing.pack(compiled, proof.version())
    name = packing.name_of(raw)
    with database.write() as session:
        if session.get_bind().dialect.name == "postgresql":
            # Whoever publishes at the same moment waits, and then sees this release.
            session.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        newest = session.scalar(_NEWEST)
        is_new = newest is None or newest.sum != name
        if newest is None or is_new:
            newest = Release(published=now, sum=name, packed=raw)
            session.add(newest)
            session.flush()
        number = newest.number
    events.say("words.published", release=number, new=is_new)
    # Until nothing newer is found: somebody else may publish at the same moment.
    while fetch():
        pass
    Event().wait(words.LOOK_SECONDS)
    return Published(number, is_new)


def file() -> Path:
    """Return where the words in force lie on this host."""
    return settings().data_dir / words.FILE


def fetch() -> bool:
    """Put the newest release on this host, or none where there is none; tell whether that changed it.

    Raises ``DatabaseUnavailable``, and ``OSError`` where it cannot be written.
    """
    here = _name_here()
    with database.read() as session:
        name = session.scalar(_NEWEST.with_only_columns(Release.sum))
        if name == here:
            return False
        newest = session.scalar(_NEWEST)
    if newest is None:
        file().unlink(missing_ok=True)
    else:
        extract.replace(file(), newest.packed)
    events.say("words.fetched", sum=newest.sum[:12] if newest else None)
    return True


def follow(stopping: Event, wait: Callable[[Event, float], object] = Event.wait) -> None:
    """Fetch what is published until ``stopping`` is set; a database that is gone is waited for."""
    is_heard = True
    while not stopping.is_set():
        try:
            fetch()
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


def _sources() -> list[Path]:
    return [source for source in catalog.sources() if source.stem in packing.DOMAINS]


def _compiled(source: Path) -> bytes:
    out, found = BytesIO(), extract.read(source)
    # Babel would write the minute: the same words are the same release whenever they are published.
    found.creation_date = _NO_DAY
    write_mo(out, found)
    return out.getvalue()
