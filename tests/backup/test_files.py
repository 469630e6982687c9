from pathlib import Path

import pytest

from flexsmt_site.backup import files


def _fail_half_way(path: Path, fault: type[BaseException]) -> None:
    with files.draft(path) as file:
        file.write(b"half")
        raise fault


def test_a_draft_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    with files.draft(tmp_path / "it", 0o640) as file:
        file.write(b"whole")
        assert [path.name for path in tmp_path.iterdir()] == ["it.part"]
        assert (tmp_path / "it.part").stat().st_mode & 0o777 == 0o600

    assert [path.name for path in tmp_path.iterdir()] == ["it"]
    assert (tmp_path / "it").read_bytes() == b"whole"
    assert (tmp_path / "it").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("fault", [OSError, KeyboardInterrupt])
def test_a_draft_that_failed_leaves_nothing_and_what_was_there_before(
    tmp_path: Path, fault: type[BaseException]
) -> None:
    (tmp_path / "it").write_text("before")
    with pytest.raises(fault):
        _fail_half_way(tmp_path / "it", fault)

    assert [path.name for path in tmp_path.iterdir()] == ["it"]
    assert (tmp_path / "it").read_text() == "before"


def test_a_draft_follows_no_link_that_somebody_has_laid(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("theirs")
    (tmp_path / "it.part").symlink_to(tmp_path / "other")
    with pytest.raises(FileExistsError), files.draft(tmp_path / "it"):
        pass

    assert (tmp_path / "other").read_text() == "theirs"


def test_the_working_folder_is_private_and_gone_afterwards(tmp_path: Path) -> None:
    with files.working_folder(tmp_path) as folder:
        (folder / "copy").write_text("personal data")
        assert folder.stat().st_mode & 0o777 == 0o700

    assert [path.name for path in tmp_path.iterdir()] == ["backup.lock"]
