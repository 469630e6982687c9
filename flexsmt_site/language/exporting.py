"""Edits on their way into the repository: the project's own ``.po`` files with other ``msgstr`` lines.

Once that is applied and deployed, each edit retires by itself.
"""

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from flexsmt_site import database
from flexsmt_site.language import catalog, overlay, packing, po, standing
from flexsmt_site.language.edit_rules import Strings, Text
from flexsmt_site.language.standing import Standing


def wanted(*, drafts: bool = False) -> dict[Text, Strings]:
    """Return the words that the repository lacks, by their texts; raises ``DatabaseUnavailable``.

    Those are the published edits and, of domains that are published with a version alone, what is in review;
    with ``drafts`` also all that somebody is at work on.
    """
    with database.read() as session:
        chosen: list[Standing] = [
            *standing.list_live(session),
            # What is being worked at comes later, and so goes before what is live.
            *(found for found in standing.list_working(session) if drafts or _goes_by_git(found)),
        ]
    return {found.text: found.strings for found in chosen}


def _goes_by_git(found: Standing) -> bool:
    return found.text.domain not in packing.DOMAINS and found.state == "review"


def changed(words: dict[Text, Strings]) -> Iterator[tuple[PurePosixPath, bytes, bytes]]:
    """Yield each file that the words change: its path in the project, its bytes, and what they should be.

    Raises ``overlay.BrokenCatalogue``.
    """
    for source in catalog.sources():
        domain, locale = source.stem, source.parent.parent.name
        mine = {
            text.key: strings
            for text, strings in words.items()
            if (text.domain, text.locale) == (domain, locale)
        }
        if mine and source.is_file():
            before = source.read_bytes()
            after = _spliced(source, before, mine)
            if after != before:
                yield PurePosixPath("translations", *source.parts[-3:]), before, after


def _spliced(source: Path, before: bytes, words: dict[str, Strings]) -> bytes:
    try:
        return po.splice(before, words)
    except po.BrokenPo as error:
        raise overlay.BrokenCatalogue(source, error) from error


def write(files: Iterable[tuple[PurePosixPath, bytes, bytes]], folder: Path) -> list[Path]:
    """Write the files below a folder, and return where; raises ``OSError``."""
    written = []
    for name, _before, after in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(after)
        written.append(target)
    return written


def patch(files: Iterable[tuple[PurePosixPath, bytes, bytes]]) -> bytes:
    """Return the changes as a patch that ``git apply`` takes in the folder of the project."""
    return b"".join(_hunks(str(name), before, after) for name, before, after in files)


def _hunks(name: str, before: bytes, after: bytes) -> bytes:
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}")
    return b"".join(
        line.encode("utf-8") + (b"" if line.endswith("\n") else b"\n\\ No newline at end of file\n")
        for line in lines
    )


def _lines(raw: bytes) -> list[str]:
    # Not splitlines: it knows more ends of a line than git does.
    return [line for line in raw.decode("utf-8").replace("\n", "\n\0").split("\0") if line]


def gone(words: dict[Text, Strings]) -> list[Text]:
    """Return the texts that no file has any more: their words can not be exported."""
    return [text for text in words if overlay.find(text) is None]
