"""The source as the house test reads it: modules, what they import, and the files of the project."""

import ast
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from flexsmt_site.config import ROOT

PACKAGE = "flexsmt_site"
TEMPLATES = ROOT / "templates"
TESTS = ROOT / "tests"

GROUND = {
    *(
        "again",
        "assets",
        "cli",
        "clock",
        "commands",
        "company",
        "config",
        "itself",
        "cookies",
        "database",
        "datamap",
        "environment",
        "extensions",
    ),
    *(
        "events",
        "headers",
        "health",
        "ledger",
        "migrating",
        "migrations",
        "networks",
        "pagecache",
        "pages",
        "postgres",
        "proof",
        "smtp_url",
        "sqlite",
        "terminal",
        "tokens",
        "web",
    ),
}
#: Features by floor; the ground is 0 and the roof, which alone knows all, is above them.
FLOORS = {
    **dict.fromkeys(GROUND, 0),
    **dict.fromkeys(("language", "consent", "outbox"), 1),
    "staff": 2,
    **dict.fromkeys(("home", "policy", "contact"), 3),
    **dict.fromkeys(("inbox", "editor", "promises", "alarm", "backup", "operations", "errors"), 4),
}
FEATURES = sorted(FLOORS.keys() - GROUND)
ROOF = 5

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Module:
    """One Python file of the project."""

    path: Path

    @property
    def place(self) -> str:
        """Its path in the project, for messages."""
        return self.path.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        return self.path.read_text("utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, self.place)

    @property
    def name(self) -> str:
        """The dotted name: ``flexsmt_site.contact.views``."""
        parts = self.path.relative_to(ROOT).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    @property
    def room(self) -> str:
        """The ground module or feature that it belongs to; empty for the roof."""
        return room_of(self.name)

    @property
    def imports(self) -> set[str]:
        """Dotted names of what it imports, as far as it says them: a module, or a name in one."""
        return {name for node in ast.walk(self.tree) for name in imported(node)}

    @property
    def functions(self) -> Iterator[Function]:
        """Every function and method."""
        yield from (node for node in ast.walk(self.tree) if isinstance(node, Function))

    def calls(self, name: str) -> Iterator[ast.Call]:
        """Every call of a function or method of this name."""
        for node in ast.walk(self.tree):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "attr", getattr(node.func, "id", "")) == name
            ):
                yield node


def room_of(name: str) -> str:
    """Return the ground module or feature of a dotted name; empty for the roof."""
    return name.partition(".")[2].partition(".")[0]


def imported(node: ast.AST) -> set[str]:
    """Return the dotted names that one statement imports."""
    if isinstance(node, ast.Import):
        return {alias.name for alias in node.names}
    if isinstance(node, ast.ImportFrom):
        return {f"{node.module}.{alias.name}" for alias in node.names}
    return set()


def _read(folder: Path) -> tuple[Module, ...]:
    return tuple(Module(path) for path in sorted(folder.rglob("*.py")))


@cache
def package() -> tuple[Module, ...]:
    """Return every module of the package but the migrations, which Alembic's template shapes."""
    return tuple(module for module in _read(ROOT / PACKAGE) if "versions" not in module.path.parts)


@cache
def suite() -> tuple[Module, ...]:
    """Return every module of the tests."""
    return _read(TESTS)


@cache
def templates() -> tuple[Path, ...]:
    """Return every template, relative to ``templates/``."""
    return tuple(path.relative_to(TEMPLATES) for path in sorted(TEMPLATES.rglob("*")) if path.is_file())


@cache
def project_files() -> tuple[Path, ...]:
    """Return every file that belongs to the project: what git tracks or would track."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return tuple(path for path in sorted(ROOT.rglob("*")) if path.is_file() and _is_shipped(path))
    command = [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(ROOT / name for name in sorted(set(listed.split("\0")[:-1])) if (ROOT / name).is_file())


def _is_shipped(path: Path) -> bool:
    parts = path.relative_to(ROOT).parts
    made = {"var", "__pycache__"} & set(parts) or path.suffix in {".mo", ".pyc"}
    return not made and not any(part.startswith(".") or part.endswith(".egg-info") for part in parts[:-1])
