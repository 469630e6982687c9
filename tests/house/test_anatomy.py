"""Budgets count whole lines. A function's run from ``def`` to its last line: its signature and its
docstring count, its decorators do not.
"""

import ast
import sys
from pathlib import Path

import pytest

from flexsmt_site.config import ROOT
from tests.house.tree import FEATURES, PACKAGE, TEMPLATES, TESTS, Module, package, suite, templates

LONGEST_FILE = 250
LONGEST_FUNCTION = 30
EMPTY_NAMES = {
    "utils",
    "util",
    "helpers",
    "common",
    "core",
    "constants",
    "types",
    "interfaces",
    "misc",
    "base",
}
#: Folders of tests that are about no single feature.
NO_FEATURE = {"house", "ground", "browser", "faults", "teeth", "bench", "deploy"}
#: What rules may lean on: the mark of a promise, and a module of the ground that is as pure as they are.
PURE = {f"{PACKAGE}.ledger.keeps", f"{PACKAGE}.networks"}
RULES_MAY_IMPORT = sys.stdlib_module_names - {"random", "secrets", "time", "socket", "subprocess", "os"}

NAMED = {module.place: module for module in (*package(), *suite())}


def of_kind(filename: str) -> list[str]:
    return [module.place for module in package() if module.path.name == filename]


@pytest.mark.parametrize("place", NAMED)
def test_files_and_functions_keep_to_their_budgets(place: str) -> None:
    module = NAMED[place]
    lines = module.text.count("\n")
    assert lines <= LONGEST_FILE, f"{place} has {lines} lines: one idea a file"
    for function in module.functions:
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        assert length <= LONGEST_FUNCTION, f"{place}:{function.lineno} {function.name} has {length} lines"


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {part for place in NAMED for part in Path(place).with_suffix("").parts}
    assert not names & EMPTY_NAMES


@pytest.mark.parametrize("module", package(), ids=lambda module: module.place)
def test_a_module_begins_with_one_true_sentence(module: Module) -> None:
    words = ast.get_docstring(module.tree) or ""
    assert words.split("\n\n")[0].rstrip().endswith((".", ":")), f"{module.place} says not what it is"


@pytest.mark.parametrize("place", [*of_kind("rules.py"), f"{PACKAGE}/networks.py"])
def test_rules_are_pure(place: str) -> None:
    impure = {
        name
        for name in NAMED[place].imports
        if name.split(".")[0] not in RULES_MAY_IMPORT and name not in PURE
    }
    assert not impure, f"{place} imports {sorted(impure)}: time, chance and data come in as arguments"


@pytest.mark.parametrize("place", of_kind("views.py"))
def test_views_hold_no_sql(place: str) -> None:
    tables = tuple(f"{PACKAGE}.{feature}.models" for feature in FEATURES)
    sql = {
        name
        for name in NAMED[place].imports
        # What the database raises may be turned into a page here; what it holds may not be asked for.
        if (name.split(".")[0] == "sqlalchemy" and not name.startswith("sqlalchemy.exc."))
        or name in (f"{PACKAGE}.extensions.db", f"{PACKAGE}.database.write", f"{PACKAGE}.database")
        or name.startswith(tables)
    }
    assert not sql, f"{place} imports {sorted(sql)}: the service asks the database"


@pytest.mark.parametrize("place", of_kind("models.py"))
def test_models_know_no_other_feature(place: str) -> None:
    module = NAMED[place]
    others = tuple(f"{PACKAGE}.{feature}." for feature in FEATURES if feature != module.room)
    assert not {name for name in module.imports if name.startswith(others)}


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_is_one_docstring_and_init_app(feature: str) -> None:
    tree = NAMED[f"{PACKAGE}/{feature}/__init__.py"].tree
    held = [node for node in tree.body[1:] if not isinstance(node, ast.Import | ast.ImportFrom)]
    assert [getattr(node, "name", "?") for node in held] == ["init_app"]


def test_the_mirrors_of_a_feature_bear_its_name() -> None:
    features = set(FEATURES)
    shown = {path.parts[0] for path in templates()} - {"layout", "parts"}
    assert shown <= features, f"templates of no feature: {sorted(shown - features)}"
    proven = {path.parent.name for path in TESTS.glob("*/test_*.py")} - NO_FEATURE
    assert proven - features == set(), "tests of no feature"
    assert features - proven == set(), "features without tests/<feature>/"


def test_templates_and_tests_stand_outside_the_package() -> None:
    inside = [
        path
        for path in (ROOT / PACKAGE).rglob("*")
        if path.suffix == ".html" or path.name.startswith("test_")
    ]
    assert not inside
    assert TEMPLATES.parent == ROOT
