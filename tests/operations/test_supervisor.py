import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event, Thread

import pytest

from flexsmt_site.operations import supervisor
from flexsmt_site.operations.supervisor import Part
from tests.conftest import make_settings

#: Starts a child, writes its process id, and waits; ``{}`` is what either does with SIGTERM.
PARENT = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.{})
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "a").write(str(child.pid) + chr(10))
time.sleep(60)
"""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    kept = [(number, signal.getsignal(number)) for number in SIGNALS]
    yield
    for number, handler in kept:
        signal.signal(number, handler)


def _part(tmp_path: Path, on_term: str) -> Part:
    return Part("web", [sys.executable, "-c", PARENT.format(on_term), str(tmp_path / "pids")])


def _children(tmp_path: Path, count: int) -> list[int]:
    path = tmp_path / "pids"
    _until(lambda: path.exists() and path.read_text().count("\n") >= count)
    return [int(line) for line in path.read_text().split()]


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _is_gone(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    # A killed process whose new parent has not asked for it yet is as good as gone.
    try:
        return status.read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this machine has no /proc")
@pytest.mark.parametrize(("on_term", "words"), [("SIG_IGN", ["web did not end in time"]), ("SIG_DFL", [])])
def test_what_a_part_has_started_ends_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, on_term: str, words: list[str]
) -> None:
    monkeypatch.setattr(supervisor, "_DRAIN_SECONDS", 1.0)
    said: list[str] = []
    stopping = Event()

    def stop_when_started() -> None:
        try:
            _children(tmp_path, 1)
        finally:
            stopping.set()

    stopper = Thread(target=stop_when_started)
    stopper.start()
    supervisor.run([_part(tmp_path, on_term)], said.append, stopping)
    stopper.join()

    (child,) = _children(tmp_path, 1)
    _until(lambda: _is_gone(child))
    assert [text.partition(" and was")[0] for text in said] == words


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="this machine has no /proc")
def test_what_a_part_has_started_ends_before_the_part_is_started_again(tmp_path: Path) -> None:
    stopping = Event()
    part = _part(tmp_path, "SIG_DFL")

    def kill_once() -> None:
        try:
            _children(tmp_path, 1)
            if part.process:
                part.process.kill()
            _children(tmp_path, 2)
        finally:
            stopping.set()

    killer = Thread(target=kill_once)
    killer.start()
    supervisor.run([part], print, stopping)
    killer.join()

    first = _children(tmp_path, 2)[0]
    _until(lambda: _is_gone(first))


def test_under_nohup_a_closed_terminal_changes_nothing() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stopping = Event()
    stopping.set()
    supervisor.run([], print, stopping)

    assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    assert callable(signal.getsignal(signal.SIGTERM))


@pytest.mark.parametrize(
    ("variables", "has_relay", "names"),
    [
        ({}, True, ["web", "relay"]),
        ({}, False, ["web"]),
        ({"DATABASE_URL": "postgresql+psycopg://site@127.0.0.1/site"}, True, ["web", "relay", "words"]),
        ({"DATABASE_URL": "postgresql+psycopg://site@127.0.0.1/site"}, False, ["web", "words"]),
    ],
)
def test_what_runs_on_a_host(
    tmp_path: Path,
    variables: dict[str, str],
    has_relay: bool,  # noqa: FBT001
    names: list[str],
) -> None:
    here = make_settings(tmp_path, **variables)
    assert [part.name for part in supervisor.parts(here, relay=has_relay)] == names
