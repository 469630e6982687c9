"""What a file would change, carried through the browser: signed, so that nothing is stored meanwhile."""

from dataclasses import dataclass

from flexsmt_site import tokens
from flexsmt_site.language import overlay
from flexsmt_site.language.import_rules import Row
from flexsmt_site.language.importing import Line, Table

#: What a form may hold beside a file.
MOST = 1024 * 1024
#: Several times the words of the whole site, which are packed.
LONGEST = MOST // 2
_PURPOSE = "staff import"
_LONGEST_NAME = 100


class TooMuch(ValueError):
    """The file would change more than a form can carry."""


@dataclass(frozen=True)
class Carried:
    """What was looked at: the name of the file, what it would write, and how many of its texts are gone."""

    name: str
    table: Table
    gone: int


def sign(name: str, table: Table, member_id: int) -> str:
    """Return what a table would write as a field of a form; raises ``TooMuch``."""
    lines = [
        [line.text.domain, line.text.locale, line.text.key, line.strings, line.head, line.base]
        for line in table.lines
        if line.row in {Row.NEW, Row.CHANGED}
    ]
    field = tokens.sign(_PURPOSE, {"member": member_id, "name": name, "lines": lines})
    if len(field) > LONGEST:
        raise TooMuch(f"{len(lines)} texts make a field of {len(field)} characters")
    return field


def read(field: str, member_id: int) -> Carried:
    """Return what ``sign`` was given for the same member; raises ``tokens.BadToken``.

    Each line names the newest edit and the repository's words that were known then, so that nothing later is
    written over.
    """
    data = tokens.read(_PURPOSE, field)
    if data["member"] != member_id:
        raise tokens.BadToken("somebody else has looked at this file")
    lines = []
    for domain, locale, key, strings, head, base in data["lines"]:
        value = overlay.values(domain, locale).get(key)
        if value is not None:
            lines.append(Line(Row.CHANGED, value.text, tuple(strings), head=head, base=base))
    return Carried(data["name"], Table(tuple(lines), 0), len(data["lines"]) - len(lines))


def printable(name: str) -> str:
    """Return the name of a file as it can be shown and stored."""
    return "".join(sign for sign in name if sign.isprintable())[:_LONGEST_NAME]
