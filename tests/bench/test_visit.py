import shutil

import pytest

from tests.bench import visit
from tests.browser.conftest import lacking
from tests.browser.visitor import LANGUAGES


def test_without_a_browser_the_first_visit_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    (row,) = visit.measure()

    assert row.verdict == "left out"
    assert "chromium" in row.conditions


@pytest.mark.proof
@pytest.mark.browser
def test_every_page_is_weighed_and_the_policy_is_timed() -> None:
    if shutil.which("chromium") is None:
        lacking("no program `chromium` is on the path")
    rows = list(visit.measure(loads=1))
    counted = [row for row in rows if not row.name.startswith("policy, ") or "requests" in row.name]

    assert len(rows) == len(LANGUAGES) * (len(visit.PAGES) * 3 + 3)
    assert all(row.figure is not None and row.limit for row in rows)
    assert {row.verdict for row in counted} == {"within"}
