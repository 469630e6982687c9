"""The whole way: written through the form, backed up while others write, lost, restored, and served."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

import pytest
from pyrage import x25519

from flexsmt_site.config import ROOT, Settings
from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.relay import Relay
from flexsmt_site.outbox.transport import Connection, Limits
from tests.backup.machine import at_work, backup, restore, rows
from tests.contact.form import Form
from tests.ground.test_cli import flexsmt
from tests.ground.visitors import visit
from tests.outbox.servers import Script


def _identity(folder: Path) -> tuple[Path, str]:
    """A file with a private key, and its public key."""
    key = x25519.Identity.generate()
    file = folder / "key.txt"
    file.write_text(f"# public key: {key.to_public()}\n{key}\n")
    return file, str(key.to_public())


def _variables(settings: Settings) -> dict[str, str]:
    return {"DATABASE_URL": settings.database_url, "RATE_LIMIT": "100000"}


@contextmanager
def _writing(settings: Settings) -> Iterator[subprocess.Popen[str]]:
    """A process that writes enquiries; it has begun when this returns, and has ended afterwards."""
    given = {"DATA_DIR": str(settings.data_dir), **_variables(settings)}
    environ = {**os.environ, **{f"FLEXSMT_{name}": value for name, value in given.items()}}
    command = [sys.executable, "-m", "tests.backup.writer"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        _next(writer)
        yield writer
        writer.communicate()
    assert writer.returncode == 0


def _next(writer: subprocess.Popen[str]) -> int:
    """Wait for the next enquiry to be stored; return its number."""
    assert writer.stdout
    number, status = writer.stdout.readline().split()
    assert status == "303"
    return int(number)


@pytest.mark.promise("P13.1")
def test_everything_comes_back_byte_for_byte(
    form: Form, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    (tmp_path / "company.toml").write_text('legal_name = "Ö & Söhne"\n')
    (tmp_path / "processors.toml").write_text("# nobody\n")
    for number in range(3):
        form.send(description=f"Text {number} with ünusual signs: 😀\n\tand lines; \\. \\N '")
    identity, public = _identity(tmp_path)
    was = rows(settings)
    made = backup(settings, None, public)
    done = restore(elsewhere, made, identity)

    assert len(was["enquiry"]) == 3
    assert len(was["outbox"]) == 6
    assert rows(elsewhere) == was
    for name in ("secret", "company.toml", "processors.toml"):
        assert (elsewhere.data_dir / name).read_bytes() == (tmp_path / name).read_bytes()
    assert (elsewhere.data_dir / "secret").stat().st_mode & 0o777 == 0o600
    assert not done.is_older


def test_a_copy_made_while_others_write_holds_every_enquiry_with_its_notices(
    form: Form, settings: Settings, elsewhere: Settings
) -> None:
    form.send()
    with _writing(settings) as writer:
        made = backup(settings)
        # It was still at work when the copy was done.
        _next(writer)
    restore(elsewhere, made)
    found = rows(elsewhere)
    subject = [column.name for column in Mail.__table__.columns].index("subject_key")
    noticed = [row[subject] for row in found["outbox"]]

    assert len(found["enquiry"]) >= 2
    for enquiry in found["enquiry"]:
        assert noticed.count(enquiry[0]) == len(settings.sales_to)
    assert len(noticed) == len(found["enquiry"]) * len(settings.sales_to)
    assert len(found["enquiry"]) < len(rows(settings)["enquiry"])


def test_a_restored_site_serves_and_sends_what_waited_under_its_message_id(
    form: Form, settings: Settings, elsewhere: Settings
) -> None:
    form.send()
    waiting = {mail.message_id: mail.raw for mail in form.mails()}
    restore(elsewhere, backup(settings))
    script = Script()
    with at_work(elsewhere) as app, Catcher(script) as server:
        assert visit(app).get("/readyz").status_code == 200
        relay = Relay(lambda: Connection(server.target, "localhost", Limits()), elsewhere.data_dir)
        assert relay.drain()

    sent = {str(message_from_bytes(raw)["Message-ID"]): raw for raw in script.got}
    assert len(sent) == 2
    assert {key.strip("<>") for key in sent} == {key.strip("<>") for key in waiting}
    assert sorted(sent.values()) == sorted(raw for raw in waiting.values() if raw)


def test_a_form_that_was_open_is_good_on_the_restored_site(
    form: Form, settings: Settings, elsewhere: Settings
) -> None:
    filled_in = form.filled_in()
    restore(elsewhere, backup(settings))
    # Started anew: the program that restored had a secret of its own.
    again = Settings.from_env(
        {"FLEXSMT_DATA_DIR": str(elsewhere.data_dir), "FLEXSMT_DATABASE_URL": elsewhere.database_url}
    )
    with at_work(again) as app:
        answer = visit(app).post("/en/contact", data=filled_in)

    assert answer.status_code == 303


def test_an_operator_does_it_by_two_commands(
    form: Form, settings: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    form.send()
    identity, public = _identity(tmp_path)
    (tmp_path / "disk").mkdir()
    made = flexsmt(
        tmp_path,
        *("backup", "--to", str(tmp_path / "disk"), "--recipient", public),
        DATABASE_URL=settings.database_url,
    )
    assert made.returncode == 0, made.stderr
    done = flexsmt(
        elsewhere.data_dir,
        *("restore", made.stdout.strip(), "--identity", str(identity)),
        DATABASE_URL=elsewhere.database_url,
    )

    assert done.returncode == 0, done.stderr
    assert "restored the backup of 20" in done.stdout
    assert "is kept as" in done.stdout
    assert "secret.before-restore" in done.stdout
    assert rows(elsewhere) == rows(settings)
