"""What an operator should know about enquiries: whether visitors can be told apart."""

from collections.abc import Iterator

from flexsmt_site import clock, health
from flexsmt_site.config import Settings
from flexsmt_site.contact import network

_TOO_LOW = "FLEXSMT_TRUSTED_PROXIES is too low, or the proxy's header holds no plain address"


def proxy(settings: Settings) -> Iterator[health.Finding]:
    """Say whether a proxy hides the visitors' networks, so that a flood from one can not be stopped."""
    if settings.is_demo:
        return
    cause = _TOO_LOW if settings.trusted_proxies else "a proxy is not declared"
    if network.is_nearby_used(clock.now()):
        yield health.Finding(
            "warning",
            f"enquiries come from this machine or a private network: {cause}",
            "set FLEXSMT_TRUSTED_PROXIES to the number of proxies: see docs/operating.md",
        )


def declare() -> None:
    """Let doctor ask this."""
    health.declare(proxy)
