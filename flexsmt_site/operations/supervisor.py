"""Start the web workers and the mail relay, and keep them running.

A part that dies is started again, more slowly each time it dies early. SIGTERM, SIGINT and SIGHUP
end all of them within ten seconds, with the processes that they have started.
"""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from sqlalchemy.engine import make_url

from flexsmt_site.config import ROOT, Settings

_DRAIN_SECONDS = 9.0
_STEADY_SECONDS = 10.0
_LONGEST_PAUSE_SECONDS = 30.0
_PR_SET_PDEATHSIG = 1
#: What runs granian for the site.
WORKERS = "flexsmt_site.operations.workers"


class PortTaken(RuntimeError):
    """Another program answers on the site's port."""


@dataclass
class Part:
    """One supervised program."""

    name: str
    command: list[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    early_deaths: int = 0
    not_before: float = field(default=0.0)


def check_port(host: str, port: int) -> None:
    """Raise ``PortTaken`` if the port is not free: the web server would start beside its user silently."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise PortTaken(
                f"port {port} on {host} is taken ({error.strerror}): stop what uses it, or set FLEXSMT_PORT"
            ) from error


def parts(settings: Settings, *, relay: bool) -> list[Part]:
    """Return what has to run: web workers, a relay unless it runs elsewhere, and who fetches words."""
    web = [
        *(sys.executable, "-m", WORKERS, "--interface", "wsgi", "--http", "1", "--no-ws"),
        *("--host", settings.host, "--port", str(settings.port), "--workers", str(settings.workers)),
        *("--blocking-threads", "4", "--workers-kill-timeout", "5", "--respawn-failed-workers"),
        *("--log-level", "warning", "wsgi:app"),
    ]
    found = [Part("web", web)]
    if relay:
        found.append(Part("relay", [sys.executable, "-m", "flexsmt_site.cli", "mail", "relay"]))
    if make_url(settings.database_url).get_backend_name() == "postgresql":
        # Other hosts may publish words, which have to come here too.
        found.append(Part("words", [sys.executable, "-m", "flexsmt_site.cli", "catalogs", "follow"]))
    return found


def run(running: list[Part], say: Callable[[str], None], stopping: Event) -> None:
    """Keep the parts running until ``stopping`` is set, then end them."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        # Under nohup a closed terminal is meant to change nothing.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda *_: stopping.set())
    try:
        while not stopping.is_set():
            for part in running:
                _look_after(part, say, time.monotonic())
            stopping.wait(0.2)
    finally:
        _end(running, say)


def _look_after(part: Part, say: Callable[[str], None], now: float) -> None:
    """Start a part that does not run, no sooner than its pause allows."""
    if part.process is not None and part.process.poll() is not None:
        part.early_deaths = part.early_deaths + 1 if now - part.started < _STEADY_SECONDS else 0
        pause = min(2.0**part.early_deaths - 1, _LONGEST_PAUSE_SECONDS)
        # What it had started would else go on beside its successor.
        _kill_group(part.process)
        say(f"{part.name} ended with status {part.process.returncode}; starting it again in {pause:.0f} s")
        part.process, part.not_before = None, now + pause
    if part.process is None and now >= part.not_before:
        # A session and process group of its own: Ctrl-C reaches the supervisor alone, which then ends
        # the parts in order.
        part.process = subprocess.Popen(  # noqa: S603
            part.command,
            cwd=ROOT,
            start_new_session=True,
            preexec_fn=_end_with_parent,  # noqa: PLW1509 (the supervisor has no threads)
        )
        part.started = now


def _end_with_parent() -> None:
    """Let the kernel end a part whose supervisor was killed: it would hold the port of the next one."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _end(running: list[Part], say: Callable[[str], None]) -> None:
    """Ask every part to end; what is left of it then, or at the deadline, is killed."""
    processes = {part.name: part.process for part in running if part.process is not None}
    for process in processes.values():
        process.terminate()
    deadline = time.monotonic() + _DRAIN_SECONDS
    late = [name for name, process in processes.items() if not _has_ended(process, deadline)]
    for process in processes.values():
        _kill_group(process)
    # Last, because a terminal that is gone takes no words.
    for name in late:
        say(f"{name} did not end in time and was killed")


def _has_ended(process: subprocess.Popen[bytes], deadline: float) -> bool:
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a part with all that it has started; nothing may be left of it."""
    # Some systems answer EPERM, not ESRCH, for a group of which only dead processes are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
