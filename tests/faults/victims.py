"""Programs that a test kills as ``kill -9`` does, by process ids that it started or their children."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Self

from flexsmt_site.config import ROOT, Settings
from tests.browser.live import until

HAS_PROC = Path("/proc/self/task").is_dir()


def environ_of(settings: Settings, **further: str) -> dict[str, str]:
    """The environment in which another process sees the site of the test."""
    given = {
        "DATA_DIR": str(settings.data_dir),
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "BASE_URL": settings.base_url,
        "PORT": str(settings.port),
        "WORKERS": str(settings.workers),
        "RATE_LIMIT": str(settings.rate_limit),
        **further,
    }
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FLEXSMT_")}
    return plain | {f"FLEXSMT_{name}": value for name, value in given.items()}


def python(
    settings: Settings, *arguments: str, stdout: int | None = None, **variables: str
) -> subprocess.Popen[str]:
    """Start a module of the project; what it says is kept beside the test's data."""
    with log_of(settings).open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            env=environ_of(settings, **variables),
            stdout=stdout or log,
            stderr=log,
            text=True,
        )


def log_of(settings: Settings) -> Path:
    return settings.data_dir / "said.log"


class Site:
    """The site as ``flexsmt serve --no-relay`` serves it, while the context is open."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def __enter__(self) -> Self:
        self.process = python(self.settings, "flexsmt_site.cli", "serve", "--no-relay")
        until(self._is_up, "the site does not start", seconds=60)
        return self

    def __exit__(self, *_error: object) -> None:
        # Halted first: a supervisor that runs could start what nobody would know of.
        self.process.send_signal(signal.SIGSTOP)
        for server in self.servers():
            os.killpg(server, signal.SIGKILL)
        self.process.kill()
        self.process.wait()

    def servers(self) -> list[int]:
        """The web server's main process, unless it is about to be started again."""
        return _children(self.process.pid)

    def workers(self) -> list[int]:
        """The processes that answer visitors, oldest first."""
        return sorted((pid for server in self.servers() for pid in _children(server)), key=_started)

    def kill(self, *, server: bool) -> None:
        """Kill the main process, or any worker but the youngest.

        The server gives up when the worker that it has started last dies early: that is its own death.
        """
        until(lambda: self._kills(server=server), "no workers come back", seconds=60)

    def _kills(self, *, server: bool) -> bool:
        # Looked at once: a server that gives up takes all of them along between two looks.
        servers, workers = self.servers(), self.workers()
        found = servers if server else workers[:-1]
        if len(workers) < 2 or not found:
            return False
        try:
            os.kill(random.choice(found), signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def _is_up(self) -> bool:
        assert self.process.poll() is None, log_of(self.settings).read_text()
        link = HTTPConnection("127.0.0.1", self.settings.port, timeout=5)
        try:
            link.request("GET", "/healthz")
            return link.getresponse().status == 200
        except OSError:
            return False
        finally:
            link.close()


class Relays:
    """Relays beside each other, as ``flexsmt mail relay`` runs them, while the context is open."""

    def __init__(self, settings: Settings, smtp_url: str, count: int) -> None:
        self.start: Callable[[], subprocess.Popen[str]] = lambda: python(
            settings, "flexsmt_site.cli", "mail", "relay", SMTP_URL=smtp_url
        )
        self.count = count
        self.running: list[subprocess.Popen[str]] = []
        self.dead: list[int] = []

    def __enter__(self) -> Self:
        self.running = [self.start() for _ in range(self.count)]
        return self

    def __exit__(self, *_error: object) -> None:
        while self.running:
            self.kill()

    def kill(self) -> None:
        """Kill the one that has run for longest."""
        victim = self.running.pop(0)
        victim.kill()
        victim.wait()
        self.dead.append(victim.pid)

    def replace(self) -> None:
        """Kill one and start another in its place."""
        self.running.append(self.start())
        assert self.running[0].poll() is None, "a relay has ended by itself"
        self.kill()


def _children(pid: int) -> list[int]:
    """The living children of a process that can be asked to do work."""
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [int(child) for child in listed if _name(child) == "flexsmt web"]


def _name(pid: str) -> str:
    """What a process is called; empty when it is dead, also when nobody has asked for it yet."""
    process = Path(f"/proc/{pid}")
    try:
        return process.joinpath("comm").read_text().strip() if process.joinpath("cmdline").read_text() else ""
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _started(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    except (FileNotFoundError, ProcessLookupError):
        return 0
