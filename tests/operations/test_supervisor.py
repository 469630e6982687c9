import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest

from flexsmt_site import create_app
from flexsmt_site.operations import supervisor
from flexsmt_site.operations.supervisor import Part
from tests.conftest import make_settings

#: The supervisor has no threads when it forks; a process that runs tests has some.
pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    kept = [(number, signal.getsignal(number)) for number in SIGNALS]
    yield
    for number, handler in kept:
        signal.signal(number, handler)


def _wait_with_a_child(on_term: signal.Handlers, pids: Path) -> None:
    """Start a child, write down its number, and wait; ``on_term`` is what either does with SIGTERM."""
    signal.signal(signal.SIGTERM, on_term)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    with pids.open("a") as numbers:
        numbers.write(f"{child.pid}\n")
    time.sleep(600)


def _part(tmp_path: Path, on_term: str) -> Part:
    return Part("web", partial(_wait_with_a_child, signal.Handlers[on_term], tmp_path / "pids"))


class Rounds(Event):
    """Lets a supervisor look after its parts so many times."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.left = count

    def wait(self, timeout: float | None = None) -> bool:
        self.left -= 1
        if not self.left:
            self.set()
        return super().wait(timeout)


def _children(tmp_path: Path, count: int) -> list[int]:
    path = tmp_path / "pids"
    _until(lambda: path.exists() and path.read_text().count("\n") >= count)
    return [int(line) for line in path.read_text().split()]


def _until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
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
    monkeypatch.setattr(supervisor, "_DRAIN_SECONDS", 1.0 if on_term == "SIG_IGN" else 60.0)
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


def test_a_part_that_is_asked_to_end_while_it_begins_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_DRAIN_SECONDS", 60.0)
    said: list[str] = []
    part = Part("web", partial(time.sleep, 600))
    supervisor.run([part], said.append, Rounds(1))

    assert said == []
    assert part.process
    assert part.process.exitcode == -signal.SIGTERM


def _fail() -> None:
    raise RuntimeError("out of order")


@pytest.mark.parametrize(
    ("run", "status", "words"), [(partial(sys.exit, 3), 3, ""), (_fail, 1, "RuntimeError: out of order")]
)
def test_how_a_part_has_ended_is_said(
    run: Callable[[], object], status: int, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    stopping = Event()

    def say(text: str) -> None:
        said.append(text)
        stopping.set()

    supervisor.run([Part("web", run)], say, stopping)

    assert said == [f"web ended with status {status}; starting it again in 1 s"]
    assert words in capfd.readouterr().err


def test_a_part_that_can_not_be_forked_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    forks = iter([BlockingIOError(errno.EAGAIN, "no process is left"), None])
    fork = os.fork

    def fork_or_fail() -> int:
        if error := next(forks, None):
            raise error
        return fork()

    monkeypatch.setattr(os, "fork", fork_or_fail)
    said: list[str] = []
    stopping = Event()

    def say(text: str) -> None:
        said.append(text)
        if len(said) > 1:
            stopping.set()

    supervisor.run([Part("web", partial(sys.exit, 3))], say, stopping)

    assert said == [
        "web can not be started (no process is left); trying again in 1 s",
        "web ended with status 3; starting it again in 3 s",
    ]
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ()) & set(SIGNALS)


def test_a_starter_that_hears_of_no_child_changes_nothing() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    said: list[str] = []
    stopping = Event()

    def say(text: str) -> None:
        said.append(text)
        stopping.set()

    supervisor.run([Part("web", partial(sys.exit, 3))], say, stopping)

    assert said == ["web ended with status 3; starting it again in 1 s"]


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
    app = create_app(make_settings(tmp_path, **variables))
    assert [part.name for part in supervisor.parts(app, relay=has_relay)] == names
