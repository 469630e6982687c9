import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import nodes

from tests.house.tree import TEMPLATES, templates

HTML = [path for path in templates() if path.suffix == ".html"]
#: What browsers show; a mail's HTML carries its style along, which is inlined when it is written.
SHOWN = [path for path in HTML if "mail" not in path.parts]
MAILS = sorted({path.parent for path in templates() if len(path.parts) > 2 and path.parts[1] == "mail"})
JINJA = re.compile(r"\{%.*?%\}|\{#.*?#\}|\{\{.*?\}\}", re.DOTALL)


class Tags(HTMLParser):
    """Every start tag of a template with its attributes, Jinja's own signs left out."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(JINJA.sub("", (TEMPLATES / path).read_text("utf-8")))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))


@pytest.mark.parametrize("path", templates(), ids=str)
def test_a_template_compiles(site: Flask, path: Path) -> None:
    site.jinja_env.get_template(path.as_posix())


@pytest.mark.parametrize("path", HTML, ids=str)
def test_a_page_has_a_title(site: Flask, path: Path) -> None:
    tree = site.jinja_env.parse((TEMPLATES / path).read_text("utf-8"))
    if tree.find(nodes.Extends):
        assert "title" in {block.name for block in tree.find_all(nodes.Block)}, "give it a title block"


@pytest.mark.parametrize("path", [path for path in HTML if path.name.startswith("_")], ids=str)
def test_a_partial_has_the_name_of_its_root(path: Path) -> None:
    _tag, attributes = Tags(path).found[0]
    assert attributes.get("id") == path.stem.removeprefix("_").replace("_", "-")


@pytest.mark.parametrize("folder", MAILS, ids=str)
def test_a_mail_has_three_parts(folder: Path) -> None:
    assert {path.name for path in templates() if path.parent == folder} == {
        "subject.txt",
        "body.txt",
        "body.html",
    }


@pytest.mark.parametrize("path", SHOWN, ids=str)
def test_pages_carry_no_inline_script_or_style(path: Path) -> None:
    for tag, attributes in Tags(path).found:
        assert tag != "style", "style belongs into static/css"
        assert tag != "script" or "src" in attributes, "script belongs into static/js"
        odd = {name for name in attributes if name.startswith(("on", "hx-")) or name == "style"}
        assert not odd, f"<{tag}> has {sorted(odd)}"


@pytest.mark.parametrize("path", HTML, ids=str)
def test_no_template_loads_from_elsewhere(path: Path) -> None:
    for tag, attributes in Tags(path).found:
        for name in ("src", "href", "action", "data-hx-get", "data-hx-post"):
            assert not attributes.get(name, "").startswith(("http:", "https:", "//")), f"<{tag} {name}>"


@pytest.mark.parametrize("path", HTML, ids=str)
def test_nothing_is_called_safe_in_a_template(path: Path) -> None:
    text = (TEMPLATES / path).read_text("utf-8")
    assert not re.search(r"\|\s*safe\b|autoescape\s+false", text)


def test_each_layout_names_its_language() -> None:
    bare = [
        path
        for path in HTML
        for tag, attributes in Tags(path).found
        if tag == "html" and "lang" not in attributes
    ]
    assert not bare
