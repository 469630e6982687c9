import random
from collections.abc import Iterator
from itertools import count

import pytest
from click.testing import CliRunner

from tests.bench import places, programs, soak, stock, traffic
from tests.bench.figures import Row
from tests.bench.soak import Seen
from tests.bench.traffic import VISITS, Guest
from tests.ports import free_port

ERRORS = ("answers that should not be", "enquiries lost or doubled")


@pytest.fixture
def guest() -> Iterator[Guest]:
    """Somebody who has come to a running site."""
    with places.site(places.SQLITE) as app:
        folder, port = app.extensions["flexsmt_settings"].data_dir, free_port()
        with programs.mail_server(folder, port, "0"), programs.served(app, port) as (site_port, _serving):
            made = Guest(site_port, app, random.Random(1), count(1))
            yield made
            made.hang_up()


def _rows(seen: Seen, stored: list[str] | None = None) -> dict[str, Row]:
    return {row.name: row for row in soak.rows(seen, 1.0, stored or [])}


@pytest.mark.proof
def test_every_visit_is_answered_as_it_expects_in_either_language(guest: Guest) -> None:
    for language in ("en", "ru"):
        guest.language = language
        said = {visit.__name__: {visit(guest) for _ in range(8)} for visit in VISITS}

        assert said == {visit.__name__: {""} for visit in VISITS}
    assert len(set(guest.taken)) == len(guest.taken) == 16
    with stock.opened(guest.app):
        assert {guest.taken[0], guest.taken[-1]} <= soak.references()


@pytest.mark.proof
def test_every_visit_notices_the_wrong_language(guest: Guest) -> None:
    guest.static.add("/static/none.css")
    ask = guest.ask

    def mixed_up(path: str, *given: object, **more: object) -> traffic.Reply:
        other = path.replace("/en/", "/ru/") if path.startswith("/en/") else f"{path}/none"
        return ask(other, *given, **more)  # type: ignore[arg-type]

    guest.ask = mixed_up  # type: ignore[method-assign]
    silent = {traffic.cut_request, traffic.cut_answer}
    assert {visit.__name__ for visit in VISITS if not visit(guest)} == {visit.__name__ for visit in silent}


@pytest.mark.proof
def test_a_site_is_soaked_and_what_was_seen_is_judged() -> None:
    rows = {row.name: row for row in soak.run(3)}

    assert [rows[name].figure for name in ERRORS] == [0, 0], [rows[name].conditions for name in ERRORS]
    assert (rows["visits"].figure or 0) > 20
    kinds = [name.split()[2] for name in rows if name.startswith("memory of")]
    assert sorted(kinds) == ["relay", "supervisor", "web", "worker", "worker"]


def test_what_was_lost_doubled_or_amiss_is_over_its_limit() -> None:
    seen = Seen(taken=["FX-1", "FX-2", "FX-2"])
    seen.amiss["page: 500 instead of 200"] += 2
    rows = _rows(seen, ["FX-2"])

    assert [rows[name].figure for name in ERRORS] == [2, 2]
    assert {rows[name].verdict for name in ERRORS} == {"over"}
    assert "2 × page: 500 instead of 200" in rows[ERRORS[0]].conditions


@pytest.mark.parametrize(("last", "verdict"), [(104.0, "within"), (106.0, "over")])
def test_growth_after_the_first_quarter_is_judged(last: float, verdict: str) -> None:
    # It warms up from half of what it holds then.
    samples = [50.0] * 4 + [100.0] * 8 + [last] * 4
    seen = Seen(own={7: samples}, whole={7: samples}, names={7: "worker 7"})

    assert _rows(seen)["memory of worker 7"].verdict == verdict


def test_an_error_is_an_exit_status(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Seen(taken=["FX-1"])
    asked: list[tuple[float, str]] = []

    def run(seconds: float, kind: str) -> list[Row]:
        asked.append((seconds, kind))
        return list(soak.rows(bad, 1.0, []))

    monkeypatch.setattr(soak, "run", run)
    ended = CliRunner().invoke(soak.main, ["--minutes", "0.5"])

    assert (ended.exit_code, asked) == (1, [(30.0, places.SQLITE)])
    assert "| enquiries lost or doubled | 1 | ≤ 0 | over |" in ended.stdout
