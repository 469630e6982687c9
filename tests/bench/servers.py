"""Servers of a page, each on a port of its own: the site, a bare application, Flask's hello and nginx."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path

from flask import Flask

from flexsmt_site.config import Settings
from flexsmt_site.operations.workers import flags
from tests.bench import programs
from tests.bench.places import Missing
from tests.ports import free_port

Headers = list[tuple[str, str]]
HELLO, BARE = "tests.bench.hello:app", "tests.bench.bare:app"
#: What answers no visitor, though it stands among those that do.
_RELAY = "flexsmt relay"
#: What each server says for itself.
_OWN = {"date", "server", "connection", "content-length"}
_PROC = Path("/proc/self/smaps_rollup")
_LOADED = """
import gc, {module}
gc.collect()
gc.freeze()
from granian.cli import entrypoint
entrypoint()
"""
_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)

_NGINX = """
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{ worker_connections 256; }}
http {{
    access_log off; sendfile on; tcp_nopush on; open_file_cache max=10; keepalive_requests 1000000000;
    server_tokens off; types {{ }} default_type "";
    client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
    uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
    server {{ listen 127.0.0.1:{port}; root {folder}; location / {{ try_files /page =404; {headers} }} }}
}}
"""


@dataclass(frozen=True)
class Server:
    """A running server and its port."""

    port: int
    process: subprocess.Popen[bytes]

    def cpu(self) -> float:
        """Return the CPU seconds that it has used, with all its processes and threads."""
        return sum(_cpu(number) for number in self.processes())

    def processes(self) -> list[int]:
        """Return all its processes, the eldest first."""
        return _family(self.process.pid)

    def workers(self) -> list[int]:
        """Return the processes that answer: those that have no others below them, but for the relay."""
        return [one for one in self.processes() if not _children(one) and name(one) != _RELAY]


def lacking() -> str:
    """Say what this machine lacks to look into processes; empty where it lacks nothing."""
    return "" if _PROC.exists() else "no Linux, which tells what processes use"


def memory(process: int) -> float:
    """Return the bytes that a process holds, its share of those that it holds with others (PSS)."""
    found = _PSS.search(Path(f"/proc/{process}/smaps_rollup").read_text("ascii"))
    return 1024.0 * int(found[1]) if found else 0.0


def name(process: int) -> str:
    """Return what a process is called; empty when it has ended."""
    try:
        return Path(f"/proc/{process}/comm").read_text("utf-8").rstrip("\n")
    except (FileNotFoundError, ProcessLookupError):
        return ""


@contextmanager
def served(site: Flask, workers: int, *arguments: str) -> Iterator[Server]:
    """Run ``flexsmt serve`` with these arguments until it answers."""
    with programs.served(site, 9, *arguments, WORKERS=str(workers)) as (port, process):
        programs.until(lambda: process.poll() is not None or _is_up(port), "the site does not answer")
        yield Server(port, process)


@contextmanager
def granian(
    site: Flask, target: str, workers: int, answer: Path | None = None, *, loaded: bool = False
) -> Iterator[Server]:
    """Run an application on the site's server with the site's flags; ``answer`` is a bare one's.

    It is loaded by each worker, as granian does by itself, or ``loaded`` before the fork.
    """
    here: Settings = replace(site.extensions["flexsmt_settings"], port=free_port(), workers=workers)
    started = ["-c", _LOADED.format(module=target.partition(":")[0])] if loaded else ["-m", "granian"]
    command = ["env", f"BENCH_ANSWER={answer}", sys.executable, *started, *flags(here), target]
    log = here.data_dir / "granian.log"
    with programs.running(command, log) as process:
        programs.until(lambda: process.poll() is not None or _is_up(here.port), f"{target} does not start")
        if process.poll() is not None:
            raise RuntimeError(log.read_text("utf-8"))
        yield Server(here.port, process)


def freeze(path: Path, headers: Headers, body: bytes) -> None:
    """Write an answer for a bare application to come."""
    sized = [*headers, ("Content-Length", str(len(body)))]
    path.write_text(json.dumps([sized, body.decode("latin-1")]), "utf-8")


@contextmanager
def nginx(folder: Path, headers: Headers, body: bytes) -> Iterator[Server]:
    """Let nginx serve the same bytes with the same headers from a file; raises ``Missing``."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(program).exists():
        raise Missing("nginx is not installed (Debian's package nginx-light)")
    port = free_port()
    (folder / "page").write_bytes(body)
    quoted = [(name, value.replace('"', '\\"')) for name, value in headers if name.lower() != "etag"]
    added = " ".join(f'add_header {name} "{value}";' for name, value in quoted)
    config = folder / "nginx.conf"
    config.write_text(_NGINX.format(folder=folder, port=port, headers=added))
    command = [program, "-c", str(config), "-p", str(folder), "-e", str(folder / "nginx.err")]
    with programs.running(command, folder / "nginx.log") as process:
        programs.until(lambda: process.poll() is not None or programs.answers(port), "nginx does not start")
        if process.poll() is not None:
            raise RuntimeError((folder / "nginx.log").read_text("utf-8"))
        yield Server(port, process)


def fetch(port: int, path: str, headers: Mapping[str, str]) -> tuple[Headers, bytes]:
    """Ask for a page once; returns the headers that are the page's own, and the body."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Host": programs.HOST, **headers})
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise RuntimeError(f"GET {path} was answered {answer.status}")
    return [one for one in answer.getheaders() if one[0].lower() not in _OWN], body


def _is_up(port: int) -> bool:
    """Tell whether an answer comes, be it 404: granian listens before it has loaded its application."""
    try:
        fetch(port, "/", {})
    except RuntimeError:
        return True
    except OSError:
        return False
    return True


def _family(process: int) -> list[int]:
    """Return a process and all that come from it, the eldest first."""
    found = [process]
    for parent in found:
        found += _children(parent)
    return found


def _children(process: int) -> list[int]:
    threads = Path(f"/proc/{process}/task").iterdir()
    return [int(child) for thread in threads for child in (thread / "children").read_text("ascii").split()]


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
