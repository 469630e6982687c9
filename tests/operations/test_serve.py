import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from flexsmt_site.config import ROOT
from tests.ground.test_cli import flexsmt
from tests.ground.test_settings import PRODUCTION
from tests.operations.revision import set_revision
from tests.ports import free_port

Serve = Callable[..., subprocess.Popen[bytes]]
PATIENCE = 40.0


def _get(port: int, path: str = "/healthz") -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def _until(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            if condition():
                return True
        except OSError:
            pass
        time.sleep(0.1)
    return False


def _children(pid: int) -> dict[str, int]:
    """The parts that a supervisor has started, by name."""
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        _site, is_named, name = Path(f"/proc/{child}/comm").read_text().strip().partition("flexsmt ")
        if is_named:
            found[name] = int(child)
    return found


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def serve(tmp_path: Path, port: int) -> Iterator[Serve]:
    """Start the site; what a test leaves running is ended by its own process id."""
    if not Path("/proc/self/task").is_dir():
        pytest.skip("this machine has no /proc: the parts of a running site can not be seen")
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("FLEXSMT_")}
        environ = {
            **plain,
            "FLEXSMT_DATA_DIR": str(tmp_path),
            "FLEXSMT_PORT": str(port),
            "FLEXSMT_WORKERS": "1",
        }
        command = [sys.executable, "-m", "flexsmt_site.cli", "serve", *arguments]
        with (tmp_path / "log").open("wb") as log:
            started.append(subprocess.Popen(command, cwd=ROOT, env=environ, stdout=log, stderr=log))
        return started[-1]

    yield start
    for process in started:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_it_starts_answers_and_ends_when_it_is_asked_to(
    serve: Serve, tmp_path: Path, port: int, ending: signal.Signals
) -> None:
    process = serve()

    assert _until(lambda: '"mail":"ok"' in _get(port, "/readyz")[1].replace(" ", "")), (
        tmp_path / "log"
    ).read_text()
    status, page = _get(port, "/ru/")
    parts = _children(process.pid)
    assert status == 200
    assert '<html lang="ru">' in page
    assert set(parts) == {"web", "relay"}
    assert f"http://127.0.0.1:{port}/dev/mail" in (tmp_path / "log").read_text()

    process.send_signal(ending)
    assert process.wait(60) == 0
    assert "did not end in time" not in (tmp_path / "log").read_text()
    assert not [name for name, pid in parts.items() if Path(f"/proc/{pid}").exists()]


@pytest.mark.parametrize("name", ["web", "relay"])
def test_a_part_that_is_killed_is_started_again(serve: Serve, tmp_path: Path, port: int, name: str) -> None:
    process = serve()
    assert _until(lambda: _get(port)[0] == 200 and len(_children(process.pid)) == 2)
    before = _children(process.pid)
    os.kill(before[name], signal.SIGKILL)

    assert _until(lambda: _children(process.pid).get(name, before[name]) != before[name])
    assert _until(lambda: _get(port)[0] == 200)
    assert f"{name} ended with status -9; starting it again" in (tmp_path / "log").read_text()
    other = "relay" if name == "web" else "web"
    assert _children(process.pid)[other] == before[other]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has died")
def test_nothing_is_left_of_a_site_whose_supervisor_is_killed(serve: Serve, port: int) -> None:
    process = serve()
    assert _until(lambda: _get(port)[0] == 200 and len(_children(process.pid)) == 2)
    parts = _children(process.pid)

    process.kill()

    assert _until(lambda: not [name for name, pid in parts.items() if Path(f"/proc/{pid}").exists()])
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))


def test_the_relay_can_be_left_out(serve: Serve, port: int) -> None:
    process = serve("--no-relay")

    assert _until(lambda: _get(port)[0] == 200)
    assert set(_children(process.pid)) == {"web"}


def test_a_busy_port_is_an_error_that_names_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        ended = flexsmt(tmp_path, "serve", PORT=str(taken))

    assert ended.returncode == 1
    assert re.search(rf"port {taken} on 127\.0\.0\.1 is taken .* FLEXSMT_PORT", ended.stderr)
    assert "Traceback" not in ended.stderr


def test_production_refuses_to_start_on_an_older_schema_and_names_the_command(
    tmp_path: Path, port: int
) -> None:
    ended = flexsmt(tmp_path, "serve", **PRODUCTION, PORT=str(port))

    assert ended.returncode == 1
    assert "run: flexsmt db upgrade" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("variables", [{}, PRODUCTION])
def test_a_newer_database_is_refused_with_the_way_back(
    tmp_path: Path, sqlite_template: Path, port: int, variables: dict[str, str]
) -> None:
    shutil.copy(sqlite_template, tmp_path / "site.db")
    set_revision(tmp_path, "9999")
    ended = flexsmt(tmp_path, "serve", **variables, PORT=str(port))

    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "made by a newer version (revision 9999); start that version, or restore a backup" in line


@pytest.mark.parametrize("url", ["postgresql+psycopg://x@127.0.0.1:1/x", "sqlite:////nowhere/site.db"])
def test_a_database_that_is_gone_is_one_line_that_names_the_setting(
    tmp_path: Path, port: int, url: str
) -> None:
    ended = flexsmt(tmp_path, "serve", DATABASE_URL=url, PORT=str(port))

    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert "check FLEXSMT_DATABASE_URL" in line
