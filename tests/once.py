"""What is the same in the apps of all tests is made once: most tests take no longer than their app."""

from collections.abc import Callable
from functools import lru_cache
from gettext import GNUTranslations
from io import BytesIO
from typing import IO, Any

import brotli
from werkzeug.routing import Rule

_compile_builder = Rule._compile_builder  # noqa: SLF001 (nothing public is slow here)
_parse = GNUTranslations._parse  # noqa: SLF001 (the same)
_builders: dict[tuple[object, ...], Callable[..., tuple[str, str]]] = {}


def spare() -> None:
    """Compile what builds a route's addresses, read a catalogue, and pack a page, each of the same once."""
    Rule._compile_builder = _compiled  # type: ignore[method-assign]  # noqa: SLF001
    GNUTranslations._parse = _take  # type: ignore[assignment,method-assign]  # noqa: SLF001
    brotli.compress = lru_cache(maxsize=256)(brotli.compress)


def _compiled(self: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:  # noqa: FBT001, FBT002 (werkzeug's)
    key = (self.rule, repr(self.defaults), append_unknown)
    if key not in _builders:
        _builders[key] = _compile_builder(self, append_unknown)
    return _builders[key]


def _take(self: GNUTranslations, file: IO[bytes]) -> None:
    vars(self).update(_read(file.read(), getattr(file, "name", "")))


@lru_cache(maxsize=64)
def _read(body: bytes, name: str) -> dict[str, Any]:
    made, file = GNUTranslations(), BytesIO(body)
    file.name = name
    _parse(made, file)
    return vars(made)
