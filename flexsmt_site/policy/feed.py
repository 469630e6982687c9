"""The versions of the policy as an Atom feed (RFC 4287), in the language of the page at hand."""

import re
from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from flask import url_for
from flask_babel import gettext as _

from flexsmt_site import pages, web
from flexsmt_site.config import settings
from flexsmt_site.ledger import keeps
from flexsmt_site.policy.rules import Version

TYPE = "application/atom+xml"
_ATOM = "http://www.w3.org/2005/Atom"
_XML = "http://www.w3.org/XML/1998/namespace"
register_namespace("", _ATOM)


@keeps("P14.2")
def write(versions: Sequence[Version]) -> bytes:
    """Return the feed of versions by rising number, at least one; the newest entry comes first."""
    lang = pages.language()
    feed = Element(f"{{{_ATOM}}}feed", {f"{{{_XML}}}lang": lang})
    name = _tag(versions[0], lang)
    _add(feed, "id", name)
    _add(feed, "title", _("Privacy policy: versions"))
    _add(feed, "updated", max(version.published for version in versions).isoformat())
    _add(SubElement(feed, f"{{{_ATOM}}}author"), "name", settings().company.name)
    _link(feed, "self", pages.url("policy.atom", lang), TYPE)
    _link(feed, "alternate", pages.url("policy.versions", lang), "text/html")
    for version in reversed(versions):
        _entry(feed, version, lang, f"{name}:{version.number}")
    indent(feed)
    written: bytes = tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _entry(feed: Element, version: Version, lang: str, name: str) -> None:
    entry = SubElement(feed, f"{{{_ATOM}}}entry")
    _add(entry, "id", name)
    _add(entry, "title", title(version))
    for element in ("published", "updated"):
        # A version never changes once it is published.
        _add(entry, element, version.published.isoformat())
    _link(entry, "alternate", url_for("policy.version", number=version.number), "text/html")
    term = "material" if version.is_material else "editorial"
    SubElement(entry, f"{{{_ATOM}}}category", {"term": term})
    _add(entry, "summary", version.note.get(lang, ""))


def title(version: Version) -> str:
    """Say a version's number and the moment from which it holds."""
    return str(_("Version %(number)s, from %(date)s", number=version.number, date=when(version.effective)))


def when(moment: datetime) -> str:
    """Write out the day on which a version begins or ends; the minute too where that is not its first."""
    is_midnight = (moment.hour, moment.minute) == (0, 0)
    return pages.longdate(moment.date()) if is_midnight else pages.moment(moment)


def _tag(first: Version, lang: str) -> str:
    """Return a tag URI (RFC 4151), of the site's host on the day of the first version."""
    host = re.sub(r"[^a-z0-9.-]", "-", urlsplit(settings().base_url).hostname or "localhost")
    return f"tag:{host},{first.effective:%Y-%m-%d}:policy:{lang}"


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, f"{{{_ATOM}}}{name}").text = text


def _link(parent: Element, rel: str, path: str, kind: str) -> None:
    href = web.absolute_url(path)
    SubElement(parent, f"{{{_ATOM}}}link", {"rel": rel, "type": kind, "href": href})
