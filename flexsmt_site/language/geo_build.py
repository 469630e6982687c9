"""Building the table of networks where Russian is the default.

The source is the pair of text files in Debian's ``tor-geoipdb``: IPFire's data, CC BY-SA 4.0.
"""

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_address, summarize_address_range
from pathlib import Path

from mmdb_writer import MMDBWriter, TreeWriter
from netaddr import IPSet

from flexsmt_site.language.rules import RUSSIAN_OFFICIAL

KIND = "FlexSMT-Russian-By-Default"
_GENERATED = re.compile(r"^# Generated: \w{3}, (\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d) GMT$", re.MULTILINE)
_HEADER_CHARACTERS = 4096


class BrokenSource(ValueError):
    """A source file is not what ``tor-geoipdb`` holds."""


@dataclass(frozen=True)
class Built:
    """What was built: ranges read, networks written, and the time of the source in UTC."""

    ranges: int
    networks: int
    made: datetime
    size: int


def build(sources: Iterable[Path], target: Path) -> Built:
    """Write ``target`` from the text files, atomically; the same sources give the same bytes.

    Raises ``BrokenSource`` and leaves the target as it was.
    """
    texts = {source: source.read_text(encoding="utf-8") for source in sources}
    made = min(_made(source, text) for source, text in texts.items())
    ranges = [part for source, text in texts.items() for part in _ranges(source, text)]
    if not ranges:
        raise BrokenSource("no network of " + ", ".join(sorted(RUSSIAN_OFFICIAL)) + " in the sources")
    networks = _networks(ranges)
    _write(networks, made, target)
    return Built(len(ranges), len(networks), made, target.stat().st_size)


def _made(source: Path, text: str) -> datetime:
    found = _GENERATED.search(text[:_HEADER_CHARACTERS])
    if found is None:
        raise BrokenSource(f"{source} has no line '# Generated: …' in its header")
    return datetime.strptime(found[1], "%d %b %Y %H:%M:%S").replace(tzinfo=UTC)


def _ranges(source: Path, text: str) -> Iterator[tuple[str, str]]:
    """Yield first and last address of every range of the countries."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        parts = line.split(",")
        if len(parts) != 3:  # noqa: PLR2004
            raise BrokenSource(f"{source}, line {number}: {line[:80]!r} is not 'first,last,country'")
        if parts[2] in RUSSIAN_OFFICIAL:
            yield parts[0], parts[1]


def _networks(ranges: Iterable[tuple[str, str]]) -> list[IPv4Network | IPv6Network]:
    four: list[IPv4Network] = []
    six: list[IPv6Network] = []
    for first, last in ranges:
        try:
            start, end = (ip_address(int(text) if text.isdigit() else text) for text in (first, last))
            for network in summarize_address_range(start, end):
                (four if network.version == 4 else six).append(network)  # type: ignore[arg-type]  # noqa: PLR2004
        except (ValueError, TypeError) as error:
            raise BrokenSource(f"{first},{last} is no range of addresses: {error}") from error
    return [*collapse_addresses(four), *collapse_addresses(six)]


def _write(networks: Iterable[IPv4Network | IPv6Network], made: datetime, target: Path) -> None:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True)
    for network in networks:
        writer.insert_network(IPSet([str(network)]), {"russian": True})
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        # Not writer.to_db_file: it stamps the time of the run, so that equal sources would differ.
        TreeWriter(writer.tree, _metadata(made)).write(str(temporary))
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def _metadata(made: datetime) -> dict[str, object]:
    return {
        "ip_version": 6,
        "database_type": KIND,
        "languages": ["en"],
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "description": {
            "en": (
                f"Networks of {', '.join(sorted(RUSSIAN_OFFICIAL))} without their country. Derived from the "
                f"IPFire Location database of {made:%Y-%m-%d} (https://location.ipfire.org/) "
                "by way of Debian's tor-geoipdb. Licence: CC BY-SA 4.0, "
                "https://creativecommons.org/licenses/by-sa/4.0/"
            )
        },
        "build_epoch": int(made.timestamp()),
    }
