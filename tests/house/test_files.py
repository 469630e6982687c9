import hashlib
import re
from pathlib import Path

import pytest

from flexsmt_site.config import ROOT
from tests.house.tree import project_files

LOCKED = sorted((ROOT / "requirements").glob("*.txt"))
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".txt",
    ".html",
    ".css",
    ".js",
    ".po",
    ".csv",
    ".xml",
    ".svg",
    ".ini",
    ".mako",
    "",
}
PAGES = [path for path in project_files() if path.suffix == ".md"]
#: Where packages come from is each machine's own business; so is where its files lie.
REGISTRIES = re.compile(r"pythonhosted|pypi\.org|npmjs|index[-_]url\s*=|extra-index")
MACHINES = re.compile(r"(?<![\w.-])/(?:home|Users|root)/\w|[A-Z]:\\Users")
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#]+)")
MAKE = re.compile(r"(?:`|^)make ([a-z]+)", re.MULTILINE)


def texts() -> dict[str, str]:
    return {
        path.relative_to(ROOT).as_posix(): path.read_text("utf-8")
        for path in project_files()
        if path.suffix in TEXT and path != Path(__file__) and "vendor" not in path.parts
    }


@pytest.mark.parametrize("path", LOCKED, ids=lambda path: path.name)
def test_locked_packages_carry_versions_and_hashes(path: Path) -> None:
    entries = re.split(r"\n(?=[a-z])", path.read_text("utf-8").strip())
    bare = [entry.splitlines()[0] for entry in entries if "==" not in entry or "--hash=sha256:" not in entry]
    assert not bare
    assert not re.search(r"https?://|^-i |index-url|find-links", path.read_text("utf-8"), re.MULTILINE)


def test_no_file_names_a_registry() -> None:
    assert not [name for name, text in texts().items() if REGISTRIES.search(text)]


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    own = re.compile(rf"{MACHINES.pattern}|{re.escape(str(ROOT))}(?=[/\s\"'`])")
    assert not [name for name, text in texts().items() if own.search(text)]


def test_nothing_is_left_to_do_in_the_source() -> None:
    left = re.compile(r"\b(TODO|FIXME|XXX)\b")
    assert not [name for name, text in texts().items() if left.search(text)]


def test_compiled_catalogues_and_data_are_not_committed() -> None:
    made = [
        path for path in project_files() if path.suffix in {".mo", ".pyc", ".db"} or path.parts[-2] == "var"
    ]
    assert not made


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_in_the_documents_lead_somewhere(path: Path) -> None:
    lost = [target for target in LINK.findall(path.read_text("utf-8")) if not (path.parent / target).exists()]
    assert not lost


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_make_commands_in_the_documents_exist(path: Path) -> None:
    known = set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert not set(MAKE.findall(path.read_text("utf-8"))) - known


def test_decision_records_are_numbered_and_short() -> None:
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [record.name[:4] for record in records] == [
        f"{number:04}" for number in range(1, len(records) + 1)
    ]
    assert all(len(record.read_text("utf-8").splitlines()) <= 60 for record in records)


def test_code_names_only_documents_that_exist() -> None:
    named = {
        (name, target)
        for name, text in texts().items()
        if name.endswith(".py")
        for target in re.findall(r"docs/[\w/.-]+\.md", text)
    }
    assert not [(name, target) for name, target in named if not (ROOT / target).is_file()]


def test_the_readme_maps_every_folder() -> None:
    folders = {
        path.relative_to(ROOT).parts[0] for path in project_files() if len(path.relative_to(ROOT).parts) > 1
    }
    mapped = set(re.findall(r"^(\w+)/", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE))
    assert {name for name in folders if not name.startswith(".")} == mapped


@pytest.mark.parametrize("path", sorted((ROOT / "static" / "vendor").iterdir()), ids=lambda path: path.name)
def test_what_others_made_stands_in_the_notice_with_its_sum(path: Path) -> None:
    notice = (ROOT / "NOTICE").read_text("utf-8")
    assert f"static/vendor/{path.name}" in notice
    assert hashlib.sha256(path.read_bytes()).hexdigest() in notice
