from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskCliRunner

from flexsmt_site import clock, create_app
from flexsmt_site.backup import rules
from flexsmt_site.config import Settings
from tests.backup.machine import at_work
from tests.conftest import make_settings
from tests.operations.revision import set_revision


@pytest.fixture
def runner(lone_app: Flask) -> FlaskCliRunner:
    return lone_app.test_cli_runner()


def test_a_backup_prints_its_path_alone_and_warns_that_it_is_not_encrypted(
    runner: FlaskCliRunner, backups: Path
) -> None:
    ended = runner.invoke(args=["backup"])

    assert ended.exit_code == 0
    (made,) = backups.iterdir()
    assert ended.stdout == f"{made}\n"
    assert "not encrypted and holds personal data" in ended.stderr


def test_an_encrypted_backup_needs_no_warning(runner: FlaskCliRunner) -> None:
    key = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
    ended = runner.invoke(args=["backup", "--recipient", key])

    assert (ended.exit_code, ended.stderr) == (0, "")


def test_what_was_deleted_is_said(runner: FlaskCliRunner, backups: Path) -> None:
    backups.mkdir()
    old = rules.name_of(clock.now() - timedelta(days=31), encrypted=False)
    (backups / old).touch()
    ended = runner.invoke(args=["backup"])

    assert f"deleted, as its time is over: {old}" in ended.stderr
    assert not (backups / old).exists()


def test_a_restore_says_what_it_did_and_what_is_to_be_done(
    runner: FlaskCliRunner, tmp_path: Path, lone_elsewhere: Settings
) -> None:
    set_revision(tmp_path, "0001")
    made = runner.invoke(args=["backup"]).stdout.strip()
    with at_work(lone_elsewhere) as app:
        ended = app.test_cli_runner().invoke(args=["restore", made])

    assert ended.exit_code == 0
    assert f"restored the backup of {clock.now():%Y-}" in ended.stdout
    assert "at revision 0001" in ended.stdout
    assert "secret.before-restore" in ended.stdout
    assert "flexsmt db upgrade" in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["backup", "--recipient", "nonsense"], "recipient 1 is no public key"),
        (["backup", "--to", "/nothing/here"], "/nothing/here is no folder"),
        (["restore", "/nothing/here"], "No such file or directory: /nothing/here"),
        (["restore", "/dev/null"], "can not be restored"),
    ],
)
def test_a_fault_is_one_line_and_exit_status_1(
    runner: FlaskCliRunner, arguments: list[str], said: str
) -> None:
    ended = runner.invoke(args=arguments)

    assert (ended.exit_code, ended.stdout) == (1, "")
    (line,) = ended.stderr.splitlines()
    assert said in line


def test_a_database_that_is_gone_is_one_line_without_its_password(tmp_path: Path) -> None:
    app = create_app(make_settings(tmp_path, DATABASE_URL="postgresql+psycopg://x:hush-hush@127.0.0.1:1/x"))
    ended = app.test_cli_runner().invoke(args=["backup"])

    assert ended.exit_code == 1
    (line,) = ended.stderr.splitlines()
    assert "the database can not be used" in line
    assert "hush-hush" not in line
