"""What the choice about cookies weighs on a page that asks for it: markup, style and script."""

import gzip
import re
from collections.abc import Iterator

import brotli

from flexsmt_site.config import LANGUAGES, ROOT
from tests.bench import places
from tests.bench.figures import Benchmark, Limit, Row
from tests.ground.visitors import visit

HTML, STYLE, SCRIPT = Limit(900), Limit(300), Limit(0)
_BANNER = re.compile(r'<section id="consent-banner".*?</section>\s*', re.DOTALL)
_SECTION = re.compile(r"/\* The choice about cookies.*?\n(?=\n/\* )", re.DOTALL)
_SCRIPTS = re.compile(r'<script\b[^>]*\bsrc="([^"]+)"')


def measure() -> Iterator[Row]:
    """Weigh the banner of the home page in each language, and the section of the stylesheet."""
    with places.site(places.SQLITE) as app:
        visitor = visit(app)
        pages = {language: visitor.get(f"/{language}/").text for language in LANGUAGES}
        scripts = {path: visitor.get(path).data for path in _SCRIPTS.findall(pages["en"])}
    for language, page in pages.items():
        banner = _part(_BANNER, page)
        yield Row(f"markup, {language}", packed(banner), "B", HTML, _told(banner, page))
    style = (ROOT / "static" / "css" / "site.css").read_text("utf-8")
    section = _part(_SECTION, style)
    yield Row("style", packed(section), "B", STYLE, _told(section, style))
    own = "".join(name for page in pages.values() for name in _part(_BANNER, page).split("<script")[1:])
    yield Row("script of its own", packed(own), "B", SCRIPT, "without scripts it works as a plain form")
    shared = sum(len(brotli.compress(data)) for data in scripts.values())
    names = ", ".join(path.rpartition("/")[2] for path in scripts) or "none"
    yield Row(
        "scripts of the page that asks", float(shared), "B", None, f"{names}; deferred and kept for a year"
    )


def packed(text: str) -> float:
    """Return the bytes of a text as sent by itself; nothing is nothing."""
    return float(len(brotli.compress(text.encode()))) if text else 0.0


def _part(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if not found:
        raise LookupError(f"nothing like {pattern.pattern} is there any more")
    return found[0]


def _told(part: str, whole: str) -> str:
    """Say what the part weighs otherwise: in another packing, and among what surrounds it."""
    added = packed(whole) - packed(whole.replace(part, ""))
    return (
        f"brotli, by itself; {len(gzip.compress(part.encode()))} B as gzip, {len(part.encode())} B plain; "
        f"adds {added:.0f} B to what it stands in"
    )


BENCHMARK = Benchmark(
    "banner",
    "The choice about cookies",
    "What a page weighs more because it asks for the choice. The figure is the packed size of the part by "
    "itself; among its surroundings, which hold many of the same words, it adds less.",
    measure,
)
