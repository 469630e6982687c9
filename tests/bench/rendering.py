"""What a page costs that is made anew, beside Flask that says one word."""

from collections.abc import Iterator

from flexsmt_site.config import LANGUAGES
from tests.bench import calls, hello, places
from tests.bench.calls import Asked, Counts
from tests.bench.figures import Benchmark, Limit, Row

#: A query that no page knows: the kept page is passed by, and all of it is rendered.
_ANEW = "?bench=1"
_PAGES = ("", "privacy", "settings", "promises")
_HTMX = {"HX-Request": "true"}
_PARTS = {
    "a refused choice about cookies": Asked("/consent", {"decision": "reject", "next": "/en/"}, _HTMX),
    "forgotten details": Asked("/en/contact/forget", {"next": "/en/contact"}, _HTMX),
}
_UNCACHED, _CONTACT, _PARTIAL = (Limit(15), 4), (Limit(20), 5), (Limit(3), 6)


def measure(counts: Counts | None = None) -> Iterator[Row]:
    """Measure the pages, the contact form and the partials on a site with SQLite."""
    counts = counts or Counts()
    with places.site(places.SQLITE) as app:
        for name, asked, (limit, goal) in _asked():
            ours, theirs = calls.repeated(app, asked), calls.repeated(hello.app, Asked("/"))
            if not calls.renders(app, ours):
                raise RuntimeError(f"{asked.path} is a kept page")
            yield calls.row(name, calls.compare(ours, theirs, counts), limit, goal)


def _asked() -> Iterator[tuple[str, Asked, tuple[Limit, int]]]:
    for page in _PAGES:
        for language in LANGUAGES:
            yield f"GET /{language}/{page}", Asked(f"/{language}/{page}{_ANEW}"), _UNCACHED
    for language in LANGUAGES:
        yield f"GET /{language}/contact", Asked(f"/{language}/contact"), _CONTACT
    for name, asked in _PARTS.items():
        yield f"HTMX, POST {asked.path}: {name}", asked, _PARTIAL


BENCHMARK = Benchmark(
    "render",
    "Pages made anew",
    """Each page is asked for in a way that passes by the kept ones, and answered in this process; so is an
application of Flask whose only page is the word "hello". What is the same for every visitor of the contact
form and of the parts for HTMX is rendered once in a minute, as it is when the site is used. The figure is
the median of the rounds' ratios of CPU for one request.""",
    measure,
)
