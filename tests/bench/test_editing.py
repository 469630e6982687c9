from tests.bench import editing
from tests.bench.editing import Counts


def test_searches_and_pages_between_releases_are_measured() -> None:
    rows = list(editing.measure(Counts(texts=900, rounds=1, releases=2, requests=40)))

    assert [row.name for row in rows] == [
        "a search",
        "a search in a filter",
        "to read all texts",
        "pages that failed or mixed languages or releases",
        "pages with old words after the last release",
    ]
    assert all(row.figure for row in rows[:3])
    assert [row.figure for row in rows[3:]] == [0, 0]
