from datetime import UTC, datetime, timedelta

import pytest

from flexsmt_site.contact import rules
from flexsmt_site.networks import NEARBY

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NETWORK = "203.0.113.0/24"


@pytest.mark.parametrize(
    ("network", "others", "crowded"),
    [(NETWORK, 0, False), (NETWORK, 4, False), (NETWORK, 5, True), (NEARBY, 5, False), (NEARBY, 5000, False)],
)
def test_the_sixth_within_an_hour_is_one_of_many_but_never_a_neighbour(
    network: str,
    others: int,
    crowded: bool,  # noqa: FBT001
) -> None:
    assert rules.is_crowded(network, others) is crowded


@pytest.mark.parametrize(("ago", "wait"), [(0, 60), (59, 1), (60, 1 / 60), (61, 1 / 60)])
def test_the_wait_ends_when_an_arrival_leaves_the_hour(ago: int, wait: float) -> None:
    assert rules.wait(NOON - ago * MINUTE, NOON) == wait * MINUTE
