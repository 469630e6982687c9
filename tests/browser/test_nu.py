"""Every page is valid HTML by the Nu checker, with no message filtered out."""

import json
import re
import shutil
import subprocess
import tarfile
from pathlib import Path
from urllib.parse import urlencode

import pytest

from flexsmt_site.config import ROOT
from tests.browser.conftest import lacking
from tests.browser.live import Answer, LiveSite
from tests.browser.scenes import READ
from tests.browser.visitor import LANGUAGES, TYPED

pytestmark = [pytest.mark.browser, pytest.mark.proof]

VERSION = "26.9.27"


@pytest.fixture(scope="module")
def checker() -> Path:
    """The checker's Java archive, fetched once with npm and kept."""
    for program in ("java", "npm"):
        if not shutil.which(program):
            lacking(f"the Nu checker needs `{program}`")
    folder = ROOT / ".cache" / f"vnu-jar-{VERSION}"
    jar = folder / "package" / "build" / "dist" / "vnu.jar"
    if not jar.exists():
        folder.mkdir(parents=True, exist_ok=True)
        fetch = ["npm", "pack", f"vnu-jar@{VERSION}", "--silent", "--pack-destination", str(folder)]
        fetched = subprocess.run(fetch, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
        if fetched.returncode:
            lacking(f"npm does not fetch vnu-jar {VERSION}: {fetched.stderr.strip()[:200]}")
        with tarfile.open(folder / f"vnu-jar-{VERSION}.tgz") as archive:
            archive.extractall(folder, filter="data")
    return jar


def form_data(site: LiveSite, language: str, **typed: str) -> str:
    page = site.ask(f"/{language}/contact").body
    token = re.search(r'name="form_token"\s+value="([^"]+)"', page)
    assert token
    return urlencode({"form_token": token[1], **typed})


def pages(site: LiveSite, language: str) -> dict[str, tuple[int, Answer]]:
    """Fetch every page as the site sends it; each with the status that it should have."""
    prefix, form = f"/{language}", f"/{language}/contact"
    complete = {**TYPED, "country": "RU", "agree": "y", "description": "<b>\n\n& \"'"}
    sent = form_data(site, language, **complete)
    switching = f"{sent}&language={language}"
    received = site.ask(form, body=sent)
    return {
        **{page: (200, site.ask(prefix + page)) for page in READ},
        "received": (200, site.ask(received.location)),
        "wrong": (422, site.ask(form, body=form_data(site, language, city="<Омск> & \"'"))),
        "sent before": (422, site.ask(form, body=sent + "&subject=my-data")),
        "unusable": (422, site.ask(form, body=urlencode({"form_token": "x", **complete}))),
        "switched": (200, site.ask(form, body=switching)),
        "400": (400, site.ask(f"{prefix}/", Host="elsewhere.example")),
        "403": (403, site.ask(form, body="", Origin="https://elsewhere.example")),
        "404": (404, site.ask(f"{prefix}/nowhere")),
        "405": (405, site.ask("/language", **{"Accept-Language": language})),
        "413": (413, site.ask(form, body="description=" + "x" * 70_000)),
        "caught mail": (200, site.ask("/dev/mail", **{"Accept-Language": language})),
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_nu_checker_has_nothing_to_say(
    checker: Path, site: LiveSite, tmp_path: Path, language: str
) -> None:
    found = pages(site, language)
    assert {name: answer.status for name, (_, answer) in found.items()} == {
        name: status for name, (status, _) in found.items()
    }
    for name, (_, answer) in found.items():
        file = re.sub(r"\W+", "-", name).strip("-") or "home"
        (tmp_path / f"{file}.html").write_text(answer.body, "utf-8")

    files = sorted(str(file) for file in tmp_path.glob("*.html"))
    assert len(files) == len(found)
    command = ["java", "-jar", str(checker), "--format", "json", *files]
    run = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)

    messages = json.loads(run.stderr)["messages"]
    assert [f"{Path(m['url']).name}: {m['message']} {m.get('extract', '')}" for m in messages] == []
    assert run.returncode == 0


def test_the_nu_checker_does_find_faults(checker: Path, tmp_path: Path) -> None:
    file = tmp_path / "bad.html"
    file.write_text("<!DOCTYPE html><html lang=en><title>x</title><p><div></p>", "utf-8")

    command = ["java", "-jar", str(checker), "--format", "json", str(file)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert run.returncode != 0
    assert json.loads(run.stderr)["messages"]
