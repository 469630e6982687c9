import re
import shutil
import smtplib
from pathlib import Path

import pytest

from flexsmt_site.config import ROOT
from flexsmt_site.outbox.rules import State
from tests.bench import banner, claiming, places, programs, relay_throughput, stock, visitors_answer
from tests.bench.__main__ import BENCHMARKS, main, status
from tests.bench.figures import Benchmark, Limit, Row, ninety_five, ratio
from tests.bench.stock import Pile
from tests.ports import free_port

PAGE = ROOT / "docs" / "performance.md"
WITHIN = Row("a quick one", 1.1, "×", Limit(1.2), "3 rounds")
OVER = Row("a slow one", 0.5, "×", Limit(0.6, is_floor=True))
LEFT_OUT = Row("a foreign one", None, conditions="not installed")


@pytest.fixture(autouse=True)
def _one_database(monkeypatch: pytest.MonkeyPatch) -> None:
    # The harness is the same on both; the suite has its own proof that the site is.
    monkeypatch.setattr(places, "DATABASES", (places.SQLITE,))


def test_a_figure_is_judged_by_its_limit() -> None:
    assert (WITHIN.verdict, OVER.verdict, LEFT_OUT.verdict) == ("within", "over", "left out")
    assert Row("told", 12.0).verdict == ""
    assert [str(row.limit) for row in (WITHIN, OVER)] == ["≤ 1.2", "≥ 0.6"]


def test_medians_are_compared_and_not_means() -> None:
    assert ratio([2.0, 2.0, 500.0], [1.0, 1.0, 1.0]) == 2
    assert ninety_five([float(number) for number in range(101)]) == 95


def test_only_a_figure_over_its_limit_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert status([WITHIN, LEFT_OUT]) == 0
    assert status([WITHIN, OVER, LEFT_OUT]) == 1
    assert "a slow one: 0.50 ×, should be ≥ 0.6" in capsys.readouterr().out


def test_an_unknown_name_is_refused_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nonsense"]) == 2
    said = capsys.readouterr().out
    assert all(benchmark.name in said for benchmark in BENCHMARKS)


def test_a_benchmark_is_run_by_its_name_and_writes_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page_before = PAGE.read_bytes()
    quick = Benchmark("quick", "A quick one", "It means this.", lambda: iter([WITHIN, OVER, LEFT_OUT]))
    monkeypatch.setattr("tests.bench.__main__.BENCHMARKS", (quick,))
    assert main(["quick"]) == 1
    said = capsys.readouterr().out
    assert "1.10 × ≤ 1.2   within   a quick one (3 rounds)" in said
    assert "left out a foreign one (not installed)" in said
    assert PAGE.read_bytes() == page_before


def test_an_outbox_is_filled_with_as_many_mails_as_asked_for() -> None:
    with places.site(places.SQLITE) as app:
        row = stock.first_notice(app)
        assert row["raw"]
        stock.fill(app, row, [Pile(1234, State.ACCEPTED), Pile(7)])
        assert stock.count(app, State.ACCEPTED) == 1234
        assert stock.count(app, State.QUEUED) == 7


def test_claiming_is_measured_in_every_mix() -> None:
    rows = list(claiming.measure(claiming.Counts(small=100, big=200, rounds=10)))
    assert len(rows) == len(claiming.MIXES)
    assert all(row.figure for row in rows)


def test_the_relay_is_measured_beside_smtplib() -> None:
    if not (shutil.which("smtp-sink") or Path("/usr/sbin/smtp-sink").exists()):
        pytest.skip("smtp-sink is not installed (Debian's package postfix)")
    rows = list(relay_throughput.measure(relay_throughput.Counts(mails=3, rounds=2)))
    assert len(rows) == 2
    assert all(row.figure and "2 rounds of 3 mails" in row.conditions for row in rows)


def test_what_the_machine_lacks_is_left_out_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("tests.bench.programs._SINK", "/nowhere/smtp-sink")
    (row,) = relay_throughput.measure()
    assert row.verdict == "left out"
    assert "smtp-sink is not installed" in row.conditions


def test_the_banner_is_weighed_in_both_languages_with_its_style_and_keeps_to_its_limits() -> None:
    rows = list(banner.measure())

    assert [row.name for row in rows[:4]] == ["markup, en", "markup, ru", "style", "script of its own"]
    assert {row.verdict for row in rows[:4]} == {"within"}
    assert all(row.figure for row in rows[:3])
    assert rows[3].figure == 0


def test_a_part_that_is_gone_is_no_light_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(banner, "_SECTION", re.compile("nothing like this"))
    with pytest.raises(LookupError, match="nothing like this"):
        list(banner.measure())


@pytest.mark.proof
def test_a_visitor_is_answered_by_every_site(monkeypatch: pytest.MonkeyPatch) -> None:
    # The sick mail servers are the same program with other delays: one is enough here.
    monkeypatch.setattr(visitors_answer, "SERVERS", {"well": "0", "refused": None})
    monkeypatch.setattr(visitors_answer, "SICK", {"refused": "nothing listens"})
    counts = visitors_answer.Counts(rounds=2, warming=1, reads=1, recovery=False)
    rows = list(visitors_answer.measure(counts))
    assert len(rows) == len(visitors_answer.ASKED)
    assert all(row.figure for row in rows)


def test_what_is_lost_or_doubled_shows_in_the_counts() -> None:
    right = visitors_answer.differences(["a", "b", "b"], {"a", "b"}, {"x 1", "x 2"}, ["x 2", "x 1"])
    assert set(right.values()) == {0}
    wrong = visitors_answer.differences(["a", "b", "c"], {"a", "b"}, {"x 1", "x 2"}, ["x 2", "x 2", "y 3"])
    assert list(wrong.values()) == [1, 1, 1, 2]


def test_the_mail_server_notes_what_it_took(tmp_path: Path) -> None:
    port = free_port()
    with programs.mail_server(tmp_path, port, "0") as kept, smtplib.SMTP("127.0.0.1", port) as client:
        client.sendmail("a@example.com", ["b@example.com"], b"Message-ID: <1@example.com>\r\n\r\nText\r\n")
    assert kept.read_text("utf-8") == "b@example.com <1@example.com>\n"
