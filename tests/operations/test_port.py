import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from flexsmt_site.config import ROOT, Settings
from flexsmt_site.operations import supervisor, workers
from tests.browser.live import until
from tests.conftest import make_settings
from tests.faults.victims import environ_of
from tests.ports import free_port

FAMILIES = {"127.0.0.1": socket.AF_INET, "::1": socket.AF_INET6}


@pytest.fixture(params=FAMILIES)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A site on a free port of one of the machine's own addresses."""
    host: str = request.param
    try:
        return make_settings(tmp_path, HOST=host, PORT=str(free_port(host)))
    except OSError as error:
        pytest.skip(f"this machine has no address {host} ({error.strerror})")


@pytest.fixture
def server(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    """The site's web server."""
    command = [sys.executable, "-m", "granian", *workers.flags(settings), "wsgi:app"]
    with (settings.data_dir / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=environ_of(settings), stdout=log, stderr=log)
    try:
        until(lambda: _answers(settings), "the web server does not start", seconds=60)
        yield process
    finally:
        process.terminate()
        process.wait(120)


def _answers(settings: Settings) -> bool:
    try:
        socket.create_connection((settings.host, settings.port), 5).close()
    except OSError:
        return False
    return True


def test_a_free_port_is_free(settings: Settings) -> None:
    supervisor.check_port(settings.host, settings.port)


def test_a_port_is_taken_by_a_web_server_that_would_share_it(
    settings: Settings, server: subprocess.Popen[bytes]
) -> None:
    with socket.socket(FAMILIES[settings.host]) as other:
        # What a second web server does: the kernel lets it, and both get a part of the visitors.
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind((settings.host, settings.port))

    with pytest.raises(supervisor.PortTaken, match=f"port {settings.port} on {settings.host} is taken"):
        supervisor.check_port(settings.host, settings.port)
    assert server.poll() is None
