from http.cookies import SimpleCookie

import pytest
from flask.testing import FlaskClient

RUSSIAN_ADDRESS = "77.88.8.8"


def test_the_switcher_remembers_for_a_year_and_shows_the_same_page(visitor: FlaskClient) -> None:
    response = visitor.post("/language", data={"language": "ru", "next": "/en/privacy?x=1"})

    assert (response.status_code, response.headers["Location"]) == (303, "/ru/privacy?x=1")
    cookie = SimpleCookie(response.headers["Set-Cookie"])["lang"]
    assert (cookie.value, cookie["max-age"], cookie["path"]) == ("ru", str(365 * 24 * 3600), "/")
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["secure"]


@pytest.mark.promise("P4.5")
def test_after_the_switcher_the_cookie_decides(visitor: FlaskClient) -> None:
    visitor.post("/language", data={"language": "en", "next": "/ru/"})

    response = visitor.get(
        "/", headers={"Accept-Language": "ru"}, environ_base={"REMOTE_ADDR": RUSSIAN_ADDRESS}
    )

    assert response.headers["Location"] == "/en/"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("/en/", "/ru/"),
        ("/en", "/ru"),
        ("/ru/contact", "/ru/contact"),
        ("/en/contact/received/FS-1", "/ru/contact/received/FS-1"),
        ("/en/unknown/%D0%B0?b=%26", "/ru/unknown/%D0%B0?b=%26"),
        ("/privacy", "/ru/"),
        ("/de/", "/ru/"),
        ("/promises.json", "/ru/"),
        ("", "/ru/"),
    ],
)
def test_the_switcher_finds_the_page_in_the_other_language(
    visitor: FlaskClient, asked: str, expected: str
) -> None:
    response = visitor.post("/language", data={"language": "ru", "next": asked})

    assert (response.status_code, response.headers["Location"]) == (303, expected)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/en/",
        "//evil.example/en/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/en\\..\\evil",
        "http:/evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "/en/\r\nSet-Cookie: a=b",
        " //evil.example",
        "en/",
        "/en//evil.example/%0d%0aX: y",
        "/%2f%2fevil.example",
        "/en//evil.example",
        "/en/../../evil.example",
        "/@evil.example",
        "/en/\u2028",
    ],
)
def test_the_switcher_leads_to_no_other_site(visitor: FlaskClient, target: str) -> None:
    response = visitor.post("/language", data={"language": "ru", "next": target})

    assert response.status_code == 303
    assert response.headers["Location"].startswith("/ru/")
    assert response.headers.getlist("Set-Cookie")[0].startswith("lang=ru;")
    assert len(response.headers.getlist("Set-Cookie")) == 1


def test_on_the_contact_page_the_switch_carries_what_was_typed(visitor: FlaskClient) -> None:
    response = visitor.post("/language", data={"language": "ru", "next": "/en/contact", "form_token": "x"})

    assert (response.status_code, response.headers["Location"]) == (307, "/ru/contact")
    assert response.headers["Cache-Control"] == "private, no-store"
    assert response.headers["Set-Cookie"].startswith("lang=ru;")


@pytest.mark.parametrize(
    "target", ["/en/privacy", "/language", "/consent", "/en/", "//evil.example/en/contact"]
)
def test_what_was_typed_is_carried_only_to_a_page_with_a_form(visitor: FlaskClient, target: str) -> None:
    response = visitor.post("/language", data={"language": "ru", "next": target, "form_token": "x"})

    assert response.status_code == 303


@pytest.mark.parametrize("language", ["", "de", "RU", "en ", "../ru", "en,ru"])
def test_an_unknown_language_is_refused_and_nothing_is_remembered(
    visitor: FlaskClient, language: str
) -> None:
    response = visitor.post("/language", data={"language": language, "next": "/en/"})

    assert response.status_code == 422
    assert "Set-Cookie" not in response.headers


def test_another_site_can_not_switch(visitor: FlaskClient) -> None:
    response = visitor.post(
        "/language", data={"language": "ru", "next": "/en/"}, headers={"Origin": "https://evil.example"}
    )

    assert response.status_code == 403
