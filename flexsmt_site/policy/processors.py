"""Who processes data for the company: the register of recipients, and its check at start."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.engine import make_url

from flexsmt_site import clock
from flexsmt_site.config import LANGUAGES, Settings
from flexsmt_site.environment import SettingError
from flexsmt_site.health import Finding
from flexsmt_site.language import countries
from flexsmt_site.ledger import keeps
from flexsmt_site.smtp_url import is_loopback

SHIPPED = Path(__file__).with_name("processors.toml")
_TEXTS = set(LANGUAGES)


class Standard(Enum):
    """How a recipient's country and contract compare with the Russian standard of protection."""

    adequate = _l("The law holds this country's protection adequate")
    raised = _l("Protection is raised to the Russian standard by contract")
    exception = _l("Only under an exception that the law names")


class LegalException(Enum):
    """The exceptions in law under which data may go where protection is lower."""

    consent = _l("The person's express consent")
    contract = _l("A contract with the person, or in the person's interest")
    claims = _l("Establishing, exercising or defending claims")
    public_interest = _l("An overriding public interest")
    published = _l("Data that the person has published")
    integrity = _l("Protecting somebody's life or bodily integrity")


@dataclass(frozen=True)
class Processor:
    """One recipient; ``safeguard`` holds the measure where the standard is raised."""

    name: str
    country: str
    purpose: dict[str, str]
    standard: Standard
    contract: date
    review: date
    hosts: tuple[str, ...] = ()
    safeguard: dict[str, str] = field(default_factory=dict)
    exception: LegalException | None = None


def path(settings: Settings) -> Path:
    """Return the operator's register if there is one, else the shipped one, which lists nobody."""
    own = settings.data_dir / "processors.toml"
    return own if own.exists() else SHIPPED


def load(file: Path) -> tuple[Processor, ...]:
    """Read the register; raises ``SettingError`` that names the file, the entry and the fault."""
    try:
        rows = tomllib.loads(file.read_text("utf-8")).get("processor", [])
    except (OSError, ValueError) as error:
        raise SettingError("DATA_DIR", str(file), f"a readable TOML file ({error})") from error
    if not isinstance(rows, list):
        raise SettingError("DATA_DIR", str(file), "a file with a [[processor]] for each recipient")
    return tuple(_processor(file, number, row) for number, row in enumerate(rows, start=1))


def _processor(file: Path, number: int, row: dict[str, Any]) -> Processor:
    try:
        texts = [row["purpose"], *([row["safeguard"]] if "safeguard" in row else [])]
        if any(set(text) != _TEXTS or not all(text.values()) for text in texts):
            raise ValueError("purpose and safeguard need a text in en and in ru")
        countries.country_name(row["country"], "en")
        if not all(type(row[name]) is date for name in ("contract", "review")):
            raise ValueError("contract and review need a date such as 2026-11-22, without quotes")
        if isinstance(row.get("hosts"), str):
            raise TypeError("hosts needs a list")
        exception = row.get("exception")
        made = Processor(
            **{
                **row,
                "hosts": tuple(row.get("hosts", ())),
                "standard": Standard[row["standard"]],
                "exception": LegalException[exception] if exception else None,
            }
        )
    except (LookupError, TypeError, ValueError) as error:
        raise _fault(file, number, f"all of its fields ({error})") from error
    return _lawful(file, number, made)


@keeps("P12.3", "P12.4")
def _lawful(file: Path, number: int, processor: Processor) -> Processor:
    """Refuse a recipient below the standard for whom no measure or exception is named."""
    if processor.standard is Standard.raised and not processor.safeguard:
        raise _fault(file, number, "the measure that raises its protection, as safeguard")
    if processor.standard is Standard.exception and processor.exception is None:
        raise _fault(file, number, f"an exception: {', '.join(item.name for item in LegalException)}")
    return processor


def _fault(file: Path, number: int, wanted: str) -> SettingError:
    return SettingError("DATA_DIR", str(file), f"a register whose entry {number} has {wanted}")


@keeps("P12.1")
def check(settings: Settings) -> None:
    """Refuse to start with a mail or database host that is neither this machine nor in the register."""
    file = path(settings)
    listed = {host for processor in load(file) for host in processor.hosts}
    for name in ("smtp_url", "alert_smtp_url", "database_url"):
        for host in _hosts(getattr(settings, name)):
            if not is_loopback(host) and host not in listed:
                wanted = f"a host that {file} lists: add who runs it, or mend the address"
                raise SettingError(name.upper(), host, wanted)


def _hosts(url: str) -> Iterator[str]:
    """Yield every host that an address leads to: PostgreSQL takes several, and some as options."""
    if not url:
        return
    read = make_url(url)
    options = [option for key in ("host", "hostaddr") for option in _as_list(read.query.get(key))]
    for named in (read.host or "", *options):
        # A host that begins with a slash is a socket on this machine.
        yield from (host for host in named.split(",") if host and not host.startswith("/"))


def _as_list(option: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return option if isinstance(option, tuple) else (option or "",)


def reviews(settings: Settings) -> Iterator[Finding]:
    """Name the recipients whose contract nobody has looked at in time."""
    for processor in load(path(settings)):
        if processor.review < clock.now().date():
            yield Finding(
                "warning", f"the review of {processor.name} was due on {processor.review}", "review it"
            )
