"""Words are tried on every page and mail before visitors read them."""

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from itertools import count

import pytest
from flask import Flask, abort, current_app, g
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from flexsmt_site import clock, pages
from flexsmt_site.config import LANGUAGES
from flexsmt_site.editor import drafted, places, probe, visit
from flexsmt_site.language import audit, catalog, gate, overlay, releases, samples, words
from flexsmt_site.language.edit_rules import Strings, Text
from flexsmt_site.language.making import NotPublishable, Signature
from flexsmt_site.language.overlay import Value
from flexsmt_site.language.words import Words
from tests.language.editing import Editors

SKIP = Text("messages", "en", "Skip to the content")
SIGNS = (
    "%",
    "%%",
    "<",
    ">",
    "&",
    "&lt;",
    '"',
    "'",
    "\ue000",
    "\ue001",
    "\ue002",
    "\ue010",
    "\n",
    " ",
    "/",
    "=",
)
_number = count()


class Shape(HTMLParser):
    """Counts tags with the names of their attributes, as another parser than ours reads them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.counted: Counter[tuple[str, ...]] = Counter()
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counted[(tag, *(name for name, _ in attrs))] += 1

    def handle_comment(self, data: str) -> None:
        self.counted[("comment", data)] += 1


@pytest.fixture(autouse=True)
def here(lone_app: Flask) -> Iterator[None]:
    with lone_app.app_context():
        yield


def words_with(text: Text, *strings: str) -> Words:
    return drafted.over(f"tried {next(_number)}", {text: strings})


def faults(text: Text, *strings: str) -> list[str]:
    with words.using(words_with(text, *strings)):
        return list(probe.look())


def shapes(value: Value, found: Words) -> list[Counter[tuple[str, ...]]]:
    """The shape of every page and mail that a text is on."""
    text, made = value.text, []
    for page in places.pages_of((text.domain, text.key)):
        if page in visit.paths():
            made.append(visit.page(page, text.locale, found, found).html)
        else:
            made.append(visit.mail(samples.get(page.removeprefix("mail:")), text.locale, found).html)
    return [Shape(html).counted for html in made]


def passes(value: Value, strings: Strings) -> bool:
    return all(found.level != "error" for found in gate.check(value.entry(strings), audit.glossary()))


@st.composite
def disturbed(draw: st.DrawFn, value: Value) -> Strings:
    """The words of a text with signs put anywhere, and parts of its source."""
    parts = st.sampled_from([*SIGNS, *"aя5", *value.text.msgid.split()])
    made = []
    for string in value.strings:
        for part in draw(st.lists(parts, max_size=4)):
            at = draw(st.integers(0, len(string)))
            string = string[:at] + part + string[at:]  # noqa: PLW2901
        made.append(string)
    return tuple(made)


@pytest.fixture
def shown(here: None) -> list[Value]:  # noqa: ARG001 (the app at hand)
    """Every text that stands on a page or in a mail."""
    every = (overlay.values(domain, lang).values() for domain in catalog.DOMAINS for lang in LANGUAGES)
    return [one for values in every for one in values if places.pages_of((one.text.domain, one.text.key))]


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much])
def test_no_text_that_passes_the_gate_breaks_a_page_or_a_mail(
    shown: list[Value], data: st.DataObject
) -> None:
    value = data.draw(st.sampled_from(shown))
    strings = data.draw(disturbed(value))
    assume(passes(value, strings))

    assert faults(value.text, *strings) == []
    found, shipped = words_with(value.text, *strings), drafted.over("shipped", {})
    assert shapes(value, found) == shapes(value, shipped)


def test_the_words_of_this_version_pass() -> None:
    assert list(probe.look()) == []


def test_a_text_that_can_not_be_filled_in_is_named_with_its_pages() -> None:
    broken = Text("messages", "ru", "Version %(number)s of %(date)s")

    found = faults(broken, "Версия %(nummer)s от %(date)s")

    assert len(found) == len(visit.paths())
    assert found[0] == "/ru/ can not be made of these words (KeyError: 'nummer')"


def test_a_text_that_breaks_the_markup_is_named_with_its_pages() -> None:
    found = faults(SKIP, "Skip</a> to the content")

    assert len(found) == len(visit.paths())
    assert found[0] == "/en/: “Skip to the content” breaks the markup at “</a>”"


def test_a_text_that_ends_its_attribute_is_found() -> None:
    found = faults(Text("messages", "en", "Main pages"), 'Main <a href="x"></a> pages')

    assert found
    assert all("breaks the markup" in fault for fault in found)


def test_what_is_left_of_a_placeholder_is_found() -> None:
    assert "/en/: %(x) is not filled in" in faults(SKIP, "Skip %%(x)s")


def test_a_mail_that_can_not_be_written_is_named() -> None:
    broken = Text("mail", "ru", "Your code to sign in: %(code)s")

    assert faults(broken, "Код: %(kode)s") == [
        "the mail “sign-in” in ru can not be made of these words (KeyError: 'kode')"
    ]


def test_a_page_that_is_answered_with_an_error_is_named(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(lone_app.view_functions, "promises.page", lambda: abort(503))

    assert [fault for fault in probe.look() if "503" in fault] == [
        "/en/promises is answered with 503",
        "/ru/promises is answered with 503",
    ]


def test_the_trial_leaves_the_request_at_hand_as_it_was(lone_app: Flask) -> None:
    own = words_with(SKIP, "Own words")
    with lone_app.test_request_context("/ru/"), pages.speaking("ru"), words.using(own):
        before = dict(vars(g))
        assert list(probe.look()) == []

        assert vars(g) == before
        assert pages.language() == "ru"
        assert words.at_hand() is own


def test_nothing_is_published_that_a_page_can_not_be_made_of(
    lone_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = Editors(lone_app).save("Skip</a>", text=SKIP)
    # As if the gate had let it pass.
    monkeypatch.setattr(gate, "check", lambda *_: [])

    with pytest.raises(NotPublishable, match="/en/privacy: “Skip to the content” breaks"):
        releases.publish_edits(releases.Order((draft.id,)), Signature(clock.now()))

    assert releases.history() == []


def test_a_quote_in_a_text_ends_no_attribute() -> None:
    text = Text("messages", "en", "Main pages")

    assert faults(text, 'The "main" pages') == []
    page = visit.page("/", "en", words_with(text, 'The "main" pages'))
    assert 'aria-label="The &#34;main&#34; pages"' in page.html


def test_a_preview_reads_as_the_words_of_the_project_without_edits() -> None:
    plain = visit.page("/promises", "ru", words.shelf(current_app).shipped)

    assert visit.page("/promises", "ru", drafted.over("project", {})) == plain
