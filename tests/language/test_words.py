"""Words that are published while the site serves: seen at once, everywhere, whole, and with a way back."""

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from flask import Flask

from flexsmt_site import again, create_app, proof
from flexsmt_site.config import Settings
from flexsmt_site.language import packing, releases, words
from tests.consent.device import device, is_asked
from tests.faults.serving import dispose
from tests.ground.visitors import visit
from tests.language.publishing import SKIP, Desk, copied, file_of, publish, skip_link


@pytest.fixture
def workers(app: Flask, settings: Settings) -> Iterator[list[Flask]]:
    """Four web workers of one host."""
    with ExitStack() as stack:
        others = [create_app(settings) for _ in range(3)]
        for other in others:
            stack.callback(dispose, other)
        yield [app, *others]


@pytest.mark.usefixtures("tried_once")
def test_published_words_are_seen_with_the_next_request_in_every_worker(
    workers: list[Flask], desk: Desk
) -> None:
    russian = skip_link(workers[0], "/ru/")
    before = {visit(worker).get("/en/").headers["ETag"] for worker in workers}
    for number in range(3):
        desk.change(f"To the text {number}")
        assert publish(workers[number]).is_new
        assert [skip_link(worker) for worker in workers] == [f"To the text {number}"] * 4
        assert {skip_link(worker, "/ru/") for worker in workers} == {russian}

    after = {visit(worker).get("/en/").headers["ETag"] for worker in workers}
    assert len(before) == len(after) == 1
    assert before != after


def test_every_kind_of_page_follows(lone_app: Flask, desk: Desk) -> None:
    pages = ("", "?x", "contact", "contact?x", "settings", "privacy", "promises", "nothing")
    assert {skip_link(lone_app, f"/en/{page}") for page in pages} == {SKIP}
    desk.change("To the text")
    publish(lone_app)

    assert {skip_link(lone_app, f"/en/{page}") for page in pages} == {"To the text"}


@pytest.mark.usefixtures("tried_once")
def test_the_words_of_mails_follow_also_where_no_request_begins_or_ends(lone_app: Flask, desk: Desk) -> None:
    with lone_app.app_context():
        before = words.at_hand().catalogue("mail", "ru").ugettext("Reference")
        desk.change("Обозначение", "Reference", "ru", "mail")
        published = publish(lone_app)

        assert published.is_new
        assert words.at_hand().catalogue("mail", "ru").ugettext("Reference") == "Обозначение" != before


def test_the_policy_keeps_the_words_of_its_version(lone_app: Flask, desk: Desk) -> None:
    before = _clauses(lone_app)
    desk.change("Biscuits that this site can set", "Cookies that this site can set")
    publish(lone_app)

    for kept in ("flexsmt_policy_fragments", "flexsmt_policy_marked"):
        lone_app.extensions[kept].clear()
    assert _clauses(lone_app) == before


def _clauses(app: Flask) -> str:
    """The clauses as visitors read them, without the marks of what is proven: those of notices go."""
    found = re.search(r'<section class="clause".*</section>', visit(app).get("/en/privacy").text, re.DOTALL)
    assert found
    return re.sub(r' <a class="kept".*?</a>', "", found[0])


@pytest.mark.usefixtures("attentive")
def test_a_request_has_the_same_words_from_its_beginning_to_its_end(lone_app: Flask, desk: Desk) -> None:
    desk.change("To the text")

    def view() -> str:
        first = words.at_hand().catalogue("messages", "en").ugettext(SKIP)
        publish(lone_app)
        return first + "|" + words.at_hand().catalogue("messages", "en").ugettext(SKIP)

    lone_app.add_url_rule("/en/slow", view_func=view)

    assert visit(lone_app).get("/en/slow").text == f"{SKIP}|{SKIP}"
    assert skip_link(lone_app) == "To the text"


@pytest.mark.usefixtures("attentive")
@pytest.mark.parametrize("path", ["/en/", "/en/contact"])
@pytest.mark.parametrize("is_late", [False, True], ids=["before its first word", "after its first word"])
def test_what_is_kept_of_a_page_that_a_release_overtakes_is_kept_for_its_own_words(
    lone_app: Flask, desk: Desk, path: str, *, is_late: bool
) -> None:
    desk.change("To the text")
    overtaking = [publish]

    def overtake() -> None:
        if is_late:
            words.at_hand()
        if overtaking:
            overtaking.pop()(lone_app)

    lone_app.before_request(overtake)
    assert skip_link(lone_app, path) == SKIP
    assert skip_link(lone_app, path) == "To the text"
    file_of(lone_app).unlink()

    assert skip_link(lone_app, path) == SKIP


@pytest.mark.usefixtures("attentive")
def test_a_damaged_file_changes_nothing_but_readiness(
    lone_app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with copied(tmp_path / "desk", monkeypatch) as desk:
        desk.change("To the text")
        publish(lone_app)
    file = file_of(lone_app)
    whole = file.read_bytes()
    assert skip_link(lone_app) == "To the text"
    broken = (b"", whole[:-100], b"x" * 999, whole.replace(b"ru/mail.mo", b"ru/mall.mo"))
    for damaged in broken:
        file.write_bytes(damaged)
        assert skip_link(lone_app) == "To the text"
        answer = visit(lone_app).get("/readyz")
        assert (answer.status_code, answer.json) == (503, {"ready": False, "reason": "catalogues"})
    # Once for each fault, however many requests find it.
    assert 1 < caplog.text.count("words.unreadable") <= len(broken)

    file.write_bytes(whole)
    assert skip_link(lone_app) == "To the text"
    assert visit(lone_app).get("/readyz").status_code == 200


@pytest.mark.usefixtures("attentive")
def test_a_fault_that_passes_is_forgotten_though_the_file_is_the_same(
    lone_app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.change("To the text")
    publish(lone_app)
    assert skip_link(lone_app) == "To the text"
    shelf, stat = words.shelf(lone_app), Path.stat

    def stale(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path.name == words.FILE:
            raise OSError(116, "Stale file handle")
        return stat(path, follow_symlinks=follow_symlinks)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", stale)
        assert skip_link(lone_app) == "To the text"
        assert "Stale file handle" in shelf.fault
    assert skip_link(lone_app) == "To the text"

    assert not shelf.fault


@pytest.mark.usefixtures("attentive", "tried_once")
def test_without_the_file_the_words_of_this_version_are_back(lone_app: Flask, desk: Desk) -> None:
    desk.change("To the text")
    publish(lone_app)
    assert skip_link(lone_app) == "To the text"
    file_of(lone_app).unlink()

    assert skip_link(lone_app) == SKIP


@pytest.mark.usefixtures("attentive")
def test_words_published_on_another_version_are_not_shown(lone_app: Flask) -> None:
    made = {(domain, lang): _mo(lang) for domain in packing.DOMAINS for lang in ("en", "ru")}
    file_of(lone_app).write_bytes(packing.pack(made, proof.version()))
    assert skip_link(lone_app) == "Of another version"
    file_of(lone_app).write_bytes(packing.pack(made, "another"))

    assert skip_link(lone_app) == SKIP
    assert visit(lone_app).get("/readyz").status_code == 200
    with lone_app.app_context():
        (finding,) = releases.findings(lone_app.extensions["flexsmt_settings"])
    assert (finding.level, "another version" in finding.what) == ("warning", True)


def _mo(language: str) -> bytes:
    made, out = Catalog(locale=language), BytesIO()
    made.add(SKIP, "Of another version")
    write_mo(out, made)
    return out.getvalue()


@pytest.mark.promise("P14.2a")
@pytest.mark.usefixtures("tried_once")
def test_a_page_opened_before_a_release_can_still_be_agreed_to(app: Flask, desk: Desk) -> None:
    chooser = device(app)
    screen = re.search(r'name="screen"\s+value="(\w+)"', chooser.get("/en/").text)
    assert screen
    desk.change("Take them all", "Accept all")
    publish(app)
    page = chooser.get("/en/").text
    assert "Take them all" in page
    assert screen[1] not in page

    form = {"decision": "accept", "screen": screen[1], "next": "/en/"}
    assert chooser.client.post("/consent", data=form).status_code == 303
    assert "Accept all" in str(chooser.get("/consent/en/receipt.json").json)
    assert not is_asked(chooser.get("/en/").text)
    desk.change("Accept each and every one", "Accept all")
    publish(app)
    assert not is_asked(chooser.get("/en/").text)
    assert chooser.holds()["consent"].endswith(".1")


@pytest.mark.usefixtures("tried_once")
def test_who_publishes_waits_until_no_worker_says_the_old_words(
    app: Flask, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[tuple[float, bool]] = []

    class Watched:
        def wait(self, seconds: float) -> None:
            waits.append((seconds, file_of(app).exists()))

    monkeypatch.setattr(words, "LOOK_SECONDS", 0.25)
    monkeypatch.setattr(again, "MOMENT_SECONDS", 0.5)
    monkeypatch.setattr(words, "Event", Watched)
    desk.change("To the text")
    publish(app)

    assert waits == [(0.75, True)]
