import pytest
from flask import Flask

from tests.ground.visitors import OWN, Visitor, visit

FOREIGN = "evil.example.com"


@pytest.mark.parametrize(
    "host",
    [FOREIGN, "127.0.0.1", "127.0.0.1:8001", "127.0.0.1:8000.evil.example.com", "localhost", "", "a b"],
)
@pytest.mark.parametrize(
    ("path", "language"), [("/en/", "en"), ("/ru/contact", "ru"), ("/x", "en"), ("/readyz", "en")]
)
def test_a_foreign_host_is_refused_and_never_repeated(
    visitor: Visitor, host: str, path: str, language: str
) -> None:
    answer = visitor.get(path, headers={"Host": host})

    assert answer.status_code == 400
    assert FOREIGN not in answer.text + str(answer.headers)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert f'<html lang="{language}">' in answer.text


def test_static_files_are_refused_under_a_foreign_host_too(visitor: Visitor) -> None:
    assert visitor.get("/static/x.css", headers={"Host": FOREIGN}).status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "LOCALHOST:8000"])
def test_every_loopback_name_of_the_demo_is_answered(visitor: Visitor, host: str) -> None:
    assert visitor.get("/en/", headers={"Host": host}).status_code == 200


def test_the_host_of_a_request_never_stands_in_a_page(visitor: Visitor) -> None:
    page = visitor.get("/en/", headers={"Host": "localhost:8000", "X-Forwarded-Host": FOREIGN}).text

    assert FOREIGN not in page
    assert "localhost:8000" not in page
    assert f'rel="canonical" href="{OWN}/en/"' in page


def test_load_balancers_may_ask_healthz_by_any_name(visitor: Visitor) -> None:
    assert visitor.get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 200
    assert visitor.get("/healthz/more", headers={"Host": "10.0.0.7"}).status_code == 400


def test_a_request_without_a_host_is_refused(lone_app: Flask) -> None:
    environ = visit(lone_app).get("/en/").request.environ
    seen: list[str] = []
    without = {
        name: value for name, value in environ.items() if name not in ("HTTP_HOST", "werkzeug.request")
    }

    list(lone_app.wsgi_app(without, lambda status, _headers: seen.append(status)))  # type: ignore[arg-type]
    assert seen == ["400 Bad Request"]


def test_only_a_look_at_healthz_may_name_another_host(visitor: Visitor) -> None:
    elsewhere = "http://evil.example.com"

    assert visitor.get("/healthz", base_url=elsewhere).status_code == 200
    assert visitor.post("/healthz", base_url=elsewhere).status_code == 400
