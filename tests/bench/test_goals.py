import re
from datetime import date
from math import inf
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from flexsmt_site.config import ROOT
from tests.bench import chart, goals, noise, page
from tests.bench.__main__ import BENCHMARKS
from tests.bench.figures import Benchmark, Limit, Row
from tests.bench.goals import GOALS
from tests.bench.noise import Watch
from tests.bench.page import Run

PAGE = ROOT / "docs" / "performance.md"
WITHIN = Row("a quick one", 1.1, "×", Limit(1.2), "3 rounds", 4)
OVER = Row("a slow one", 0.5, "×", Limit(0.6, is_floor=True), "", 11)
FAR_OVER = Row("a <very> slow one", 9.0, "×", Limit(3), "", 4)
LEFT_OUT = Row("a foreign one", None, conditions="not installed", goal=2)
COUNTED = Row("what is lost", 0, "", Limit(0), "", 9)
ROWS = [WITHIN, OVER, FAR_OVER, LEFT_OUT, COUNTED]
QUICK = Benchmark("quick", "A quick one", "It means this.", lambda: iter(ROWS))
SVG = "{http://www.w3.org/2000/svg}"


def picture(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 (drawn by ourselves)


def test_a_figure_is_a_part_of_its_limit_be_it_ceiling_or_floor() -> None:
    assert Row("", 3.0, limit=Limit(2)).of_limit == 1.5
    assert Row("", 2.0, limit=Limit(3, is_floor=True)).of_limit == 1.5
    assert (COUNTED.of_limit, Row("", 1, limit=Limit(0)).of_limit) == (0, inf)
    assert Row("", 0.0, limit=Limit(3, is_floor=True)).of_limit == inf
    assert (LEFT_OUT.of_limit, Row("told", 5.0).of_limit) == (0, 0)


def test_a_goal_is_met_by_its_worst_figure_and_says_what_was_left_out() -> None:
    met = {one.goal.number: one for one in goals.met([(QUICK, [*ROWS, Row("gone", None, goal=9)])])}
    assert list(met) == [2, 4, 9, 11]
    assert (met[4].worst, met[4].verdict) == (FAR_OVER, "over")
    assert met[9].verdict == "within, 1 left out"
    assert met[2].verdict == "left out"


def test_a_row_serves_its_own_goal_or_else_that_of_its_benchmark() -> None:
    claim = Benchmark("claim", "", "", lambda: iter([]), goal=14)
    plain = Row("plain", 1.0, "×", Limit(2))
    found = [(claim, [plain, WITHIN, Row("told", 7.0)]), (QUICK, [plain])]
    assert {one.goal.number: one.rows for one in goals.met(found)} == {4: (WITHIN,), 14: (plain,)}


def test_the_page_holds_every_goal_and_row_and_how_to_repeat_it(tmp_path: Path) -> None:
    path = tmp_path / "performance.md"
    page.write(path, Run([(QUICK, ROWS)], date(2026, 11, 22), 100.0, "The machine was quiet."))
    written = path.read_text("utf-8")

    assert "| 4 | page made anew | Flask's hello | 9 × | ≤ 3 | over | 2: a <very> slow one |" in written
    assert "| a quick one | 1.10 × | ≤ 1.2 | within | 3 rounds |" in written
    assert "| a foreign one | – |  | left out | not installed |" in written
    assert "`.venv/bin/python -m tests.bench quick`" in written
    assert "on 2026-11-22, within 2 minutes. The machine was quiet." in " ".join(written.split())
    assert "](performance.svg)" in written
    assert max(len(line) for line in written.splitlines() if line[:1] not in "|!") <= 120
    assert picture((tmp_path / "performance.svg").read_text("utf-8")).tag == f"{SVG}svg"


def test_the_kept_page_has_every_benchmark_and_every_goal() -> None:
    kept = PAGE.read_text("utf-8").splitlines()
    assert [f"## {benchmark.title}" for benchmark in BENCHMARKS] == [
        line for line in kept if line.startswith("## ")
    ]
    listed = [re.match(r"\| (\d+) \| (.*?) \|", line) for line in kept]
    assert [(int(one[1]), one[2]) for one in listed if one] == [(goal.number, goal.what) for goal in GOALS]


def test_the_kept_picture_shows_what_the_kept_table_says() -> None:
    kept = PAGE.read_text("utf-8")
    told = picture(PAGE.with_suffix(".svg").read_text("utf-8")).findtext(f"{SVG}desc") or ""
    lines = re.findall(r"^\| (\d+) \|[^|]*\|[^|]*\| (.*?) \| (.*?) \| (.*?) \|", kept, re.MULTILINE)
    assert [f"{number}: {figure}" for number, figure, *_ in lines] == [
        part.partition(", limit")[0] for part in told.split("; ")
    ]


def test_a_bar_is_as_long_as_its_part_of_the_limit_and_says_the_same_in_words() -> None:
    tree = picture(chart.draw(goals.met([(QUICK, ROWS)])))
    bars = [one for one in tree.iter(f"{SVG}rect") if one.get("class") in ("within", "over")]
    (line,) = tree.iter(f"{SVG}line")
    ends = [int(bar.attrib["x"]) + int(bar.attrib["width"]) for bar in bars]
    limit = int(line.attrib["x1"])

    assert [bar.get("class") for bar in bars] == ["over", "within", "over"]
    assert [end > limit for end in ends] == [True, False, True]
    # One is longer than there is room for, and cut.
    assert len(list(tree.iter(f"{SVG}path"))) == 1
    assert max(ends) == max(
        int(one.attrib["x"]) + int(one.attrib["width"])
        for one in tree.iter(f"{SVG}rect")
        if one.get("class") == "track"
    )
    words = tree.findtext(f"{SVG}desc") or ""
    assert "4: 9 ×, limit ≤ 3, over" in words
    assert "2: –, limit left out, left out" in words


@pytest.mark.parametrize(
    ("spreads", "foreign", "is_noisy"),
    [
        ([1.1, 1.1, 9.0], [0.0, 0.0, 2.0], False),
        ([1.1, 1.6, 1.6], [0.0], True),
        ([1.1], [0.0, 1.2, 1.2], True),
        ([1.1], [], False),
    ],
    ids=["quiet but for a moment", "slow at times", "others at work", "nothing known of others"],
)
def test_a_noisy_machine_is_said_to_be_one(
    spreads: list[float],
    foreign: list[float],
    is_noisy: bool,  # noqa: FBT001 (a parameter of the test)
) -> None:
    watch = Watch(spreads, foreign, load=0.5)
    assert watch.is_noisy == is_noisy
    assert ("too noisy" in watch.words()) == is_noisy
    assert f"(at most {max(spreads):.2f}; 95" in watch.words()
    assert "load was 0.50" in watch.words()


def test_the_machine_is_looked_at_before_each_benchmark_and_seldom_between_rows(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(noise, "_SELDOM_SECONDS", 3600.0)
    watch = Watch()
    watch.look()
    watch.look_again()
    assert len(watch.spreads) == 1
    assert watch.spreads[0] >= 1
    assert all(share >= 0 for share in watch.foreign)
