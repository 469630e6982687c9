"""The register of cookies, and the only way to set one.

Features declare their cookies downward to here; the policy's table and the settings page read the
register. Setting a cookie that nobody declared raises.
"""

from dataclasses import dataclass
from datetime import timedelta

from flask import Response
from flask_babel import LazyString, format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from flexsmt_site.config import settings
from flexsmt_site.ledger import keeps

#: Pages work without the cookies of any purpose but this one, and these are set only on request.
NECESSARY = "necessary"

PURPOSES: dict[str, LazyString] = {
    NECESSARY: _l("Necessary: it does what you asked for"),
}


class UndeclaredCookie(LookupError):
    """No feature has declared a cookie of this name."""


@dataclass(frozen=True)
class Cookie:
    """One cookie: ``life`` is None for a session cookie; ``holds`` and ``when`` are for visitors."""

    name: str
    purpose: str
    life: timedelta | None
    holds: LazyString
    when: LazyString
    path: str = "/"

    @property
    def life_text(self) -> str:
        """How long the cookie stays, in words and in the visitor's language."""
        return str(_("until the browser is closed")) if self.life is None else format_timedelta(self.life)


_declared: dict[str, Cookie] = {}


def declare(cookie: Cookie) -> None:
    """Put a cookie into the register; declaring the same again changes nothing."""
    if cookie.purpose not in PURPOSES:
        raise LookupError(
            f"cookie {cookie.name}: no purpose {cookie.purpose!r}; known are {', '.join(PURPOSES)}"
        )
    _declared[cookie.name] = cookie


def declared() -> tuple[Cookie, ...]:
    """Return every declared cookie by name."""
    return tuple(cookie for _, cookie in sorted(_declared.items()))


@keeps("P5.1", "P5.2")
def put(response: Response, name: str, value: str) -> None:
    """Set a declared cookie: HttpOnly, SameSite=Lax, Secure over TLS.

    Raises ``UndeclaredCookie``.
    """
    cookie = _find(name)
    response.set_cookie(
        name,
        value,
        max_age=cookie.life,
        path=cookie.path,
        httponly=True,
        samesite="Lax",
        secure=settings().is_secure,
    )


def remove(response: Response, name: str) -> None:
    """Take a declared cookie from the visitor's device."""
    cookie = _find(name)
    response.delete_cookie(name, path=cookie.path, httponly=True, samesite="Lax", secure=settings().is_secure)


def _find(name: str) -> Cookie:
    if name not in _declared:
        raise UndeclaredCookie(f"cookie {name!r} is in no feature's privacy.py: declare it there first")
    return _declared[name]
