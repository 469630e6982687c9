import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import proof
from flexsmt_site.config import ROOT
from flexsmt_site.ledger import PROMISES, Promise
from tests.ground.visitors import Visitor

TODAY = date(2026, 11, 22)
RAN = datetime(2026, 11, 22, 12, tzinfo=UTC).isoformat()


@pytest.fixture
def proof_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the running code looks for its proof, in a folder of the test's own."""
    monkeypatch.setattr(proof, "PROOF", tmp_path / "proof.json")
    proof.proven_tests.cache_clear()
    yield tmp_path / "proof.json"
    proof.proven_tests.cache_clear()


def _write(file: Path, code_sum: str, **outcomes: str) -> None:
    rows = {
        name.replace("_", "."): [{"test": "t", "outcome": outcome, "time": RAN}]
        for name, outcome in outcomes.items()
    }
    file.write_text(json.dumps({"sum": code_sum, "promises": rows}))


def _proven(data: dict[str, list[dict[str, str]]]) -> set[str]:
    return {row["id"] for row in data["promises"] if row["state"] == "proven"}


@pytest.mark.parametrize("path", ["/en/privacy", "/ru/privacy"])
def test_without_proof_nothing_is_proven_and_no_mark_is_shown(
    visitor: Visitor, proof_file: Path, path: str
) -> None:
    assert not proof_file.exists()
    assert _proven(visitor.get("/promises.json").get_json()) == set()
    assert 'class="kept"' not in visitor.get(path).text
    assert 'class="state proven"' not in visitor.get("/en/promises").text


def test_a_proof_of_other_code_proves_nothing(visitor: Visitor, proof_file: Path) -> None:
    _write(proof_file, "0" * 64, P7_3="passed")

    assert _proven(visitor.get("/promises.json").get_json()) == set()
    assert 'class="kept"' not in visitor.get("/en/privacy").text


def test_marks_appear_for_what_passed_on_this_code_and_for_nothing_else(
    visitor: Visitor, proof_file: Path
) -> None:
    # P8.4 has a passing test here, but no function keeps it; P0.8 has a failing one.
    _write(
        proof_file,
        proof.code_sum(),
        P7_3="passed",
        P0_8="failed",
        P8_4="passed",
        P5_4="passed",
        P13_3="passed",
    )

    data = visitor.get("/promises.json").get_json()
    assert _proven(data) == {"P7.3", "P5.4"}
    for path in ("/en/privacy", "/ru/privacy"):
        page = visitor.get(path).text
        assert page.count('class="kept"') == 2
        assert f'href="{path[:3]}/promises#P7.3"' in page
    assert visitor.get("/en/promises").text.count('class="state proven"') == 2


def test_a_skipped_test_proves_nothing(lone_app: Flask, proof_file: Path) -> None:
    assert lone_app
    _write(proof_file, proof.code_sum(), P7_3="skipped")

    assert proof.state(PROMISES["P7.3"], TODAY) == "not-proven"


def test_one_failing_test_among_passing_ones_takes_the_proof_away(lone_app: Flask, proof_file: Path) -> None:
    assert lone_app
    rows = [
        {"test": str(number), "outcome": outcome, "time": RAN}
        for number, outcome in enumerate(("passed", "failed"))
    ]
    proof_file.write_text(json.dumps({"sum": proof.code_sum(), "promises": {"P7.3": rows}}))

    assert not proof.is_proven(PROMISES["P7.3"])


@pytest.mark.parametrize(
    ("review", "state"), [(TODAY, "people"), (date(2026, 11, 21), "overdue"), (None, "overdue")]
)
def test_what_people_keep_is_overdue_after_its_review_date(review: date | None, state: str) -> None:
    promise = Promise("P1", {"en": "x", "ru": "x"}, "people", {"en": "x", "ru": "x"}, review)

    assert proof.state(promise, TODAY) == state


def test_what_is_no_file_has_no_part_in_the_sum(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("")
    (tmp_path / "gone.py").symlink_to(tmp_path / "nothing")
    (tmp_path / "queue.py").mkdir()

    assert list(proof.files((str(tmp_path),))) == [tmp_path / "a.py"]
    assert proof.code_sum((str(tmp_path),))


def test_the_sum_covers_code_templates_words_and_tests_and_no_caches() -> None:
    names = {path.relative_to(ROOT).as_posix() for path in proof.files()}

    assert {
        "flexsmt_site/ledger.toml",
        "flexsmt_site/contact/rules.py",
        "templates/policy/page.html",
        "static/css/site.css",
        "translations/ru/LC_MESSAGES/policy.po",
        "tests/conftest.py",
    } <= names
    assert "flexsmt_site/proof.json" not in names
    assert not [
        name for name in names if "__pycache__" in name or "/." in name or name.endswith((".mo", ".pyc"))
    ]
