import pytest

from tests.bench import finding, places
from tests.bench.finding import Counts


def test_everything_that_the_inbox_asks_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    # The harness is the same on both; the suite has its own proof that the site is.
    monkeypatch.setattr(places, "DATABASES", (places.SQLITE,))
    rows = list(finding.measure(Counts(small=200, big=300, rounds=1, times=1)))

    assert len(rows) == 8
    assert all(row.figure for row in rows)
    assert rows[1].name == "SQLite, a page in the middle (of 100,000: the thousandth)"
    assert "300" in rows[0].conditions
