"""The headers of every answer: what browsers may do with it, and that they stay with TLS."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flexsmt_site.config import Settings
from flexsmt_site.ledger import keeps

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PERMISSIONS = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
_PASSKEYS = ("publickey-credentials-get", "publickey-credentials-create")
_HSTS = "max-age=31536000"


def permissions(*, opened: bool) -> str:
    """Return the value of ``Permissions-Policy``: all is closed, passkeys too unless ``opened``."""
    closed = (*_PERMISSIONS, *(() if opened else _PASSKEYS))
    return ", ".join([f"{name}=()" for name in closed] + [f"{name}=(self)" for name in _PASSKEYS if opened])


_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": permissions(opened=False),
}


def always(here: Settings) -> dict[str, str]:
    """Return the headers of every answer; over TLS browsers are told to stay with it."""
    return _ALWAYS | ({"Strict-Transport-Security": _HSTS} if here.is_secure else {})


@keeps("P11.1")
def added(app: "WSGIApplication", here: Settings) -> "WSGIApplication":
    """Return ``app`` with the headers of every answer, but for those that an answer has of its own.

    In front of Flask: there each name and value would be checked and copied again for each answer.
    """
    named = [(name.lower(), (name, value)) for name, value in always(here).items()]

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(status: str, own: list[tuple[str, str]], *error: Any) -> Any:  # noqa: ANN401 (as WSGI has it)
            has = {name.lower() for name, _ in own}
            return start_response(status, own + [pair for name, pair in named if name not in has], *error)

        return app(environ, start)

    return answer
