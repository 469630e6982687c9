"""``deploy/Containerfile`` as an engine reads it."""

import json
import shutil
from pathlib import Path

from flexsmt_site.config import ROOT

CONTAINERFILE = ROOT / "deploy" / "Containerfile"


def instructions(name: str) -> list[str]:
    """The arguments of every instruction of this name."""
    lines = CONTAINERFILE.read_text("utf-8").splitlines()
    return [rest for word, _, rest in (line.partition(" ") for line in lines) if word == name]


def copied() -> dict[str, str]:
    """What is copied out of the project, and where to."""
    found: dict[str, str] = {}
    for line in instructions("COPY"):
        *sources, target = line.split()
        if not sources[0].startswith("--from"):
            found |= {one: target if len(sources) == 1 else f"{target}{one}" for one in sources}
    return found


def fill(folder: Path) -> None:
    """Copy as an engine would from a fresh clone."""
    for source, target in copied().items():
        place = folder / target
        place.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
        else:
            shutil.copy(ROOT / source, place)


def health_command() -> list[str]:
    """What asks whether the site is well."""
    (line,) = instructions("HEALTHCHECK")
    found: list[str] = json.loads(line.partition("CMD ")[2])
    return found
