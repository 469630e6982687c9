"""Programs that benchmarks start: the site as it is served, mail servers, and the sink of Postfix."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flask import Flask

from flexsmt_site.config import ROOT, Settings
from tests.bench.places import Missing
from tests.ports import free_port

#: The site is a production one, and a visitor's browser names it so.
HOST = "www.example.com"
SALES_TO = "en:export@example.com, ru:sales@example.com"
_SINK = "/usr/sbin/smtp-sink"


def until(is_so: Callable[[], bool], complaint: str, seconds: float = 60) -> None:
    """Wait until something is so; raises ``TimeoutError`` with the complaint."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{complaint} within {seconds:.0f} s")
        time.sleep(0.05)


def answers(port: int) -> bool:
    """Tell whether something listens on a port."""
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True


@contextmanager
def running(command: list[str], log: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program; at the end it is asked to stop, and killed if it does not."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FLEXSMT_")}
    environ = plain | {f"FLEXSMT_{name}": value for name, value in variables.items()}
    with log.open("ab") as words:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=words, stderr=words)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def mail_server(folder: Path, port: int, delay: str) -> Iterator[Path]:
    """Run a mail server of ours; gives the file that lists what it took."""
    kept = folder / "taken"
    kept.touch()
    command = [sys.executable, "-m", "tests.bench.mailserver", str(port), delay, str(kept)]
    with running(command, folder / "mailserver.log"):
        until(lambda: answers(port), "the mail server does not start")
        yield kept


@contextmanager
def sink(folder: Path) -> Iterator[int]:
    """Run Postfix's smtp-sink; gives its port. Raises ``Missing``."""
    program = shutil.which("smtp-sink") or _SINK
    if not Path(program).exists():
        raise Missing("smtp-sink is not installed (Debian's package postfix)")
    port = free_port()
    # It refuses to run as root under its own name.
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with running([program, *user, f"127.0.0.1:{port}", "100"], folder / "sink.log") as process:
        until(lambda: answers(port), "smtp-sink does not start")
        with _apart(process):
            yield port


@contextmanager
def _apart(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Give a process a core of its own: on one core or on two its talk with us differs by twice the time."""
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        yield
        return
    os.sched_setaffinity(process.pid, cores[-1:])
    os.sched_setaffinity(0, cores[:-1])
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def production(here: Settings, smtp_port: int) -> dict[str, str]:
    """Return the variables of a production site on the same port, folder and database."""
    return {
        "ENV": "production",
        "BASE_URL": f"https://{HOST}",
        "PORT": str(here.port),
        "DATA_DIR": str(here.data_dir),
        "DATABASE_URL": here.database_url,
        "SMTP_URL": f"smtp+plain://127.0.0.1:{smtp_port}",
        "SALES_TO": SALES_TO,
        "RATE_LIMIT": "100000",
    }


@contextmanager
def served(
    site: Flask, smtp_port: int, *arguments: str, **variables: str
) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """Run ``flexsmt serve`` as in production, on a site's database; gives its port and process."""
    here: Settings = site.extensions["flexsmt_settings"]
    port = free_port()
    given = production(replace(here, port=port), smtp_port) | variables
    log = here.data_dir / "serve.log"
    with running([sys.executable, "-m", "flexsmt_site.cli", "serve", *arguments], log, **given) as serving:
        until(lambda: serving.poll() is not None or answers(port), "the site does not start")
        if serving.poll() is not None:
            raise RuntimeError(log.read_text("utf-8"))
        yield port, serving
