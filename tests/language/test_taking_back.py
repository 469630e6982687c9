"""Drafts, published edits and whole releases are taken back by command, each with a clear word."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from flexsmt_site import clock, database, proof
from flexsmt_site.language import making, releases, words
from flexsmt_site.language.edit_rules import Text
from flexsmt_site.language.models import Step
from tests.language import remembered
from tests.language.editing import BEN, LINK, RUSSIAN, Editors
from tests.language.publishing import SKIP, Desk, copied, skip_link

CLAUSE = Text("policy", "en", "About this policy")


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(words, "LOOK_SECONDS", 0.0)
    remembered.trials(monkeypatch)
    with copied(tmp_path / "desk", monkeypatch) as made:
        yield made


@pytest.fixture
def editors(app: Flask) -> Editors:
    return Editors(app)


def run(editors: Editors, *arguments: str) -> tuple[int, list[str]]:
    result = editors.app.test_cli_runner().invoke(args=["catalogs", *arguments])
    told = [line for line in result.output.splitlines() if not line.startswith("{")]
    return result.exit_code, told


def test_a_draft_is_withdrawn_and_what_visitors_read_stays(editors: Editors) -> None:
    editors.show("To the text")
    editors.save("To the words")

    assert run(editors, "withdraw", "2") == (0, ["edit 2 is withdrawn"])
    assert editors.states() == [("To the text", "published"), ("To the words", "withdrawn")]
    assert skip_link(editors.app) == "To the text"
    with editors.app.app_context():
        assert len(releases.history()) == 1


def test_a_published_edit_is_withdrawn_and_visitors_read_the_file_again(editors: Editors) -> None:
    editors.show("To the text")
    editors.save("К тексту", text=RUSSIAN)

    done = ["edit 1 is withdrawn", "edit 2 is withdrawn", "release 2 is in force"]
    assert run(editors, "withdraw", "1", "2", "1") == (0, done)
    assert editors.live() == {}
    assert editors.states(RUSSIAN) == [("К тексту", "withdrawn")]
    assert skip_link(editors.app) == SKIP


def test_what_can_not_be_withdrawn_is_named_and_nothing_is(editors: Editors) -> None:
    editors.save("To the words")
    editors.save("To the text")
    editors.show("К тексту", text=RUSSIAN)
    policy = editors.save("Our policy", text=CLAUSE)
    with editors.app.app_context(), database.write() as session:
        session.add(Step(edit_id=policy.id, state="published", author=BEN, reason="", taken=clock.now()))
    before = [editors.states(text) for text in (LINK, RUSSIAN, CLAUSE)]
    for number, says in (
        ("99", "Error: there is no edit 99"),
        ("1", "Error: edit 1 has been written over: it can not be withdrawn"),
        (str(policy.id), f"Error: words of the policy change with a version of it alone: {policy.id}"),
    ):
        assert run(editors, "withdraw", "2", "3", number) == (1, [says, "nothing was withdrawn"])

    assert [editors.states(text) for text in (LINK, RUSSIAN, CLAUSE)] == before
    assert run(editors, "withdraw", "2")[0] == 0
    again = ["Error: edit 2 is withdrawn already: it can not be withdrawn", "nothing was withdrawn"]
    assert run(editors, "withdraw", "2") == (1, again)


def test_a_draft_of_the_policy_is_withdrawn(editors: Editors) -> None:
    draft = editors.save("Our policy", text=CLAUSE)

    assert run(editors, "withdraw", str(draft.id)) == (0, [f"edit {draft.id} is withdrawn"])
    assert editors.states(CLAUSE) == [("Our policy", "withdrawn")]


def test_releases_are_listed_and_gone_back_to(editors: Editors, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(editors, "releases") == (0, ["Nothing has been published."])
    editors.show("To the text")
    editors.publish(editors.save("To the words"), editors.save("К тексту", text=RUSSIAN), note="a\x1b[2Jb")
    assert run(editors, "rollback", "1") == (0, ["release 3 is in force, the words of release 1"])
    assert skip_link(editors.app) == "To the text"
    assert run(editors, "rollback", "1") == (0, ["release 3 is in force already: nothing has changed"])
    code, lines = run(editors, "releases")

    assert code == 0
    assert [line.split("UTC  ")[1] for line in lines] == [
        "1 edits  in force  undoes release 2",
        f"2 edits  by member {BEN}  a [2Jb",
        f"1 edits  by member {BEN}",
    ]
    assert [line.split()[0] for line in lines] == ["3", "2", "1"]
    monkeypatch.setattr(proof, "version", lambda: "another")
    assert all("of another version" in line for line in run(editors, "releases")[1])
    assert run(editors, "rollback", "7") == (1, ["Error: there is no release 7", "nothing was changed"])


@pytest.mark.parametrize("arguments", [("withdraw", "0"), ("rollback", str(2**31)), ("withdraw",)])
def test_what_is_no_number_of_a_row_is_refused(editors: Editors, arguments: tuple[str, ...]) -> None:
    assert run(editors, *arguments)[0] == 2


def test_with_all_drafts_the_files_are_judged_as_well(editors: Editors, desk: Desk) -> None:
    editors.save("To the text")
    desk.change("Write to <b>us", "Write to us")
    code, lines = run(editors, "publish", "--drafts")

    assert (code, lines[-1]) == (1, "nothing was published: mend what is said above")
    assert "“Write to us”" in lines[0]
    assert editors.states() == [("To the text", "draft")]


def test_a_file_that_can_not_be_read_is_named(editors: Editors, desk: Desk) -> None:
    draft, shown = editors.save("К тексту", text=RUSSIAN), editors.show("To the text")
    (desk.folder / "en" / "LC_MESSAGES" / "messages.po").write_text("not a catalogue", "utf-8")
    for arguments in (("publish",), ("publish", "--drafts"), ("withdraw", str(shown.id))):
        code, lines = run(editors, *arguments)
        assert (code, "messages.po can not be read" in lines[0]) == (1, True), lines
    with pytest.raises(making.NotPublishable, match=r"messages\.po can not be read"):
        editors.publish(draft)

    assert editors.live() == {LINK: ("To the text",)}


def test_drafts_whose_text_is_gone_are_named_and_the_others_published(editors: Editors, desk: Desk) -> None:
    editors.save("To the text")
    editors.save("К тексту", text=RUSSIAN)
    source = desk.folder / "en" / "LC_MESSAGES" / "messages.po"
    source.write_text(source.read_text("utf-8").replace(f'msgid "{SKIP}"', 'msgid "Another"'), "utf-8")
    code, lines = run(editors, "publish", "--drafts")

    assert code == 0
    assert f"gone      en/messages “{SKIP}” (edit 1): not published" in lines
    assert editors.states() == [("To the text", "draft")]
    assert editors.live() == {RUSSIAN: ("К тексту",)}
