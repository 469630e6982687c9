import ast

import pytest

from flexsmt_site.config import ROOT
from tests.house.tree import FLOORS, PACKAGE, ROOF, Module, package, room_of


def floor_of(room: str) -> int:
    return FLOORS[room] if room else ROOF


def own_imports(module: Module) -> set[str]:
    return {name for name in module.imports if name.split(".")[0] == PACKAGE}


def test_every_room_has_a_floor_and_every_floor_its_rooms() -> None:
    found = {
        path.stem
        for path in (ROOT / PACKAGE).iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    } | {"migrations"}
    assert found - {"__init__"} == set(FLOORS), "give new rooms a floor in tests/house/tree.py"


@pytest.mark.parametrize("module", package(), ids=lambda module: module.place)
def test_a_module_imports_only_from_lower_floors_or_its_own_folder(module: Module) -> None:
    here = floor_of(module.room)
    wrong = {
        name
        for name in own_imports(module)
        if room_of(name) != module.room and floor_of(room_of(name)) >= max(here, 1)
    }
    assert not wrong, f"{module.place} (floor {here}) reaches for {sorted(wrong)}"


@pytest.mark.parametrize("module", package(), ids=lambda module: module.place)
def test_imports_are_absolute_and_stand_at_the_top(module: Module) -> None:
    relative = [
        node.lineno for node in ast.walk(module.tree) if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not relative, f"relative import in line {relative}"
    inside = [
        node.lineno
        for function in module.functions
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not inside, f"import inside a function in line {inside}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    names = {module.name for module in package()}
    graph = {
        module.name: {name if name in names else name.rpartition(".")[0] for name in own_imports(module)}
        & names
        for module in package()
    }
    # Importing a module runs its package's __init__ first, but that is no import of the module's own.
    while leaves := {name for name, targets in graph.items() if not targets & (graph.keys() - {name})}:
        graph = {name: targets for name, targets in graph.items() if name not in leaves}
    assert not graph, f"these import each other: {sorted(graph)}"


def test_the_roof_stays_low() -> None:
    lines = (ROOT / PACKAGE / "__init__.py").read_text("utf-8").splitlines()
    assert len(lines) <= 60
