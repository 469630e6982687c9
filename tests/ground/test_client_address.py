import pytest
from flask import Flask

from flexsmt_site import web
from tests.ground.visitors import visit

PROXY = "127.0.0.1"


def _seen(app: Flask, forwarded: str, remote: str = PROXY) -> str:
    seen: list[str] = []
    app.before_request(lambda: seen.append(str(web.client_address())))
    visit(app).get("/healthz", headers={"X-Forwarded-For": forwarded}, environ_base={"REMOTE_ADDR": remote})
    return seen[0]


class TestWithoutProxies:
    @pytest.mark.parametrize("forged", ["192.0.2.7", "192.0.2.7, 192.0.2.8", "nonsense", ""])
    def test_a_forged_header_changes_nothing(self, lone_app: Flask, forged: str) -> None:
        assert _seen(lone_app, forged, "198.51.100.1") == "198.51.100.1"

    @pytest.mark.parametrize(
        ("remote", "seen"),
        [("::ffff:192.0.2.1", "192.0.2.1"), ("fe80::1%eth0", "fe80::1"), ("", "None"), ("unix:", "None")],
    )
    def test_an_address_is_read_plainly_or_not_at_all(self, lone_app: Flask, remote: str, seen: str) -> None:
        assert _seen(lone_app, "192.0.2.7", remote) == seen

    def test_a_forged_scheme_changes_nothing(self, lone_app: Flask) -> None:
        answer = visit(lone_app).post(
            "/language", data={"language": "ru", "next": "/en/"}, headers={"X-Forwarded-Proto": "https"}
        )

        assert "Secure" not in answer.headers["Set-Cookie"]


class TestBehindOneProxy:
    @pytest.fixture
    def variables(self) -> dict[str, str]:
        return {"TRUSTED_PROXIES": "1"}

    @pytest.mark.parametrize(
        ("header", "seen"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("203.0.113.9, 192.0.2.7", "192.0.2.7"),
            ("", PROXY),
            ("nonsense", "None"),
        ],
    )
    def test_the_last_hop_is_believed_and_no_other(self, lone_app: Flask, header: str, seen: str) -> None:
        assert _seen(lone_app, header) == seen


@pytest.mark.parametrize(
    ("target", "path"),
    [
        *(("/en/", "/en/"), ("/en/?a=b", "/en/?a=b"), ("//evil.example.com", "/"), ("/\\evil", "/")),
        *(("https://evil.example.com", "/"), ("", "/"), ("x", "/"), ("/\n", "/"), ("/\x00", "/")),
    ],
)
def test_a_target_that_leads_off_the_site_is_not_followed(target: str, path: str) -> None:
    assert web.own_path(target, "/") == path
