import hashlib
import io
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.backup import archive, files, rules
from flexsmt_site.backup.rules import Damaged, Manifest

MADE = datetime(2026, 11, 22, 10, 15, 30, tzinfo=UTC)
BODIES = {"site.db": b"SQLite" * 3000, "secret": b"s" * 64, "company.toml": b""}


def _packed() -> bytes:
    with TemporaryDirectory() as made:
        folder = Path(made)
        for name, body in BODIES.items():
            (folder / name).write_bytes(body)
            (folder / name).chmod(0o644)
        members = {name: files.measure(folder / name) for name in BODIES}
        out = io.BytesIO()
        archive.pack(folder, Manifest(MADE, "ab" * 32, "sqlite", "0002", members), out)
        return out.getvalue()


WHOLE = _packed()


def _unpacked(held: bytes) -> dict[str, bytes]:
    with TemporaryDirectory() as made:
        archive.unpack(io.BytesIO(held), Path(made))
        return {path.name: path.read_bytes() for path in Path(made).iterdir()}


def _forged(change: Callable[[list[tuple[tarfile.TarInfo, bytes]]], object]) -> bytes:
    """An archive that somebody else has made, with a sum that is right."""
    with tarfile.open(fileobj=io.BytesIO(WHOLE)) as tar:
        held = [(info, (tar.extractfile(info) or io.BytesIO()).read()) for info in tar][:-1]
    change(held)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for info, body in held:
            info.size = len(body)
            tar.addfile(info, io.BytesIO(body))
        info, body = _file("SHA256", hashlib.sha256(out.getvalue()).hexdigest().encode() + b"\n")
        tar.addfile(info, io.BytesIO(body))
    return out.getvalue()


def _file(name: str, body: bytes = b"") -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(body)
    return info, body


def _link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info, b""


def _with_manifest(text: bytes) -> bytes:
    return _forged(lambda held: held.__setitem__(0, _file(rules.MANIFEST, text)))


def test_what_was_packed_is_unpacked_byte_for_byte() -> None:
    assert _unpacked(WHOLE) == BODIES


def test_a_forged_archive_with_nothing_changed_is_a_whole_one() -> None:
    assert _unpacked(_forged(lambda _held: None)) == BODIES


def test_common_programs_can_read_it(tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(WHOLE)) as tar:
        tar.extractall(tmp_path, filter="data")

    assert (tmp_path / "site.db").read_bytes() == BODIES["site.db"]


def test_members_keep_their_modes_and_the_secret_is_its_owners_alone(tmp_path: Path) -> None:
    archive.unpack(io.BytesIO(WHOLE), tmp_path)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}

    assert modes == {"site.db": 0o644, "secret": 0o600, "company.toml": 0o644}


@given(st.integers(min_value=0, max_value=len(WHOLE) * 8 - 1))
def test_a_bit_that_is_changed_anywhere_is_found(bit: int) -> None:
    changed = bytearray(WHOLE)
    changed[bit // 8] ^= 1 << bit % 8

    with pytest.raises(Damaged):
        _unpacked(bytes(changed))


@given(st.integers(min_value=0, max_value=len(WHOLE) - 1))
def test_a_file_that_is_cut_off_anywhere_is_found(length: int) -> None:
    with pytest.raises(Damaged):
        _unpacked(WHOLE[:length])


@given(st.binary(max_size=3 * tarfile.RECORDSIZE))
def test_no_other_file_is_taken_for_a_backup(held: bytes) -> None:
    with pytest.raises(Damaged):
        _unpacked(held)


def test_a_tar_file_of_somebody_else_is_no_backup() -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.addfile(*_file("site.db")[:1])

    with pytest.raises(Damaged):
        _unpacked(out.getvalue())


@pytest.mark.parametrize(
    "member",
    [
        _file("../site.db", b"x"),
        _file("/tmp/site.db", b"x"),
        _file("./secret", b"x"),
        _file("relay.heartbeat", b"x"),
        _file("secret", b"x"),
        _link("site.dump", "/etc/passwd"),
        _link("site.dump", "secret", tarfile.LNKTYPE),
        _link("site.dump", "", tarfile.DIRTYPE),
        _link("site.dump", "", tarfile.FIFOTYPE),
    ],
)
def test_a_member_that_no_backup_holds_is_refused_before_any_is_written(
    tmp_path: Path, member: tuple[tarfile.TarInfo, bytes]
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    with pytest.raises(Damaged, match="holds what no backup"):
        archive.unpack(io.BytesIO(_forged(lambda held: held.append(member))), inner)

    assert [path.name for path in tmp_path.rglob("*")] == ["inner"]


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        (_forged(lambda held: held.pop(0)), "has no manifest"),
        (_forged(list.reverse), "has no manifest"),
        (_forged(list.clear), "sum is missing or wrong"),
        (_with_manifest(b" " * 70_000), "has no manifest"),
        (_with_manifest(b"\xff"), "no archive"),
        (_with_manifest(b"{}"), "not readable"),
        (_forged(lambda held: held.pop()), "other files than it holds"),
        (_forged(lambda held: held.append(_file("processors.toml"))), "other files than it holds"),
        (_forged(lambda held: held.__setitem__(2, _file("secret", b"t" * 64))), "secret in it was changed"),
        (_forged(lambda held: held.__setitem__(2, _file("secret"))), "secret in it was changed"),
    ],
)
def test_a_manifest_and_the_members_have_to_agree(held: bytes, reason: str) -> None:
    with pytest.raises(Damaged, match=reason):
        _unpacked(held)
