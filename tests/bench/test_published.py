import pytest

from tests.bench import places, published


@pytest.mark.usefixtures("postgres_url")
def test_publishing_is_measured_here_and_on_another_host() -> None:
    rows = list(published.measure(rounds=2, many=20))

    assert [row.name for row in rows] == ["on another host", "to publish", "to publish 20 edits"]
    assert all(row.figure for row in rows)


def test_without_postgresql_it_is_left_out_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "POSTGRES", "postgresql://postgres@127.0.0.1:1/postgres")
    (row,) = published.measure(rounds=1)

    assert row.verdict == "left out"
    assert "PostgreSQL does not answer" in row.conditions
