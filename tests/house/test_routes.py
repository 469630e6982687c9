"""Addresses live for years in mails and bookmarks: one that vanishes must redirect.

A new one is written into ``routes.txt``; a line is taken out only together with a redirect and a
line in the changelog.
"""

from pathlib import Path

from flask import Flask

LISTED = Path(__file__).with_name("routes.txt").read_text("utf-8").split("\n")[:-1]


def routes(site: Flask) -> list[str]:
    return sorted(
        f"{method} {rule.rule}"
        for rule in site.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


def test_no_address_has_vanished(site: Flask) -> None:
    assert not set(LISTED) - set(routes(site)), "let it redirect"


def test_every_address_is_listed_once_and_in_order(site: Flask) -> None:
    assert routes(site) == LISTED, "add it to tests/house/routes.txt and to docs/contract.md"
