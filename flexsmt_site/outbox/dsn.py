"""What a delivery report (RFC 3464) says, read from bytes that anybody may have sent; nothing here raises.

Not with the standard library's parser, which fails on parts nested deep and on some parameters.
The parts of a report lie side by side, so that its outer boundary is all that is needed.
"""

import binascii
import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum

#: The second of each pair is of RFC 6533: the same in UTF-8.
STATUS_KINDS = {"message/delivery-status", "message/global-delivery-status"}
RETURNED_KINDS = {
    *("message/rfc822", "text/rfc822-headers"),
    *("message/global", "message/global-headers"),
}

_BLANK_LINE = re.compile(rb"(?:\A|\r?\n)\r?\n")
_BLANK_LINES = re.compile(rb"(?:\r?\n){2,}")
_FOLD = re.compile(r"\r?\n[ \t]+")
_BOUNDARY = re.compile(r';\s*boundary\s*=\s*(?:"([^"]{1,200})"|([^\s;"]{1,200}))', re.IGNORECASE)
#: No control character and no space: a database refuses some of them, and no Message-ID has any.
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,298}>")
_STATUS = re.compile(r"[245]\.[0-9]{1,3}\.[0-9]{1,3}")
_REPLY = re.compile(r"\s*smtp\s*;\s*([245][0-9]{2})(?:[ -]|\Z)", re.IGNORECASE)
_DIAGNOSTIC_KIND = re.compile(r"\s*[A-Za-z0-9-]+\s*;\s*")

Fields = dict[str, str]


class Action(StrEnum):
    """What a mail server did with a mail for one recipient."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True)
class Verdict:
    """What became of one recipient.

    ``addresses`` are the final and the original one, in lower case; ``retry_until`` is when a delayed mail
    is given up, None where the report does not say.
    """

    addresses: frozenset[str]
    action: Action
    status: str
    diagnostic: str
    retry_until: datetime | None

    @property
    def code(self) -> int | None:
        """The SMTP reply; where no server gave one, the class of the status in hundreds."""
        if reply := _REPLY.match(self.diagnostic):
            return int(reply[1])
        return int(self.status[0]) * 100 if self.status else None

    @property
    def text(self) -> str:
        """The status and what was said with it, in printable characters."""
        known = _REPLY.match(self.diagnostic) or _DIAGNOSTIC_KIND.match(self.diagnostic)
        said = self.diagnostic[known.end() :] if known else self.diagnostic
        said = "".join(sign if sign.isprintable() else " " for sign in said).strip()
        return said if said.startswith(self.status) else f"{self.status} {said}".strip()


@dataclass(frozen=True)
class Report:
    """The Message-ID of the mail it is about, empty when it names none, and what became of each recipient."""

    message_id: str
    verdicts: tuple[Verdict, ...]


def find_report(raw: bytes) -> Report | None:
    """Read a delivery report; None when the mail is no such thing."""
    head, body = _parted(raw)
    kind = _kind(head)
    boundary = _BOUNDARY.search(head.get("content-type", ""))
    if kind != "multipart/report" or not boundary:
        return None
    status, returned = None, b""
    for part in _parts(body, boundary[1] or boundary[2]):
        fields, content = _parted(part)
        if _kind(fields) in STATUS_KINDS and status is None:
            status = _decoded(fields, content)
        elif _kind(fields) in RETURNED_KINDS and not returned:
            returned = _decoded(fields, content)
    if status is None:
        return None
    found = _MESSAGE_ID.search(_parted(returned)[0].get("message-id", ""))
    return Report(found[0] if found else "", tuple(_verdicts(status)))


def _verdicts(status: bytes) -> list[Verdict]:
    """Read the group of each recipient; one without a known action says nothing."""
    groups = [_fields(group) for group in _BLANK_LINES.split(status)]
    return [
        Verdict(
            frozenset(filter(None, (_address(group, name) for name in ("final", "original")))),
            Action(group["action"].lower()),
            found[0] if (found := _STATUS.match(group.get("status", ""))) else "",
            group.get("diagnostic-code", ""),
            _moment(group.get("will-retry-until", "")),
        )
        for group in groups
        if group.get("action", "").lower() in set(Action)
    ]


def _address(group: Fields, name: str) -> str:
    """Return ``a@example.com`` from ``rfc822; A@example.com``."""
    kind, mark, address = group.get(f"{name}-recipient", "").partition(";")
    return (address if mark else kind).strip(" \t<>").lower()


def _moment(written: str) -> datetime | None:
    # Whatever the date parser does not like: it knows more errors than it says.
    with suppress(ValueError, TypeError, IndexError, OverflowError):
        moment = parsedate_to_datetime(written)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def _parts(body: bytes, boundary: str) -> list[bytes]:
    line = rb"^--" + re.escape(boundary.encode()) + rb"(?:--)?[ \t]*\r?(?:\n|\Z)"
    return re.split(line, body, flags=re.MULTILINE)[1:]


def _parted(raw: bytes) -> tuple[Fields, bytes]:
    """Part the header, as fields, from the body."""
    head, *body = _BLANK_LINE.split(raw, maxsplit=1)
    return _fields(head), b"".join(body)


def _fields(head: bytes) -> Fields:
    """Read fields by their names in lower case; the first of a name counts."""
    fields: Fields = {}
    for line in _FOLD.sub(" ", head.decode("utf-8", "replace")).split("\n"):
        name, _, value = line.partition(":")
        fields.setdefault(name.strip().lower(), value.strip())
    return fields


def _kind(fields: Fields) -> str:
    return fields.get("content-type", "").partition(";")[0].strip().lower()


def _decoded(fields: Fields, content: bytes) -> bytes:
    encoding = fields.get("content-transfer-encoding", "").lower()
    if encoding == "quoted-printable":
        return binascii.a2b_qp(content)
    if encoding == "base64":
        try:
            return binascii.a2b_base64(content)
        except ValueError:
            return b""
    return content
