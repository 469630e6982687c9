from datetime import timedelta
from pathlib import Path

import pytest
from pyrage import x25519

from flexsmt_site import clock
from flexsmt_site.backup import checks, service
from flexsmt_site.config import Settings
from flexsmt_site.health import Finding
from tests.backup.machine import at_work
from tests.conftest import make_settings
from tests.ground.test_settings import PRODUCTION


@pytest.fixture
def production(tmp_path: Path, sqlite_template: Path) -> Settings:
    (tmp_path / "site.db").write_bytes(sqlite_template.read_bytes())
    (tmp_path / "disk").mkdir()
    return make_settings(tmp_path, **PRODUCTION)


def _found(settings: Settings) -> Finding:
    (found,) = checks.recent(settings)
    return found


def _backup(settings: Settings, age: timedelta) -> None:
    public = str(x25519.Identity.generate().to_public())
    with at_work(settings):
        service.make(settings, settings.data_dir / "disk", (public,), clock.now() - age)


def test_production_without_a_backup_is_a_warning_that_names_the_command(production: Settings) -> None:
    found = _found(production)

    assert (found.level, found.what) == ("warning", "no backup was made yet")
    assert "flexsmt backup" in found.mend


def test_a_backup_of_yesterday_is_in_order_wherever_it_went(production: Settings) -> None:
    _backup(production, timedelta(days=1))

    assert _found(production).level == "ok"


def test_a_backup_of_three_days_ago_is_a_warning(production: Settings) -> None:
    _backup(production, timedelta(days=3))
    day = clock.now() - timedelta(days=3)

    assert _found(production).level == "warning"
    assert f"the last backup was made {day:%Y-%m-}" in _found(production).what


def test_a_demo_needs_no_backup(tmp_path: Path) -> None:
    assert list(checks.recent(make_settings(tmp_path))) == []
