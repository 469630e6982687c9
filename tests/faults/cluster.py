"""A PostgreSQL server of a test's own, which may be stopped, crashed and started at will."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import mkdtemp
from typing import LiteralString, Never

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from flexsmt_site import create_app
from flexsmt_site.extensions import db
from flexsmt_site.migrating import upgrade
from tests.conftest import make_settings
from tests.ports import free_port

#: Small files: several clusters then fit on a disk that is made to be filled.
_INITDB = ("-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "--no-sync", "--wal-segsize=1")
_PATIENCE = "120"


class Cluster:
    """One server on a free loopback port, with its files in ``folder``."""

    def __init__(self, folder: Path, programs: Path, *options: str) -> None:
        self.data = folder / "data"
        self.programs = programs
        self.port = free_port()
        own = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        self.options = " ".join(f"-c {name}={value}" for name, value in own.items())
        self.options = " ".join([self.options, *(f"-c {option}" for option in options)])
        self.names = (f"site_{number}" for number in count(1))
        if os.geteuid() == 0:
            shutil.chown(folder, _user())
        self._run("initdb", *_INITDB)

    def start(self) -> None:
        """Start the server, or let it be if it runs."""
        if not self.is_running():
            log = str(self.data.parent / "log")
            self._run("pg_ctl", "-w", "-t", _PATIENCE, "-o", self.options, "-l", log, "start")

    def stop(self, mode: str) -> None:
        """Stop the server: ``fast`` ends it in order, ``immediate`` is a crash."""
        self._run("pg_ctl", "-w", "-t", _PATIENCE, "-m", mode, "stop")

    def is_running(self) -> bool:
        return self._pg("pg_ctl", "status").returncode == 0

    def said(self) -> str:
        """The end of what the server has written to its log."""
        log = self.data.parent / "log"
        return log.read_text("utf-8", "replace")[-100_000:] if log.exists() else ""

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def connect(self, name: str) -> psycopg.Connection:
        return psycopg.connect(self.url(name).replace("+psycopg", ""), autocommit=True, connect_timeout=60)

    def migrate(self, folder: Path) -> None:
        """Make the database that ``database`` copies; ``folder`` is for the site's files meanwhile."""
        with self.connect("postgres") as admin:
            admin.execute("CREATE DATABASE migrated")
        app = create_app(make_settings(folder, DATABASE_URL=self.url("migrated")))
        with app.app_context():
            upgrade()
            db.engine.dispose()

    def move_log(self, folder: Path) -> None:
        """Put what the server writes ahead on another disk."""
        self.stop("fast")
        moved = folder / "pg_wal"
        shutil.copytree(self.data / "pg_wal", moved)
        shutil.rmtree(self.data / "pg_wal")
        (self.data / "pg_wal").symlink_to(moved)
        if os.geteuid() == 0:
            for path in (moved, *moved.rglob("*")):
                shutil.chown(path, _user())
        self.start()

    def database(self) -> "Database":
        """Make an empty, migrated database."""
        made = Database(self, next(self.names))
        made.administer("CREATE DATABASE {} TEMPLATE migrated")
        return made

    def _run(self, program: str, *arguments: str) -> None:
        done = self._pg(program, *arguments)
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}{self.said()}"

    def _pg(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        # PostgreSQL refuses to run as root.
        user = _user() if os.geteuid() == 0 else None
        group = pwd.getpwnam(user).pw_gid if user else None
        command: list[Path | str] = [self.programs / program, "-D", self.data, *arguments]
        return subprocess.run(
            command,
            cwd=self.data.parent,
            user=user,
            group=group,
            extra_groups=[] if user else None,
            capture_output=True,
            text=True,
            check=False,
        )


@dataclass(frozen=True)
class Database:
    """One database of a cluster."""

    cluster: Cluster
    name: str

    @property
    def url(self) -> str:
        return self.cluster.url(self.name)

    def connect(self) -> psycopg.Connection:
        return self.cluster.connect(self.name)

    def administer(self, statement: LiteralString) -> None:
        """Send a statement from outside; ``{}`` in it stands for the database."""
        with self.cluster.connect("postgres") as admin:
            admin.execute(SQL(statement).format(Identifier(self.name)))

    def hang_up(self) -> int:
        """End every connection to the database; returns how many there were."""
        ending = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
        with self.cluster.connect("postgres") as admin:
            return len(admin.execute(ending, [self.name]).fetchall())


@contextmanager
def cluster_in(folder: Path, *options: str) -> Iterator[Cluster]:
    """Run a cluster in ``folder``; nothing of it is left running."""
    made = Cluster(folder, _programs(), *options)
    try:
        made.start()
        yield made
    finally:
        if made.is_running():
            made.stop("immediate")


@contextmanager
def private_cluster(*options: str) -> Iterator[Cluster]:
    """Run a cluster in a folder of its own, which is deleted at the end."""
    # Not pytest's folder: that one is closed to the user who runs the server.
    folder = Path(mkdtemp(prefix="flexsmt-postgres-"))
    try:
        with cluster_in(folder, *options) as made:
            yield made
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    config = shutil.which("pg_config")
    asked = [subprocess.check_output([config, "--bindir"], text=True).strip()] if config else []
    newest_first = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for folder in (*map(Path, asked), *newest_first):
        if (folder / "initdb").exists() and (folder / "pg_ctl").exists():
            return folder
    return lacking("PostgreSQL's own programs (initdb, pg_ctl) are not installed")


def lacking(what: str) -> Never:
    """Skip with a visible reason, or fail where PostgreSQL is required."""
    if os.environ.get("REQUIRE_POSTGRES"):
        pytest.fail(f"REQUIRE_POSTGRES is set, but {what}")
    pytest.skip(what)


def _user() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
