"""The register of cookies and of the purposes they serve, and the only way to set a cookie.

Features declare both downward to here; the banner, the settings page and the policy's table read the
register. Setting a cookie that nobody declared, or that the visitor has not agreed to, raises.
"""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, lru_cache

from flask import Flask, Response, current_app
from flask_babel import LazyString, format_timedelta
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.http import dump_cookie

from flexsmt_site.config import settings
from flexsmt_site.ledger import keeps

#: As many as the consent cookie holds: each is one character of its few bytes.
MOST_PURPOSES = 6
_VERSION_LENGTH = 5
_PLAIN = re.compile(r"[\w.-]*", re.ASCII)
_DECISIONS = "flexsmt_cookie_decisions"


class UndeclaredCookie(LookupError):
    """No feature has declared a cookie of this name."""


class NotConsented(PermissionError):
    """The visitor has not agreed to the purpose that this cookie serves."""


@dataclass(frozen=True)
class Purpose:
    """What cookies are for: ``gives`` says in one sentence what a visitor has of it, and where.

    ``recipients`` names who gets to know what the cookies hold, besides us and the visitor.
    """

    key: str
    title: LazyString
    gives: LazyString
    recipients: tuple[str, ...] = ()


#: Pages work without the cookies of any other purpose, and these are set only on request.
NECESSARY = "necessary"
_NECESSARY = Purpose(
    NECESSARY,
    _l("Necessary"),
    _l("Necessary cookies do what you ask for: they remember your language, or your choice on this page."),
)


@dataclass(frozen=True)
class Cookie:
    """One cookie: ``life`` is None for a session cookie; ``holds`` and ``when`` are for visitors.

    With ``is_prefixed`` browsers over TLS take it from this host alone (``__Host-``).
    """

    name: str
    purpose: str
    life: timedelta | None
    holds: LazyString
    when: LazyString
    path: str = "/"
    is_prefixed: bool = False

    @property
    def life_text(self) -> str:
        """How long the cookie stays, in words and in the visitor's language; exact to the day."""
        if self.life is None:
            return str(_("until the browser is closed"))
        return str(format_timedelta(self.life, granularity="day", threshold=self.life.days))

    @property
    def sent_name(self) -> str:
        """The name by which browsers know it."""
        return f"__Host-{self.name}" if self.is_prefixed and settings().is_secure else self.name

    @property
    def purpose_title(self) -> LazyString:
        """What it is for, in a word."""
        return _purposes[self.purpose].title


@dataclass(frozen=True)
class Register:
    """What consent is asked for: the optional purposes in their order.

    ``version`` changes with anything that a new consent is needed for (purposes, their recipients, their
    cookies' names, paths and lives), and with nothing else: not with the words.
    """

    version: str
    purposes: tuple[Purpose, ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The purposes by their keys."""
        return tuple(purpose.key for purpose in self.purposes)


_purposes: dict[str, Purpose] = {NECESSARY: _NECESSARY}
_declared: dict[str, Cookie] = {}


def declare_purpose(purpose: Purpose) -> None:
    """Put an optional purpose into the register; raises ``ValueError`` when it is one too many."""
    if len(_purposes.keys() - {NECESSARY, purpose.key}) == MOST_PURPOSES:
        raise ValueError(f"purpose {purpose.key}: the consent cookie holds no more than {MOST_PURPOSES}")
    _purposes[purpose.key] = purpose
    register.cache_clear()


def declare(cookie: Cookie) -> None:
    """Put a cookie into the register; declaring the same again changes nothing."""
    if cookie.purpose not in _purposes:
        raise LookupError(
            f"cookie {cookie.name}: no purpose {cookie.purpose!r}; known are {', '.join(_purposes)}"
        )
    _declared[cookie.name] = cookie
    register.cache_clear()


def declared(purpose: str | None = None) -> tuple[Cookie, ...]:
    """Return every declared cookie by name, or those of one purpose."""
    return tuple(
        cookie for _, cookie in sorted(_declared.items()) if purpose is None or cookie.purpose == purpose
    )


def purposes() -> tuple[Purpose, ...]:
    """Return every purpose, the necessary one first."""
    return _NECESSARY, *register().purposes


@cache
@keeps("P14.2a")
def register() -> Register:
    """Return the optional purposes and the version of what they ask for."""
    optional = tuple(purpose for key, purpose in sorted(_purposes.items()) if key != NECESSARY)
    matter = [
        [
            purpose.key,
            sorted(purpose.recipients),
            [[one.name, one.path, one.life and one.life.total_seconds()] for one in declared(purpose.key)],
        ]
        for purpose in optional
    ]
    digest = base64.b32encode(hashlib.sha256(json.dumps(matter).encode()).digest()).decode().lower()
    return Register(digest[:_VERSION_LENGTH], optional)


def decide_by(app: Flask, is_granted: Callable[[str], bool]) -> None:
    """Let ``is_granted`` say whether the visitor of the request has agreed to a purpose."""
    app.extensions[_DECISIONS] = is_granted


def is_granted(purpose: str) -> bool:
    """Tell whether cookies of this purpose may be set and read in this request."""
    return purpose == NECESSARY or bool(current_app.extensions[_DECISIONS](purpose))


@keeps("P2.4", "P5.1", "P5.2")
def put(response: Response, name: str, value: str) -> None:
    """Set a declared cookie: HttpOnly, SameSite=Lax, Secure over TLS.

    Raises ``UndeclaredCookie``, ``NotConsented`` where its purpose was not agreed to, and ``ValueError`` for
    a value that is more than letters, digits, dots, dashes and underscores.
    """
    cookie = _find(name)
    if not is_granted(cookie.purpose):
        raise NotConsented(f"cookie {name!r} serves {cookie.purpose!r}: ask cookies.is_granted() before")
    if not _PLAIN.fullmatch(value):
        raise ValueError(f"cookie {name!r}: {value!r} would have to be quoted")
    attributes = _attributes(cookie.path, cookie.life, secure=settings().is_secure)
    response.headers.add("Set-Cookie", f"{cookie.sent_name}={value}{attributes}")


def remove(response: Response, *names: str) -> None:
    """Take declared cookies from the visitor's device."""
    is_secure = settings().is_secure
    for cookie in map(_find, names):
        attributes = _attributes(cookie.path, timedelta(), secure=is_secure)
        response.headers.add("Set-Cookie", f"{cookie.sent_name}={attributes}")


@lru_cache(maxsize=64)
def _attributes(path: str, life: timedelta | None, *, secure: bool) -> str:
    """Return what stands behind a cookie's value, without ``Expires``: every browser reads ``Max-Age``."""
    written = dump_cookie(
        "", max_age=life, path=path, secure=secure, httponly=True, sync_expires=False, samesite="Lax"
    )
    return written.removeprefix("=")


def _find(name: str) -> Cookie:
    if name not in _declared:
        raise UndeclaredCookie(f"cookie {name!r} is in no feature's privacy.py: declare it there first")
    return _declared[name]
