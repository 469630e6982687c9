"""Which network a visitor belongs to, under a keyed hash that nobody can follow from day to day.

Pure: no Flask, no database; the time comes in as an argument.
"""

import hmac
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_network

#: What a network sends is counted over this time.
HOUR = timedelta(hours=1)
#: Stands for peers that are no network of visitors: this machine, its neighbours, and unknown ones.
NEARBY = "nearby"
#: As a proxy that nobody declared hides all visitors behind one such peer, it may send this much more.
NEARBY_SHARE = 100

_NEARBY = tuple(
    ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)


def network_of(address: IPv4Address | IPv6Address | None) -> str:
    """Return the network that a visitor belongs to: a /24 of IPv4 or a /56 of IPv6, or ``NEARBY``."""
    if address is None or any(address in network for network in _NEARBY):
        return NEARBY
    return str(ip_network(f"{address}/{24 if address.version == 4 else 56}", strict=False))  # noqa: PLR2004


def keys(network: str, now: datetime, secret: str) -> tuple[str, ...]:
    """Return what a network is stored under at ``now``, and further keys of the hour around it.

    The day is hashed along, so that nobody can follow a network from one day to the next; near
    midnight there are two keys. Clocks of several hosts may differ: thus the hour to come as well.
    """
    if network == NEARBY:
        return (NEARBY,)
    days = dict.fromkeys((now + shift).date() for shift in (timedelta(), -HOUR, HOUR))
    return tuple(_keyed(secret, day.isoformat(), network).hex() for day in days)


def lock_number(network: str, secret: str) -> int:
    """Return the number of 64 bits that writers of one network lock, whatever the day."""
    return int.from_bytes(_keyed(secret, "lock", network)[:8], "big", signed=True)


def ceiling(network: str, limit: int) -> int:
    """Return how much is taken from a network within an hour where others may send ``limit``."""
    return limit * NEARBY_SHARE if network == NEARBY else limit


def _keyed(secret: str, *parts: str) -> bytes:
    return hmac.digest(secret.encode(), "\0".join(("flexsmt.network", *parts)).encode(), "sha256")
