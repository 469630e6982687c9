from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from flexsmt_site import clock
from flexsmt_site.outbox import caught, message

HTML = '<p style="color: red">Привет<script>alert(1)</script><img src="https://example.net/x.png"></p>'


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[str], str]:
    def put(subject: str) -> str:
        now = clock.now()
        raw = message.compose(
            message.Draft(subject, "Привет & <b>", HTML),
            sender="Flex SMT <site@example.com>",
            recipient="sales@example.com",
            message_id=message.message_id(subject, "example.com"),
            date=now,
        )
        return caught.keep(tmp_path / "mail", raw, now).stem

    return put


def test_an_empty_catcher_says_so(visitor: FlaskClient) -> None:
    response = visitor.get("/dev/mail")
    assert response.status_code == 200
    assert "No mail has been caught yet" in response.text
    assert "no-store" in response.headers["Cache-Control"]


def test_caught_mails_are_listed_with_subject_and_recipient(
    visitor: FlaskClient, keep: Callable[[str], str]
) -> None:
    name = keep("Обращение FX-1 <b>")
    page = visitor.get("/dev/mail").text
    assert "Обращение FX-1 &lt;b&gt;" in page
    assert "sales@example.com" in page
    assert f"/dev/mail/{name}" in page


def test_a_caught_mail_is_readable(visitor: FlaskClient, keep: Callable[[str], str]) -> None:
    page = visitor.get(f"/dev/mail/{keep('Hello')}").text
    assert "Привет &amp; &lt;b&gt;" in page
    assert "auto-generated" in page
    assert "<script>alert" not in page


def test_the_html_part_may_neither_run_nor_load_anything(
    visitor: FlaskClient, keep: Callable[[str], str]
) -> None:
    response = visitor.get(f"/dev/mail/{keep('Hello')}/html")
    policy = response.headers["Content-Security-Policy"]
    assert "Привет" in response.text
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "img-src" not in policy


@pytest.mark.parametrize("path", ["nothing", "nothing/html", "..%2Fsecret"])
def test_a_mail_that_is_not_there_is_404(visitor: FlaskClient, path: str) -> None:
    assert visitor.get(f"/dev/mail/{path}").status_code == 404


class TestInProduction:
    @pytest.fixture
    def variables(self) -> dict[str, str]:
        return {
            "ENV": "production",
            "BASE_URL": "https://www.example.com",
            "SMTP_URL": "smtps://localhost",
            "SALES_TO": "en:sales@example.com",
        }

    def test_there_is_no_catcher_page(self, lone_app: Flask) -> None:
        assert not [rule for rule in lone_app.url_map.iter_rules() if rule.rule.startswith("/dev/")]
