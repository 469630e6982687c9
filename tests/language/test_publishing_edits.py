"""Edits go live together, pass the gate first, and can be taken back."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import clock, database, pages, proof
from flexsmt_site.language import catalog, edits, making, overlay, releases, standing, trial, words
from flexsmt_site.language.edit_rules import Text
from tests.language import remembered
from tests.language.editing import ANN, BEN, LINK, RUSSIAN, Editors, steps
from tests.language.publishing import SKIP, Desk, copied, publish, skip_link


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)
    remembered.trials(monkeypatch)
    with copied(tmp_path / "desk", monkeypatch) as made:
        yield made


@pytest.fixture
def editors(app: Flask) -> Editors:
    return Editors(app)


def test_chosen_drafts_are_seen_with_the_next_request_and_others_are_not(editors: Editors) -> None:
    draft = editors.save("To the text")
    editors.save("К тексту", text=RUSSIAN)
    russian = skip_link(editors.app, "/ru/")
    published = editors.publish(draft, note="shorter")

    assert published.is_new
    assert [skip_link(editors.app), skip_link(editors.app, "/ru/")] == ["To the text", russian]
    assert editors.states() == [("To the text", "published")]
    assert editors.states(RUSSIAN) == [("К тексту", "draft")]
    with editors.app.app_context():
        (release,) = releases.history()
        assert (release.author, release.note, release.reverts) == (BEN, "shorter", None)
        assert making.ids_of(release) == (draft.id,)
        assert steps(draft.id)[0].release == release.number


def test_plural_forms_go_live_too(editors: Editors) -> None:
    many = Text("messages", "ru", "%(num)d month", "%(num)d months")
    editors.show("%(num)d мес.", "%(num)d месс.", "%(num)d мессс.", text=many)

    with editors.app.test_request_context(), pages.speaking("ru"):
        found = catalog.Catalogue("messages").get_translations()
        assert [found.ungettext(many.msgid, str(many.plural), n) for n in (1, 2, 5)] == [
            "%(num)d мес.",
            "%(num)d месс.",
            "%(num)d мессс.",
        ]


def test_a_newer_edit_replaces_the_one_before(editors: Editors) -> None:
    editors.show("To the text")
    editors.show("To the words")

    assert skip_link(editors.app) == "To the words"
    assert editors.states() == [("To the text", "replaced"), ("To the words", "published")]


def test_publishing_files_keeps_the_edits(editors: Editors, desk: Desk) -> None:
    editors.show("To the text")
    desk.change("К словам", language="ru")
    publish(editors.app)

    assert [skip_link(editors.app), skip_link(editors.app, "/ru/")] == ["To the text", "К словам"]


@pytest.mark.parametrize("wrong", ["To <b>the text", "To the %(text)s", " "])
def test_one_draft_with_an_error_keeps_all_back(editors: Editors, wrong: str) -> None:
    drafts = editors.save("К тексту", text=RUSSIAN), editors.save(wrong)
    with pytest.raises(making.NotPublishable, match=rf"edit {drafts[1].id}, en/messages"):
        editors.publish(*drafts)

    assert editors.live() == {}
    assert skip_link(editors.app) == SKIP
    with editors.app.app_context():
        assert releases.history() == []


def test_what_is_no_draft_any_more_is_not_published(editors: Editors) -> None:
    older = editors.save("To the text")
    newer = editors.save("To the words")
    with pytest.raises(making.NotPublishable, match=f"not the newest draft of a text any more: {older.id}"):
        editors.publish(older)
    with pytest.raises(making.NotPublishable, match=f"not shown to visitors any more: {newer.id}"):
        editors.publish(ended=(newer.id,))


def test_the_words_of_the_policy_wait_for_its_version(editors: Editors) -> None:
    with editors.app.app_context(), pages.speaking("en"):
        text = next(iter(overlay.values("policy", "en").values())).text
    draft = editors.save("Other words", text=text)
    with pytest.raises(making.NotPublishable, match="go live with a version of the site alone"):
        editors.publish(draft)


def test_words_of_which_no_page_can_be_made_are_not_published(editors: Editors) -> None:
    def probe() -> Iterable[str]:
        with editors.app.test_request_context("/en/"), pages.speaking("en"):
            text = editors.app.jinja_env.from_string("{{ _(text) }}").render(text=SKIP)
        if text == "To the void":
            raise ZeroDivisionError("too deep")
        if text == "To the moon":
            yield "too far"

    with editors.app.app_context():
        trial.declare(editors.app, probe)
    for strings, reason in (("To the void", "ZeroDivisionError: too deep"), ("To the moon", "too far")):
        draft = editors.save(strings)
        with pytest.raises(making.NotPublishable, match=reason):
            editors.publish(draft)
    assert editors.live() == {}
    editors.show("To the text")
    assert skip_link(editors.app) == "To the text"


def test_one_text_is_taken_back(editors: Editors) -> None:
    first, second = editors.show("To the text"), editors.show("К тексту", text=RUSSIAN)
    editors.publish(ended=(first.id,))

    assert [skip_link(editors.app), skip_link(editors.app, "/ru/")] == [SKIP, "К тексту"]
    assert editors.live() == {RUSSIAN: second.strings}
    assert editors.states() == [("To the text", "withdrawn")]


def test_what_is_rolled_back_does_not_come_back_with_the_next_release(editors: Editors) -> None:
    editors.show("To the text")
    editors.show("To the words")
    editors.show("К словам", text=RUSSIAN)
    russian = editors.repository(RUSSIAN)[0]
    back = editors.roll_back(1)

    assert (back.number, back.is_new) == (4, True)
    assert [skip_link(editors.app), skip_link(editors.app, "/ru/")] == ["To the text", russian]
    assert editors.states() == [("To the text", "published"), ("To the words", "withdrawn")]
    with editors.app.app_context():
        newest, *_others, oldest = releases.history()
        assert (newest.reverts, newest.sum) == (3, oldest.sum)
    publish(editors.app)
    editors.sync()
    assert [skip_link(editors.app), skip_link(editors.app, "/ru/")] == ["To the text", russian]
    assert editors.roll_back(3).is_new
    assert [skip_link(editors.app), skip_link(editors.app, "/ru/")] == ["To the words", "К словам"]


def test_going_back_to_what_is_in_force_is_no_release(editors: Editors) -> None:
    editors.show("To the text")

    assert editors.roll_back(1) == making.Published(1, is_new=False)
    with pytest.raises(releases.UnknownRelease, match="no release 7"):
        editors.roll_back(7)


def test_a_release_of_another_version_is_made_anew_of_its_edits(
    editors: Editors, monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    editors.show("To the text")
    editors.show("To the words")
    monkeypatch.setattr(proof, "version", lambda: "another")
    desk.change("К словам", language="ru")
    editors.sync()
    editors.roll_back(1)

    assert [skip_link(editors.app), skip_link(editors.app, "/ru/")] == ["To the text", "К словам"]


def test_who_publishes_at_the_same_moment_loses_nothing(
    editors: Editors, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = editors.save("To the text"), editors.save("К тексту", text=RUSSIAN)
    faults = trial.faults
    meanwhile = [second]

    def slowly(raw: bytes) -> Iterator[str]:
        while meanwhile:
            editors.publish(meanwhile.pop())
        return faults(raw)

    monkeypatch.setattr(trial, "faults", slowly)
    editors.publish(first)

    assert editors.live() == {LINK: ("To the text",), RUSSIAN: ("К тексту",)}
    assert [skip_link(editors.app), skip_link(editors.app, "/ru/")] == ["To the text", "К тексту"]


def test_a_draft_that_is_withdrawn_while_it_is_published_is_not_shown(
    editors: Editors, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = editors.save("To the text")
    faults = trial.faults

    def slowly(raw: bytes) -> Iterator[str]:
        with editors.app.app_context(), database.read() as session:
            if standing.get(session, draft.id).state == "draft":
                edits.move(draft.id, "withdrawn", author=ANN, now=clock.now())
        return faults(raw)

    monkeypatch.setattr(trial, "faults", slowly)
    with pytest.raises(making.NotPublishable, match="not the newest draft"):
        editors.publish(draft)
    assert editors.states() == [("To the text", "withdrawn")]


def test_all_drafts_but_the_policys_go_live_by_one_command(editors: Editors) -> None:
    editors.save("To the text")
    editors.save("К тексту", text=RUSSIAN)
    with editors.app.app_context():
        clause = next(one.text for one in edits.list_texts("policy", "en") if "%" not in one.text.msgid)
    editors.save("Other words of the policy", text=clause)
    run = editors.app.test_cli_runner()
    assert "is in force" in run.invoke(args=["catalogs", "publish"]).output
    assert skip_link(editors.app) == SKIP
    done = run.invoke(args=["catalogs", "publish", "--drafts"])

    assert (done.exit_code, "is in force" in done.output) == (0, True), done.output
    assert [skip_link(editors.app), skip_link(editors.app, "/ru/")] == ["To the text", "К тексту"]
    assert editors.states(clause)[0][1] == "draft"
    assert "nothing has changed" in run.invoke(args=["catalogs", "publish", "--drafts"]).output
