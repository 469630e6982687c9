from datetime import timedelta

import pytest

from flexsmt_site.alarm import words
from flexsmt_site.config import ROOT


def _documented() -> dict[str, words.Advice]:
    """The table of alarms in the operator's book."""
    section = (ROOT / "docs" / "operating.md").read_text("utf-8").partition("\n### Alarms")[2]
    rows = [line for line in section.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    cells = [[cell.strip().replace("`", "") for cell in row.strip("|").split("|")] for row in rows]
    return {reason: words.Advice(what, mend) for reason, what, mend in cells}


def test_the_alarm_speaks_in_the_words_of_the_operators_book() -> None:
    assert _documented() == words.ADVICE


def test_a_reason_without_words_of_its_own_is_shown_as_it_is() -> None:
    assert words.advice("asleep").what == "The relay cannot send: asleep."


@pytest.mark.parametrize(
    ("waits", "said"),
    [
        (timedelta(minutes=-5), "0 min"),
        (timedelta(seconds=59), "0 min"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(minutes=120), "2 hours"),
        (timedelta(hours=47, minutes=59), "47 hours"),
        (timedelta(days=2), "2 days"),
    ],
)
def test_an_age_is_told_in_whole_units(waits: timedelta, said: str) -> None:
    assert words.age(waits) == said
