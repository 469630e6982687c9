from pathlib import Path

import pytest

from flexsmt_site.smtp_url import Security, parse_smtp_url


@pytest.mark.parametrize(
    ("url", "security", "host", "port"),
    [
        ("smtp://mail.example.com", Security.STARTTLS, "mail.example.com", 587),
        ("smtps://mail.example.com", Security.TLS, "mail.example.com", 465),
        ("smtps://mail.example.com:2465/", Security.TLS, "mail.example.com", 2465),
        ("smtp+plain://127.0.0.1:1025", Security.PLAIN, "127.0.0.1", 1025),
        ("smtp+plain://localhost", Security.PLAIN, "localhost", 25),
        ("smtp+plain://[::1]:1025", Security.PLAIN, "::1", 1025),
        ("smtp+plain://mail.example.com?force=1", Security.PLAIN, "mail.example.com", 25),
    ],
)
def test_a_server_is_read_from_its_url(url: str, security: Security, host: str, port: int) -> None:
    target = parse_smtp_url(url)
    assert (target.security, target.host, target.port) == (security, host, port)


def test_user_and_password_are_percent_decoded() -> None:
    target = parse_smtp_url("smtp://site%40example.com:p%2Fw%3A%23@mail.example.com")
    assert (target.user, target.password) == ("site@example.com", "p/w:#")


def test_an_own_authority_is_a_file(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.touch()
    assert parse_smtp_url(f"smtps://mail.example.com?ca={ca}").ca == ca


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://mail.example.com", "smtp://"),
        ("mail.example.com:587", "smtp://"),
        ("smtp://mail.example.com:many", "smtp://"),
        ("smtp://", "%2F"),
        ("smtp://user:sec/ret@mail.example.com", "smtp://"),
        ("smtp://mail.example.com/path", "%2F"),
        ("smtp://mail.example.com?verify=no", "verify"),
        ("smtp://mail.example.com?ca=/nowhere/ca.pem", "does not exist"),
        ("smtp://user@mail.example.com", "both"),
        ("smtp+plain://mail.example.com", "force=1"),
        ("smtp+plain://192.0.2.1:25", "force=1"),
        ("smtp+plain://user:secret@mail.example.com?force=1", "in clear"),
    ],
)
def test_what_is_unclear_or_unsafe_is_refused(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as refused:
        parse_smtp_url(url)
    assert "secret" not in str(refused.value)


def test_the_password_is_not_shown() -> None:
    assert "hunter2" not in repr(parse_smtp_url("smtp://user:hunter2@mail.example.com"))


def test_flask_mail_is_told_the_same() -> None:
    found = parse_smtp_url("smtps://user:hunter2@mail.example.com").as_flask_mail()
    assert (found["MAIL_USE_SSL"], found["MAIL_USE_TLS"], found["MAIL_PASSWORD"]) == (True, False, "hunter2")
