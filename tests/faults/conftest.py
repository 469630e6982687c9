from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.cluster import Cluster, Database, private_cluster
from tests.faults.serving import Visitors
from tests.outbox.conftest import box, certificate, relay, relay_to, script, server, server_tls

#: The outbox of a test, a maker of relays, and a certificate for localhost.
__all__ = ["box", "certificate", "relay", "relay_to", "script", "server", "server_tls"]


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A server for tests that harm one database of it; one that is stopped belongs to its tests alone."""
    with private_cluster("fsync=off") as made:
        made.migrate(tmp_path_factory.mktemp("migrated"))
        yield made


@pytest.fixture
def database(cluster: Cluster) -> Database:
    return cluster.database()


@pytest.fixture
def visitors(tmp_path: Path) -> Visitors:
    return Visitors(tmp_path / "forms")
