from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site.language import catalog, words
from tests.language import remembered
from tests.language.publishing import Desk, copied

CODE = """
from flask_babel import gettext as _, lazy_gettext as _l, lazy_ngettext, lazy_pgettext, ngettext

# NOTE: max=20
BUTTON = _l("Send it")
FILE = lazy_pgettext("menu", "File")
COUNT = lazy_ngettext("%(num)s thing", "%(num)s things", 3)
"""
PAGE = """{% extends "x.html" %}
{# NOTE: max=30 #}
<h1>{{ _("A title") }}</h1>
<p>{% trans name=user.name %}
  Hello,
  {{ name }}: 100%
{% endtrans %}</p>
<p>{% trans %}All of 5%{% endtrans %}</p>
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        "flexsmt_site/menu/views.py": CODE,
        "templates/menu/page.html": PAGE,
        "templates/menu/mail/sent/subject.txt": '{{ _("A subject") }}',
        "templates/policy/clauses/p01.html": '<p>{{ _("A clause") }}</p>',
        "templates/policy/page.html": '<p>{{ _("A page") }}</p>',
        "templates/menu/notes.md": '{{ _("Not a template") }}',
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(catalog, "FOLDER", tmp_path / "translations")
    return tmp_path


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    with copied(tmp_path / "desk", monkeypatch) as made:
        yield made


@pytest.fixture
def attentive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers look at the file with every request."""
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)


@pytest.fixture
def tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """To try the same words anew on every page is for tests of what that leaves behind."""
    remembered.trials(monkeypatch)


@pytest.fixture
def run(lone_app: Flask) -> Callable[..., tuple[int, str]]:
    def run(*arguments: str) -> tuple[int, str]:
        result = lone_app.test_cli_runner().invoke(args=arguments)
        return result.exit_code, result.output

    return run
