import os
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from flexsmt_site.language import audit, catalog, extract


def write_all(tree: Path) -> list[Path]:
    changed = list(extract.changes(tree))
    for source, content in changed:
        extract.replace(source, content)
    return [source for source, _ in changed]


def test_texts_are_found_in_their_domain(tree: Path) -> None:
    found = {
        domain: {message.id for message in texts if message.id}
        for domain, texts in extract.extracted(tree).items()
    }

    assert found == {
        "messages": {
            "Send it",
            "File",
            ("%(num)s thing", "%(num)s things"),
            "A title",
            "Hello, %(name)s: 100%%",
            "All of 5%%",
            "A page",
        },
        "policy": {"A clause"},
        "mail": {"A subject"},
    }


def test_notes_for_translators_and_contexts_come_along(tree: Path) -> None:
    texts = extract.extracted(tree)["messages"]

    button, title, menu = texts.get("Send it"), texts.get("A title"), texts.get("File", "menu")
    assert button
    assert title
    assert menu
    assert button.auto_comments == ["max=20"]
    assert title.auto_comments == ["max=30"]
    assert menu.context == "menu"


def test_a_template_with_an_error_stops_the_extraction(tree: Path) -> None:
    (tree / "templates/menu/page.html").write_text("{% if %}", encoding="utf-8")

    with pytest.raises(Exception, match=r"[Ee]xpected"):
        extract.extracted(tree)


def test_extracting_twice_changes_nothing(tree: Path) -> None:
    assert len(write_all(tree)) == 6
    assert write_all(tree) == []


def test_the_files_hold_no_dates_and_no_tool(tree: Path) -> None:
    write_all(tree)

    text = (tree / "translations/ru/LC_MESSAGES/messages.po").read_text(encoding="utf-8")
    assert text.startswith('msgid ""\n')
    assert not any(word in text for word in ("Date", "Generated", "Babel", "PROJECT", "fuzzy", "views.py:"))
    assert "nplurals=3" in text
    assert text.index("views.py") < text.index("menu/page.html") < text.index("policy/page.html")


def test_english_repeats_its_msgid_and_russian_waits(tree: Path) -> None:
    write_all(tree)

    english = extract.read(tree / "translations/en/LC_MESSAGES/messages.po")
    russian = extract.read(tree / "translations/ru/LC_MESSAGES/messages.po")
    assert all(extract.forms_of(m) == ((m.id,) if isinstance(m.id, str) else m.id) for m in english if m.id)
    assert all(not any(extract.forms_of(message)) for message in russian if message.id)


def test_translations_stay_and_what_is_gone_goes(tree: Path) -> None:
    write_all(tree)
    source = tree / "translations/ru/LC_MESSAGES/policy.po"
    text = source.read_text(encoding="utf-8").replace(
        'msgid "A clause"\nmsgstr ""', '# ask counsel\nmsgid "A clause"\nmsgstr "Пункт"'
    )
    source.write_text(text + '\nmsgid "Gone"\nmsgstr "Нет"\n', encoding="utf-8")

    write_all(tree)

    after = source.read_text(encoding="utf-8")
    assert 'msgid "A clause"\nmsgstr "Пункт"' in after
    assert "# ask counsel" in after
    assert "Gone" not in after


def test_reworded_english_stays(tree: Path) -> None:
    write_all(tree)
    source = tree / "translations/en/LC_MESSAGES/mail.po"
    source.write_text(
        source.read_text(encoding="utf-8").replace('msgstr "A subject"', 'msgstr "Another subject"'),
        encoding="utf-8",
    )

    assert write_all(tree) == []
    message = extract.read(source).get("A subject")
    assert message
    assert message.string == "Another subject"


def test_a_catalogue_is_compiled_once_and_again_when_its_source_is_newer(tree: Path) -> None:
    write_all(tree)
    source = tree / "translations/en/LC_MESSAGES/mail.po"

    assert extract.compile_one(source)
    assert not extract.compile_one(source)
    assert catalog.stale() == []
    later = catalog.built(source).stat().st_mtime_ns + 10**9
    os.utime(source, ns=(later, later))
    assert catalog.stale() == ["translations/en/LC_MESSAGES/mail.po"]
    assert extract.compile_one(source)
    assert [path.suffix for path in sorted(source.parent.iterdir()) if path.stem == "mail"] == [".mo", ".po"]


def test_the_check_names_file_text_fault_and_remedy(tree: Path) -> None:
    write_all(tree)
    source = tree / "translations/ru/LC_MESSAGES/mail.po"

    (judged,) = audit.judge(source, ())

    assert str(judged).startswith("error: ")
    assert all(
        word in str(judged) for word in ("ru/LC_MESSAGES/mail.po", "A subject", "empty", "translate it")
    )


def test_babel_reads_every_file_back(tree: Path) -> None:
    for source in write_all(tree):
        with source.open("rb") as file:
            assert len(read_po(file)) > 0


def test_the_commands_of_the_catalogues_work(
    tree: Path, run: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_all(tree)
    texts = extract.extracted(tree)
    monkeypatch.setattr(extract, "extracted", lambda _root: texts)

    assert run("catalogs", "extract") == (0, "The catalogues are up to date.\n")
    assert run("catalogs", "compile") == (0, "6 catalogues compiled.\n")
    assert run("catalogs", "compile") == (0, "0 catalogues compiled.\n")
    status, output = run("catalogs", "check")
    assert status == 1
    assert "errors" in output.splitlines()[-1]
