"""``docs/contract.md`` says what exists, all of it and nothing else."""

import re

import click
import pytest
from flask import Flask

from flexsmt_site import cookies
from flexsmt_site.config import READERS, ROOT

TEXT = (ROOT / "docs" / "contract.md").read_text("utf-8")
CODE = re.compile(r"`([^`]+)`")
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rows(title: str) -> list[list[str]]:
    """The cells of every row in the tables of one section, without their heads."""
    section = TEXT.partition(f"\n## {title}")[2].partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    assert lines, f"docs/contract.md has no table below {title!r}"
    heads = {
        number + offset for number, line in enumerate(lines) if set(line) <= set("|- ") for offset in (-1, 0)
    }
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for number, line in enumerate(lines)
        if number not in heads
    ]


def first_cells(title: str) -> list[str]:
    return [name for row in rows(title) for name in CODE.findall(row[0])]


def spelled(command: str) -> list[str]:
    """``mail relay · status`` is two commands of one group."""
    first, *more = command.split(" · ")
    group = first.rpartition(" ")[0]
    return [first, *(f"{group} {name}".strip() for name in more)]


def commands(group: click.Group, before: str = "") -> set[str]:
    found: set[str] = set()
    context = click.Context(group)
    for name in group.list_commands(context):
        command, full = group.get_command(context, name), f"{before}{name}"
        found |= commands(command, f"{full} ") if isinstance(command, click.Group) else {full}
    return found


def test_every_setting_is_listed_with_its_default() -> None:
    listed = {CODE.findall(row[0])[0]: row[1] for row in rows("Settings")}
    assert set(listed) == set(READERS)
    for name, (_reader, default) in READERS.items():
        shown = default.replace(str(ROOT), "").strip("/") if name == "DATA_DIR" else default
        assert f"`{shown}`" in listed[name] if default else listed[name].startswith("empty"), name


@pytest.mark.usefixtures("site")
def test_every_cookie_is_listed_with_its_life() -> None:
    listed = {name: " ".join(row[1:]) for row in rows("Cookies") for name in CODE.findall(row[0])}
    assert set(listed) == {cookie.name for cookie in cookies.declared()} | {"__Host-consent"}
    for cookie in cookies.declared():
        assert cookie.life is None or f"{cookie.life.days} days" in listed[cookie.name]


def test_every_address_is_listed(site: Flask) -> None:
    listed = [name if " " in name else f"GET {name}" for name in first_cells("Addresses")]
    there = {
        f"{method} {rule.rule.replace('<any(en, ru):lang>', '<lang>')}"
        for rule in site.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert sorted(listed) == sorted(there)


def test_every_command_is_listed(site: Flask) -> None:
    listed = first_cells("Commands")
    ours = {name for command in listed if command.startswith("flexsmt ") for name in spelled(command[8:])}
    assert isinstance(site.cli, click.Group)
    assert ours == commands(site.cli)
    made = {command.removeprefix("make ") for command in listed if command.startswith("make ")}
    assert made == set(re.findall(r"^([a-z]+):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def test_the_documents_name_only_commands_that_exist(site: Flask) -> None:
    assert isinstance(site.cli, click.Group)
    known = commands(site.cli)
    for document in DOCUMENTS:
        for name in re.findall(
            r"(?:^|`|bin/)flexsmt ([a-z]+(?: [a-z-]+)?)", document.read_text("utf-8"), re.MULTILINE
        ):
            assert name in known or name.split()[0] in known, f"{document.name}: flexsmt {name}"


def test_the_documents_name_only_settings_that_exist() -> None:
    for document in DOCUMENTS:
        named = set(re.findall(r"FLEXSMT_([A-Z_]+)", document.read_text("utf-8")))
        assert named <= set(READERS), f"{document.name}: {sorted(named - set(READERS))}"
