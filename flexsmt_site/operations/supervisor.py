"""Start the web workers and the mail relay, and keep them running.

Each is forked from this process, which has loaded the site, and shares with it what neither changes. A part
that dies is started again, more slowly each time it dies early. SIGTERM, SIGINT and SIGHUP end all of them
within ten seconds, with the processes that they have started.
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.context import ForkProcess
from threading import Event
from typing import cast

import click
from flask import Flask
from sqlalchemy.engine import make_url

from flexsmt_site.config import Settings
from flexsmt_site.language import release_commands as words
from flexsmt_site.operations import workers
from flexsmt_site.outbox import commands as mail

_DRAIN_SECONDS = 9.0
_STEADY_SECONDS = 10.0
_LONGEST_PAUSE_SECONDS = 30.0
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
_FORKED = multiprocessing.get_context("fork")
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class PortTaken(RuntimeError):
    """Another program answers on the site's port."""


@dataclass
class Part:
    """One supervised program: ``run`` is called in a process of its own, and ends with it."""

    name: str
    run: Callable[[], object]
    process: ForkProcess | None = None
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


def parts(app: Flask, *, relay: bool) -> list[Part]:
    """Return what has to run: web workers, a relay unless it runs elsewhere, and who fetches words."""
    settings: Settings = app.extensions["flexsmt_settings"]
    found = [Part("web", partial(workers.serve, settings))]
    if relay:
        found.append(Part("relay", partial(_command, app, mail.relay)))
    if make_url(settings.database_url).get_backend_name() == "postgresql":
        # Other hosts may publish words, which have to come here too.
        found.append(Part("words", partial(_command, app, words.follow)))
    return found


def _command(app: Flask, command: click.Command) -> None:
    """Run a command as if it had been called by itself."""
    with app.app_context():
        command.main([])


def run(running: list[Part], say: Callable[[str], None], stopping: Event) -> None:
    """Keep the parts running until ``stopping`` is set, then end them."""
    # A starter that has no wish to hear of its children may not take that from this one.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number in _ENDING:
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
    if part.process is not None and part.process.exitcode is not None:
        # What it had started would else go on beside its successor.
        _kill_group(part.process)
        pause = _put_off(part, now)
        say(f"{part.name} ended with status {part.process.exitcode}; starting it again in {pause:.0f} s")
        part.process = None
    if part.process is None and now >= part.not_before:
        part.started = now
        try:
            part.process = _forked(part)
        except OSError as error:
            pause = _put_off(part, now)
            say(f"{part.name} can not be started ({error.strerror}); trying again in {pause:.0f} s")


def _put_off(part: Part, now: float) -> float:
    """Let a part wait, longer each time that it has not run for long; return the seconds."""
    part.early_deaths = part.early_deaths + 1 if now - part.started < _STEADY_SECONDS else 0
    pause = min(2.0**part.early_deaths - 1, _LONGEST_PAUSE_SECONDS)
    part.not_before = now + pause
    return pause


def _forked(part: Part) -> ForkProcess:
    """Start a part in a process of its own; raises ``OSError`` where the system has none left."""
    process = _FORKED.Process(target=_become, args=(part,), name=part.name)
    # A signal that comes before the new process has answers of its own waits for them.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    return process


def _become(part: Part) -> None:
    """Be a part, from the moment of the fork on."""
    # A session and process group of its own: Ctrl-C reaches the supervisor alone, which then ends
    # the parts in order.
    os.setsid()
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        libc.prctl(_PR_SET_NAME, f"flexsmt {part.name}".encode())
        # The kernel ends a part whose supervisor was killed: it would hold the port of the next one.
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    for number in _ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    part.run()


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


def _has_ended(process: ForkProcess, deadline: float) -> bool:
    # Its ``join`` would wait for what it has forked, too.
    while process.exitcode is None and time.monotonic() < deadline:
        time.sleep(0.02)
    return process.exitcode is not None


def _kill_group(process: ForkProcess) -> None:
    """Kill a part with all that it has started; nothing may be left of it."""
    # Some systems answer EPERM, not ESRCH, for a group of which only dead processes are left.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(cast("int", process.pid), signal.SIGKILL)
    # One that has no group yet has started nothing.
    process.kill()
    process.join()
