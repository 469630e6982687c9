from collections.abc import Callable
from pathlib import Path


def test_status_says_which_table_decides(run: Callable[..., tuple[int, str]]) -> None:
    status, output = run("language", "status")

    assert status == 0
    assert all(word in output for word in ("russian.mmdb", "IPFire", "CC BY-SA 4.0", "ip, browser"))


def test_build_without_a_source_says_what_to_install(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    status, output = run(
        "language", "build", "--source", str(tmp_path / "none"), "--target", str(tmp_path / "t")
    )

    assert status == 1
    assert "tor-geoipdb" in output
