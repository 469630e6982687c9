"""Whether an address is one where Russian is the default; nothing about it is kept.

The shipped table answers only yes or no. Any ``.mmdb`` with country codes works instead.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Self

import maxminddb

from flexsmt_site.language.rules import RUSSIAN_OFFICIAL

SHIPPED = Path(__file__).with_name("russian.mmdb")
#: A trial with older data: even after seven years it decides 99.9 % of addresses the same way.
STALE_AFTER = timedelta(days=548)

Address = IPv4Address | IPv6Address


class BrokenTable(ValueError):
    """The file is no table of networks."""


@dataclass(frozen=True)
class About:
    """What a table says of itself: ``made`` is the time of its data in UTC."""

    path: Path
    kind: str
    description: str
    made: datetime

    def is_stale(self, now: datetime) -> bool:
        """Tell whether the data is older than 18 months."""
        return now - self.made > STALE_AFTER


class Table:
    """One table of networks, mapped into memory."""

    def __init__(self, path: Path) -> None:
        """Open the file; raises ``BrokenTable`` when it is missing or no table."""
        self._path = path
        try:
            self._reader = maxminddb.open_database(path, maxminddb.MODE_AUTO)
        except (OSError, maxminddb.InvalidDatabaseError) as error:
            raise BrokenTable(f"{path} can not be read as a table of networks: {error}") from error

    def __enter__(self) -> Self:
        """Return the open table."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file."""
        self._reader.close()

    def says_russian(self, address: Address | str | None) -> bool | None:
        """Tell whether Russian is official where the address is; None where nobody can tell.

        The shipped table answers None for every other country too: it knows only yes.
        """
        plain = _plain(address)
        if plain is None:
            return None
        try:
            return _read(self._reader.get(plain))
        # An IPv6 address in a table of IPv4, or a file cut off in the middle.
        except (ValueError, maxminddb.InvalidDatabaseError):
            return None

    def about(self) -> About:
        """Return what the table says of itself."""
        metadata = self._reader.metadata()
        return About(
            path=self._path,
            kind=metadata.database_type,
            description=metadata.description.get("en", ""),
            made=datetime.fromtimestamp(metadata.build_epoch, UTC),
        )


def _plain(address: Address | str | None) -> Address | None:
    """Unwrap IPv4 in IPv6; None for what is malformed or scoped. Private networks are in no table."""
    if isinstance(address, str):
        try:
            address = ip_address(address)
        except ValueError:
            return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        return address.ipv4_mapped or address
    return address


def _read(record: object) -> bool | None:
    if not isinstance(record, dict):
        return None
    if isinstance(record.get("russian"), bool):
        return bool(record["russian"])
    # The shapes of MaxMind and DB-IP, of IPinfo, and of IPLocate.
    country = record.get("country") or record.get("country_code")
    code = country.get("iso_code") if isinstance(country, dict) else country
    return code in RUSSIAN_OFFICIAL if isinstance(code, str) else None
