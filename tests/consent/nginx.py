"""The site behind nginx as ``deploy/nginx.conf`` sets it up, on loopback and in a folder of its own."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Never, Self

import pytest

from flexsmt_site.config import ROOT
from tests.browser.live import LiveSite, until
from tests.ports import free_port

#: Without a port, because nginx passes none on.
HOST = "127.0.0.1"
#: What the shipped file calls the site.
SERVER_NAME = "www.example.com"
#: What each hop says for itself, and the header that tells the test where an answer came from.
_OF_THE_HOP = {"connection", "date", "server", "transfer-encoding", "x-cache"}
#: As they go over the line: a name may come twice.
Headers = tuple[tuple[str, str], ...]
#: Keeps pages for longer than any test counts.
KEPT = {"proxy_cache_valid 200 1s;": "proxy_cache_valid 200 1h;"}
SHIPPED = ROOT / "deploy" / "nginx.conf"
_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def lacking(what: str) -> Never:
    """Skip with a visible reason, or fail where nginx is required."""
    if os.environ.get("REQUIRE_NGINX"):
        pytest.fail(f"REQUIRE_NGINX is set, but {what}")
    pytest.skip(what)


def program() -> str:
    return shutil.which("nginx") or lacking("no program `nginx` is on the path")


@dataclass(frozen=True)
class Asked:
    """A request under the site's own name."""

    path: str
    headers: Headers = ()
    method: str = "GET"
    body: str = ""

    def of(self, port: int) -> "Answered":
        """Ask the server on a port of loopback."""
        connection = HTTPConnection("127.0.0.1", port, timeout=30)
        try:
            connection.putrequest(self.method, self.path, skip_host=True, skip_accept_encoding=True)
            connection.putheader("Host", HOST)
            for name, value in self.headers:
                connection.putheader(name, value.encode("latin-1"))
            if self.body:
                connection.putheader("Content-Type", "application/x-www-form-urlencoded")
                connection.putheader("Content-Length", str(len(self.body)))
            connection.endheaders(self.body.encode() or None)
            response = connection.getresponse()
            headers = [(name.lower(), value) for name, value in response.getheaders()]
            return Answered(response.status, tuple(headers), response.read())
        finally:
            connection.close()


@dataclass(frozen=True)
class Answered:
    """An answer, byte by byte."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        return ", ".join(value for key, value in self.headers if key == name.lower())

    @property
    def cache(self) -> str:
        """What nginx's cache did: HIT, MISS, EXPIRED, BYPASS; empty where it was not asked."""
        return self.header("X-Cache")

    @property
    def said(self) -> tuple[int, list[tuple[str, str]], bytes]:
        """What the site said: all that does not belong to a hop."""
        return self.status, sorted(pair for pair in self.headers if pair[0] not in _OF_THE_HOP), self.body


class ProxiedSite(LiveSite):
    """A site that knows of the proxy in front of it."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.base = f"http://{HOST}"

    def cache_map(self, base: str | None = None) -> str:
        """What `flexsmt consent cache-map` prints, here or under another address."""
        command = [sys.executable, "-m", "flexsmt_site.cli", "consent", "cache-map"]
        environment = self.environment() | {"FLEXSMT_BASE_URL": base or self.base}
        return subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
        ).stdout

    def environment(self) -> dict[str, str]:
        return super().environment() | {"FLEXSMT_TRUSTED_PROXIES": "1"}


class Nginx:
    """Runs while the context is open, with ``changes`` to the shipped text beside what must differ here.

    On ``tls`` it speaks TLS as on port 443, on ``port`` it says the same in plain HTTP, and ``plain`` is
    what port 80 is.
    """

    def __init__(self, upstream: int, cache_map: str, changes: dict[str, str] | None = None) -> None:
        self.program = program()
        # Not pytest's folder: its parents are closed to the workers, which nginx lets run as nobody.
        self.folder = Path(tempfile.mkdtemp(prefix="flexsmt-nginx-"))
        self.folder.chmod(0o755)
        self.port, self.tls, self.plain = free_port(), free_port(), free_port()
        (self.folder / "consent-map.conf").write_text(cache_map, "utf-8")
        _certify(self.folder)
        text = SHIPPED.read_text("utf-8")
        for shipped, own in {**self._own(upstream), **(changes or {})}.items():
            assert text.count(shipped) == 1, f"deploy/nginx.conf does not say {shipped!r} once"
            text = text.replace(shipped, own)
        (self.folder / "nginx.conf").write_text(text, "utf-8")

    def __enter__(self) -> Self:
        own = f"daemon off; pid {self.folder}/pid;"
        command = [self.program, "-e", "stderr", "-c", str(self.folder / "nginx.conf"), "-g", own]
        with (self.folder / "start.log").open("wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            until(self._answers, f"nginx does not answer ({self.folder / 'start.log'})", seconds=120)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(120)
        finally:
            self.process.kill()
            shutil.rmtree(self.folder)

    @property
    def log(self) -> str:
        """What nginx has written about itself and, if so, about visitors."""
        written = (self.folder / "start.log").read_bytes() + (self.folder / "error.log").read_bytes()
        return written.decode("utf-8", "replace")

    def variant(self, *headers: tuple[str, str]) -> str:
        """The variant of a page that nginx finds for a request."""
        return Asked("/.variant", headers).of(self.port).body.decode()

    def kept(self) -> int:
        """How many answers lie in the cache."""
        found = (path for kind in ("pages", "static") for path in (self.folder / kind).rglob("*"))
        return sum(path.is_file() for path in found)

    def _own(self, upstream: int) -> dict[str, str]:
        """What of the shipped text is different here, and two lines that let a test look inside."""
        here = self.folder
        places = "".join(f"{name}_temp_path {here}/{name};\n" for name in _TEMPORARY)
        variant = "location = /.variant { return 200 $consent_variant; }\n"
        told = "add_header X-Cache $upstream_cache_status always;"
        return {
            "error_log /var/log/nginx/error.log warn": f"error_log {here}/error.log warn",
            "error_log /var/log/nginx/error.log emerg": f"{places} error_log {here}/error.log emerg",
            "/var/cache/flexsmt-pages": f"{here}/pages",
            "/var/cache/flexsmt-static": f"{here}/static",
            "inactive=10s": "inactive=1h",
            "/etc/ssl/flexsmt/fullchain.pem": f"{here}/fullchain.pem",
            "/etc/ssl/flexsmt/privkey.pem": f"{here}/privkey.pem",
            "listen 80;": f"listen 127.0.0.1:{self.plain};",
            "listen [::]:80;": "",
            "listen 443 ssl http2;": f"listen 127.0.0.1:{self.port}; listen 127.0.0.1:{self.tls} ssl http2;",
            "listen [::]:443 ssl http2;": variant,
            "proxy_cache pages;": f"proxy_cache pages; {told}",
            "proxy_cache static;": f"proxy_cache static; {told}",
            "server 127.0.0.1:8000;": f"server 127.0.0.1:{upstream};",
        }

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.folder / "start.log").read_text()
        try:
            return bool(self.variant())
        except OSError:
            return False


def _certify(folder: Path) -> None:
    """Make a key, and a certificate that signs itself."""
    openssl = shutil.which("openssl") or lacking("no program `openssl` is on the path")
    make = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    names = ["-subj", f"/CN={SERVER_NAME}", "-addext", f"subjectAltName=DNS:{SERVER_NAME}"]
    files = ["-keyout", f"{folder}/privkey.pem", "-out", f"{folder}/fullchain.pem"]
    subprocess.run([openssl, *make.split(), *names, *files], check=True, capture_output=True)
