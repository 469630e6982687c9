import gzip
import re
from pathlib import Path

import brotli
import pytest

from flexsmt_site import assets, create_app
from flexsmt_site.assets import UnknownAsset
from tests.conftest import make_settings
from tests.ground.visitors import Visitor, visit


def _stylesheet(visitor: Visitor) -> str:
    found = re.search(r'href="(/static/css/site\.[0-9a-f]{12}\.css)"', visitor.get("/en/").text)
    assert found
    return found[1]


def test_a_static_file_has_its_hash_in_its_name_and_never_changes(visitor: Visitor) -> None:
    answer = visitor.get(_stylesheet(visitor))

    assert answer.status_code == 200
    assert set(answer.headers["Cache-Control"].split(", ")) == {"max-age=31536000", "public", "immutable"}
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(("encoding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
def test_a_static_file_is_sent_packed(visitor: Visitor, encoding: str, unpack: object) -> None:
    path = _stylesheet(visitor)
    packed = visitor.get(path, headers={"Accept-Encoding": encoding})

    assert packed.headers["Content-Encoding"] == encoding
    assert unpack(packed.data) == visitor.get(path).data  # type: ignore[operator]


@pytest.mark.parametrize(
    "path", ["css/site.css", "css/site.000000000000.css", "../wsgi.py", "%2e%2e/wsgi.py", "css", ""]
)
def test_there_is_nothing_else_under_static(visitor: Visitor, path: str) -> None:
    assert visitor.get(f"/static/{path}").status_code == 404


def test_every_file_that_a_page_names_is_there(visitor: Visitor) -> None:
    pages = "".join(visitor.get(path).text for path in ("/en/", "/ru/contact", "/en/privacy", "/en/nothing"))
    named = set(re.findall(r'"(/static/[^"]+)"', pages))

    assert len(named) == 4
    assert [path for path in named if visitor.get(path).status_code != 200] == []


def test_changed_files_get_other_names_and_unchanged_ones_keep_theirs(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_text("a")
    (source / "b.js").write_text("b")
    before = assets.publish(source, tmp_path / "target")
    (source / "a.css").write_text("c")
    after = assets.publish(source, tmp_path / "target")

    assert before.url("a.css") != after.url("a.css")
    assert before.url("b.js") == after.url("b.js")
    assert (before.folder / before.url("a.css").removeprefix("/static/")).read_text() == "a"


def test_publishing_twice_writes_once(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.css").write_text("a")
    first, second = (assets.publish(source, tmp_path / "target") for _ in range(2))

    assert first == second
    assert len(list((tmp_path / "target").iterdir())) == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnknownAsset, match=r"static/no\.css"):
        assets.Assets(tmp_path, {}).url("no.css")


def test_two_workers_share_the_published_files(tmp_path: Path) -> None:
    first, second = (visit(create_app(make_settings(tmp_path))) for _ in range(2))

    assert _stylesheet(first) == _stylesheet(second)
    assert len(list((tmp_path / "static").iterdir())) == 1
