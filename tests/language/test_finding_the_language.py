from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flexsmt_site import create_app, health
from flexsmt_site.config import SettingError
from flexsmt_site.language import geo, service
from tests.conftest import make_settings

RUSSIAN_ADDRESS = "77.88.8.8"
OTHER_ADDRESS = "8.8.8.8"


@pytest.mark.promise("P4.5")
@pytest.mark.parametrize(
    ("address", "header", "expected"),
    [
        (RUSSIAN_ADDRESS, "en", "/ru/"),
        (OTHER_ADDRESS, "en", "/en/"),
        (OTHER_ADDRESS, "ru", "/ru/"),
        ("127.0.0.1", "ru", "/ru/"),
        ("127.0.0.1", "", "/en/"),
        (f"::ffff:{RUSSIAN_ADDRESS}", "", "/ru/"),
        ("no address", "", "/en/"),
    ],
)
def test_the_front_door_sends_on_by_address_then_browser(
    visitor: FlaskClient, address: str, header: str, expected: str
) -> None:
    response = visitor.get("/", headers={"Accept-Language": header}, environ_base={"REMOTE_ADDR": address})

    assert response.status_code == 302
    assert response.headers["Location"] == expected


@pytest.mark.parametrize("path", ["/", "/privacy", "/contact"])
def test_nobody_may_keep_a_redirect_to_a_language(visitor: FlaskClient, path: str) -> None:
    response = visitor.get(path)

    assert response.status_code == 302
    assert response.headers["Cache-Control"] == "private, no-store"
    assert {"Accept-Language", "Cookie"} <= set(response.vary)
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/privacy", "/ru/privacy"),
        ("/contact?product=7&note=%D0%B0%26b+c", "/ru/contact?product=7&note=%D0%B0%26b+c"),
        ("/contact/received/FS-1", "/ru/contact/received/FS-1"),
        ("/?x=1", "/ru/?x=1"),
        ("/settings", "/ru/settings"),
        ("/promises", "/ru/promises"),
    ],
)
def test_a_path_without_its_language_keeps_path_and_query(
    visitor: FlaskClient, asked: str, expected: str
) -> None:
    response = visitor.get(asked, headers={"Accept-Language": "ru"})

    assert (response.status_code, response.headers["Location"]) == (302, expected)


def test_a_line_break_in_the_query_does_not_reach_the_header(visitor: FlaskClient) -> None:
    response = visitor.get("/", environ_overrides={"QUERY_STRING": "a=b\r\nSet-Cookie: x=y"})

    assert response.status_code == 302
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    "path",
    [
        "/de/",
        "/de/privacy",
        "/unknown",
        "/en/unknown",
        "/ru/unknown",
        "/EN/",
        "/en/en/",
        "/en/de/privacy",
    ],
)
def test_an_unknown_page_is_not_found_at_once(visitor: FlaskClient, path: str) -> None:
    assert visitor.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("//evil.example/", "/evil.example/"),
        ("//evil.example/privacy", "/evil.example/privacy"),
        ("/\\evil.example", None),
        ("/\r\nprivacy", None),
    ],
)
def test_no_path_leads_to_another_site(visitor: FlaskClient, path: str, there: str | None) -> None:
    response = visitor.get("/", environ_overrides={"PATH_INFO": path})

    assert response.status_code == (308 if there else 404)
    assert response.headers.get("Location") == there


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_only_readers_are_sent_on(visitor: FlaskClient, method: str) -> None:
    assert getattr(visitor, method)("/privacy", data={"a": "b"}).status_code in (404, 405)


def test_a_head_request_is_sent_on_too(visitor: FlaskClient) -> None:
    assert visitor.head("/privacy").status_code == 302


def test_a_page_with_its_language_asks_neither_address_nor_browser(
    visitor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "for_request", lambda: pytest.fail("the language was looked up"))

    response = visitor.get(
        "/en/", headers={"Accept-Language": "ru"}, environ_base={"REMOTE_ADDR": RUSSIAN_ADDRESS}
    )

    assert response.status_code == 200
    assert b'<html lang="en"' in response.data
    assert "Accept-Language" not in response.vary


@pytest.mark.parametrize(
    ("path", "language"), [("/ru/unknown", "ru"), ("/en/unknown", "en"), ("/unknown", "ru")]
)
def test_an_error_page_has_the_language_of_its_path_or_of_the_visitor(
    visitor: FlaskClient, path: str, language: str
) -> None:
    response = visitor.get(path, headers={"Accept-Language": "ru"})

    assert response.status_code == 404
    assert f'<html lang="{language}"'.encode() in response.data


def test_a_forged_forwarded_address_changes_nothing(visitor: FlaskClient) -> None:
    response = visitor.get(
        "/", headers={"X-Forwarded-For": RUSSIAN_ADDRESS}, environ_base={"REMOTE_ADDR": OTHER_ADDRESS}
    )

    assert response.headers["Location"] == "/en/"


class TestBehindOneProxy:
    @pytest.fixture
    def variables(self) -> dict[str, str]:
        return {"TRUSTED_PROXIES": "1"}

    @pytest.mark.parametrize(
        ("forwarded", "expected"),
        [(RUSSIAN_ADDRESS, "/ru/"), (f"{RUSSIAN_ADDRESS}, {OTHER_ADDRESS}", "/en/"), ("nonsense", "/en/")],
    )
    def test_only_the_hop_that_the_proxy_wrote_counts(
        self, visitor: FlaskClient, forwarded: str, expected: str
    ) -> None:
        response = visitor.get("/", headers={"X-Forwarded-For": forwarded})

        assert response.headers["Location"] == expected


class TestWithTheBrowserFirst:
    @pytest.fixture
    def variables(self) -> dict[str, str]:
        return {"LANGUAGE_ORDER": "browser,ip"}

    @pytest.mark.parametrize(("header", "expected"), [("en", "/en/"), ("", "/ru/"), ("de", "/ru/")])
    def test_the_address_decides_only_where_the_browser_does_not(
        self, visitor: FlaskClient, header: str, expected: str
    ) -> None:
        response = visitor.get(
            "/", headers={"Accept-Language": header}, environ_base={"REMOTE_ADDR": RUSSIAN_ADDRESS}
        )

        assert response.headers["Location"] == expected


def test_a_broken_table_is_refused_at_start_by_name(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mmdb"
    broken.write_bytes(b"no table")

    with pytest.raises(SettingError, match=r"FLEXSMT_GEO_DATABASE is .*broken\.mmdb"):
        create_app(make_settings(tmp_path, GEO_DATABASE=str(broken)))


def test_without_a_table_the_browser_decides_and_the_doctor_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geo, "SHIPPED", tmp_path / "nowhere.mmdb")
    app = create_app(make_settings(tmp_path))

    response = app.test_client().get(
        "/",
        base_url="http://127.0.0.1:8000",
        headers={"Accept-Language": "en"},
        environ_base={"REMOTE_ADDR": RUSSIAN_ADDRESS},
    )
    (finding,) = service.table_findings(app.extensions["flexsmt_settings"])

    assert response.headers["Location"] == "/en/"
    assert finding.level == "error"
    assert "nowhere.mmdb" in finding.what


def test_the_doctor_warns_of_an_old_table(lone_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(geo, "STALE_AFTER", timedelta(days=-10_000))

    (finding,) = service.table_findings(lone_app.extensions["flexsmt_settings"])

    assert (finding.level, bool(finding.mend)) == ("warning", True)
    assert isinstance(finding, health.Finding)


@pytest.mark.promise("P4.5")
def test_the_look_up_stores_nothing_and_asks_nobody(
    visitor: FlaskClient, lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a look-up has opened a connection")

    data_dir: Path = lone_app.extensions["flexsmt_settings"].data_dir
    before = {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()}
    monkeypatch.setattr("socket.socket.connect", refuse)

    answer = visitor.get("/", environ_base={"REMOTE_ADDR": RUSSIAN_ADDRESS})

    assert answer.headers["Location"] == "/ru/"
    assert "Set-Cookie" not in answer.headers
    assert {path: path.read_bytes() for path in data_dir.rglob("*") if path.is_file()} == before
