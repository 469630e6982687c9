"""A Postfix of the test's own on loopback: its configuration, queue and mailboxes lie in one folder.

It takes mail for ``example.com`` into Maildirs, and mail for ``elsewhere.example`` to hand it on to a
server of the test.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Never, Self

import pytest

from tests.ports import free_port

#: A user that owns nothing else; Postfix delivers as nobody with a number below 100.
_MAILBOX_OWNER = 65534
_PATIENCE_SECONDS = 30
_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
myhostname = mx.example.com
mydestination =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
virtual_mailbox_domains = example.com
virtual_mailbox_base = {folder}/mail
virtual_mailbox_maps = inline:{{ {mailboxes} }}
virtual_uid_maps = static:{owner}
virtual_gid_maps = static:{owner}
relay_domains = elsewhere.example
transport_maps = inline:{{ elsewhere.example=smtp:[127.0.0.1]:{onward} }}
smtpd_recipient_restrictions =
    check_recipient_access texthash:{folder}/access, permit_mynetworks, reject
"""
#: Each smtpd serves one connection, so that the next one reads what the test has written to ``access``.
_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd -o max_use=1
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def lacking(what: str) -> Never:
    """Skip with a visible reason, or fail where Postfix is required."""
    if os.environ.get("REQUIRE_POSTFIX"):
        pytest.fail(f"REQUIRE_POSTFIX is set, but {what}")
    pytest.skip(what)


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition; fail when it does not come."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what}: not within {_PATIENCE_SECONDS} s"
        time.sleep(0.05)


class Postfix:
    """Runs while the context is open; ``onward`` is the port of the server for ``elsewhere.example``."""

    def __init__(self, mailboxes: list[str], onward: int) -> None:
        if not shutil.which("postfix"):
            lacking("no program `postfix` is on the path")
        if os.geteuid() != 0:
            lacking("only root may start Postfix")
        # Not pytest's folder: its parents are closed to Postfix's own users.
        self.folder = Path(tempfile.mkdtemp(prefix="flexsmt-postfix-"))
        self.port = free_port()
        self.folder.chmod(0o755)
        for name in ("queue", "data", "etc", "mail"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        os.chown(self.folder / "mail", _MAILBOX_OWNER, _MAILBOX_OWNER)
        self.defers({})
        known = ", ".join(f"{name}@example.com={name}/" for name in mailboxes)
        main = _MAIN.format(folder=self.folder, mailboxes=known, owner=_MAILBOX_OWNER, onward=onward)
        (self.folder / "etc/main.cf").write_text(main)
        (self.folder / "etc/master.cf").write_text(_MASTER.format(port=self.port))

    def __enter__(self) -> Self:
        command = ["postfix", "-c", str(self.folder / "etc"), "start-fg"]
        with (self.folder / "start.log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            until(self._answers, f"Postfix answers ({self.log()})")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self._signal(signal.SIGTERM)
        try:
            until(lambda: not self._pids(), "Postfix ends")
        finally:
            self._signal(signal.SIGKILL)
            self.process.wait(_PATIENCE_SECONDS)
            shutil.rmtree(self.folder)

    def defers(self, answers: dict[str, str]) -> None:
        """Answer these recipients as given from the next connection on; all others are taken."""
        lines = "".join(f"{address} {answer}\n" for address, answer in answers.items())
        (self.folder / "access").write_text(lines)

    def maildir(self, name: str) -> Path:
        """The Maildir of ``name@example.com``; Postfix makes it with the first mail."""
        return self.folder / "mail" / name

    def delivered(self, name: str) -> list[bytes]:
        """What lies unread in a Maildir."""
        return [path.read_bytes() for path in sorted(self.maildir(name).glob("new/*"))]

    def log(self) -> str:
        """What Postfix says about itself."""
        logs = [self.folder / "start.log", self.folder / "log"]
        return "".join(path.read_text() for path in logs if path.exists())

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.log()
        try:
            with socket.create_connection(("127.0.0.1", self.port), 5) as link:
                return link.recv(3) == b"220"
        except ConnectionRefusedError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._pids():
            os.kill(pid, number)

    def _pids(self) -> list[int]:
        """Processes that stand in our queue: every program of Postfix does."""
        found = []
        for entry in Path("/proc").glob("[0-9]*/cwd"):
            try:
                if entry.readlink().is_relative_to(self.folder):
                    found.append(int(entry.parent.name))
            except OSError:
                # It has ended meanwhile.
                continue
        return found
