"""Signed tokens, each bound to one purpose: a token made for one thing opens nothing else."""

from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from flexsmt_site.config import settings


class BadToken(ValueError):
    """The token is forged, cut, or made for another purpose."""


def sign(purpose: str, data: dict[str, Any]) -> str:
    """Return ``data`` (JSON values) as signed, URL-safe text."""
    signed = _serializer(purpose).dumps(data)
    return signed if isinstance(signed, str) else signed.decode("ascii")


def read(purpose: str, token: str) -> dict[str, Any]:
    """Return what ``sign`` was given for the same purpose; raises ``BadToken``."""
    try:
        data = _serializer(purpose).loads(token)
    except BadData as error:
        raise BadToken(f"no valid {purpose} token") from error
    if not isinstance(data, dict):
        raise BadToken(f"no valid {purpose} token")
    return data


def _serializer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt=f"flexsmt.{purpose}")
