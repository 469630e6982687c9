"""Mails as frozen bytes: nothing a visitor typed can add a header or break a line.

Header text is encoded here, because the standard library decodes encoded words that it is
given and so lets ``=?utf-8?q?=0D=0A…?=`` through; bodies are its own, as base64.
"""

import re
import unicodedata
from base64 import b64encode, encodebytes
from dataclasses import dataclass, field
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import format_datetime, getaddresses
from functools import lru_cache
from hashlib import sha256

import css_inline

#: Bytes of text in one encoded word: with its frame it stays under 75 characters (RFC 2047, 2).
WORD_BYTES = 42
LONGEST_OWN = 900
#: Unicode categories that end a line or are no characters.
BREAKING = {"Cc", "Cs", "Zl", "Zp"}
#: Headers that are ours alone, beside all that begin with "content-".
FIXED = {
    *("from", "to", "cc", "bcc", "sender", "reply-to", "return-path", "subject", "date"),
    *("message-id", "auto-submitted", "mime-version"),
}
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
_PLAIN = re.compile(r"(?!.*=\?)[!-~]+(?: [!-~]+)*")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9]+(?: [A-Za-z0-9]+)*")
_INLINER = css_inline.CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)


class BadHeader(ValueError):
    """A header's text holds a line break, a control character or an impossible address."""


@dataclass(frozen=True)
class Draft:
    """What a feature wants to say; ``html`` may carry a ``<style>``, which is inlined.

    ``headers`` adds headers of our own making, in plain ASCII.
    """

    subject: str
    text: str
    html: str
    reply_to: Address | None = None
    headers: dict[str, str] = field(default_factory=dict)


def message_id(dedupe_key: str, domain: str) -> str:
    """Derive the Message-ID: the same mail has the same one however often it is made."""
    return f"<{sha256(dedupe_key.encode()).hexdigest()[:40]}@{domain}>"


def as_address(written: str) -> Address:
    """Read ``Name <mailbox@example.com>`` or a bare address; raises ``BadHeader``."""
    found = getaddresses([written])
    if len(found) != 1 or any(unicodedata.category(sign) in BREAKING for sign in written):
        raise BadHeader(f"{written!r} is not one e-mail address")
    name, mailbox = found[0]
    try:
        return Address(name, addr_spec=mailbox)
    except (ValueError, IndexError, MessageError) as error:
        raise BadHeader(f"{written!r} is not an e-mail address") from error


#: Our own stands in every mail. No other is kept: nobody may see by the clock whether we know his.
_own_address = lru_cache(maxsize=4)(as_address)


def compose(draft: Draft, *, sender: str, recipient: str, message_id: str, date: datetime) -> bytes:
    """Freeze a mail: plain and HTML parts in base64, a fixed set of headers, CRLF lines.

    The same arguments give the same bytes. Raises ``BadHeader``.
    """
    headers = {
        "From": _mailbox(_own_address(sender)),
        "To": _mailbox(as_address(recipient)),
        "Subject": _text("Subject", draft.subject),
        "Date": format_datetime(date),
        "Message-ID": message_id,
        "Auto-Submitted": "auto-generated",
    }
    if draft.reply_to:
        headers["Reply-To"] = _mailbox(draft.reply_to)
    for name, value in draft.headers.items():
        headers[name] = _own(name, value)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("ascii") + _body(draft, message_id)


def _body(draft: Draft, message_id: str) -> bytes:
    """Write both parts as alternatives of each other (RFC 2046), as the standard library does, but faster."""
    # "_" is no base64 letter: the boundary cannot occur in a part.
    boundary = f"=_{sha256(message_id.encode()).hexdigest()[:32]}"
    html = _INLINER.inline(_bytes(draft.html).decode())
    parts = "".join(
        f"--{boundary}\r\n{part}\r\n" for part in (_part("plain", draft.text), _part("html", html))
    )
    head = f'MIME-Version: 1.0\r\nContent-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
    return f"{head}{parts}--{boundary}--\r\n".encode("ascii")


def _part(subtype: str, text: str) -> str:
    # Lines end in CRLF within the base64 too. Split as bytes: Unicode knows more line ends than mail does.
    lines = _bytes(text).splitlines() or [b""]
    packed = encodebytes(b"".join(line + b"\r\n" for line in lines)).decode("ascii")
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return head + packed.replace("\n", "\r\n")


def _bytes(text: str) -> bytes:
    # A lone surrogate is no character, and UTF-8 cannot say it.
    return text.encode("utf-8", "replace")


def _text(name: str, value: str) -> str:
    """Encode free text for a header, folded; raises ``BadHeader`` on what could break out of it."""
    value = value.replace("\t", " ")
    for sign in value:
        if unicodedata.category(sign) in BREAKING:
            raise BadHeader(f"{name} holds U+{ord(sign):04X}; take control characters out first")
    if len(value) <= WORD_BYTES and _PLAIN.fullmatch(value):
        return value
    return _words(value)


def _words(value: str) -> str:
    """Write text as RFC 2047 encoded words, each of whole characters, one a line."""
    chunks = [""]
    for sign in value:
        if len((chunks[-1] + sign).encode()) > WORD_BYTES:
            chunks.append("")
        chunks[-1] += sign
    return "\r\n ".join(f"=?utf-8?b?{b64encode(chunk.encode()).decode()}?=" for chunk in chunks)


def _mailbox(address: Address) -> str:
    """Write a mailbox with its name; raises ``BadHeader`` unless the address is plain ASCII."""
    spec = address.addr_spec
    if not address.domain or not _PLAIN.fullmatch(spec) or any(sign in spec for sign in ' ,;<>()"'):
        raise BadHeader("the address can not stand in a mail's header")
    if not address.display_name:
        return spec
    name = _text("a name", address.display_name)
    if not _PLAIN_NAME.fullmatch(name) and not name.startswith("=?"):
        name = _words(name)
    return f"{name}\r\n <{spec}>"


def _own(name: str, value: str) -> str:
    free = name.lower() not in FIXED and not name.lower().startswith("content-")
    if not free or not _NAME.fullmatch(name) or not _PLAIN.fullmatch(value) or len(value) > LONGEST_OWN:
        raise BadHeader(f"{name}: {value!r} is not a header that a mail may add")
    return value
