import io
from pathlib import Path

import pytest
from pyrage import x25519

from flexsmt_site.backup import seal
from flexsmt_site.backup.rules import BackupFault, Damaged

#: More than the library buffers at once, and less.
SIZES = [3, 300_000]
ONE, OTHER = x25519.Identity.generate(), x25519.Identity.generate()


def _sealed(text: bytes, *keys: x25519.Identity) -> bytes:
    sealed = io.BytesIO()
    seal.encrypt(io.BytesIO(text), sealed, seal.recipients([str(key.to_public()) for key in keys]))
    return sealed.getvalue()


def _opened(sealed: bytes, *keys: x25519.Identity) -> bytes:
    opened = io.BytesIO()
    seal.decrypt(io.BytesIO(sealed), opened, keys)
    return opened.getvalue()


@pytest.mark.parametrize("size", SIZES)
def test_each_recipient_alone_can_open_it(size: int) -> None:
    text = b"\x00\xffz" * (size // 3)
    sealed = _sealed(text, ONE, OTHER)

    assert _opened(sealed, ONE) == _opened(sealed, OTHER) == text
    assert seal.is_encrypted(io.BytesIO(sealed))
    assert not seal.is_encrypted(io.BytesIO(text))


def test_nobody_else_can_open_it() -> None:
    with pytest.raises(Damaged, match="not encrypted for this identity"):
        _opened(_sealed(b"text", ONE), OTHER)


@pytest.mark.parametrize("at", [0, 30, 100, -1, -70_000])
def test_a_bit_that_was_changed_is_found(at: int) -> None:
    sealed = bytearray(_sealed(b"x" * 200_000, ONE))
    sealed[at] ^= 1

    with pytest.raises(Damaged):
        _opened(bytes(sealed), ONE)


@pytest.mark.parametrize("length", [0, 10, 150, 65_752, 131_288, -1])
def test_a_file_that_was_cut_off_is_found(length: int) -> None:
    with pytest.raises(Damaged):
        _opened(_sealed(b"x" * 200_000, ONE)[:length], ONE)


@pytest.mark.parametrize("size", SIZES)
def test_a_full_disk_is_never_taken_for_success(size: int) -> None:
    sealed = _sealed(b"x" * size, ONE)
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError, match="No space left"):
        seal.encrypt(io.BytesIO(b"x" * size), full, [ONE.to_public()])
    with Path("/dev/full").open("wb", buffering=0) as full, pytest.raises(OSError, match="No space left"):
        seal.decrypt(io.BytesIO(sealed), full, [ONE])


def test_a_source_that_can_not_be_read_is_an_error_of_its_file() -> None:
    class Broken(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        seal.encrypt(Broken(), io.BytesIO(), [ONE.to_public()])


# Named, as the keys differ between the processes that share the tests out.
@pytest.mark.parametrize(
    "key",
    ["", "age1", str(ONE.to_public())[:-1], str(ONE), "ssh-ed25519 AAAA"],
    ids=["nothing", "a prefix", "cut short", "a private key", "another kind"],
)
def test_a_recipient_that_is_none_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(BackupFault, match="recipient 2 is no public key") as fault:
        seal.recipients([f" {ONE.to_public()} ", key])
    assert len(key) < 5 or key not in str(fault.value)


def test_an_identity_file_is_read_as_age_keygen_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "key.txt"
    file.write_text(f"# created: today\n# public key: {ONE.to_public()}\n{ONE}\n\n{OTHER}\r\n")

    assert [str(key) for key in seal.identities(file)] == [str(ONE), str(OTHER)]


@pytest.mark.parametrize(
    "held", [b"", b"# nothing\n", b"AGE-SECRET-KEY-1\n", b"\xff\xfe", b"age-encryption.org/v1\n"]
)
def test_a_file_without_a_private_key_is_refused_by_name(tmp_path: Path, held: bytes) -> None:
    file = tmp_path / "key.txt"
    file.write_bytes(held)

    with pytest.raises(BackupFault, match=r"key\.txt is no identity file"):
        seal.identities(file)
