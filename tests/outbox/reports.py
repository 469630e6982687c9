"""Delivery reports as mail servers write them, and the Maildir that they come to."""

from email import message_from_bytes
from email.policy import SMTP
from pathlib import Path

from flexsmt_site.outbox import bounces

#: What Postfix 3.7 writes, with another queue's numbers.
POSTFIX = """\
Return-Path: <>
X-Original-To: bounces@example.com
Delivered-To: bounces@example.com
Received: by mx.example.com (Postfix)
\tid EB33C20CBB9; Sun, 22 Nov 2026 22:48:40 +0000 (UTC)
Date: Sun, 22 Nov 2026 22:48:40 +0000 (UTC)
From: Mail Delivery System <MAILER-DAEMON@mx.example.com>
Subject: Undelivered Mail Returned to Sender
To: bounces@example.com
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="D98F220CBBB.1795387720/mx.example.com"
Content-Transfer-Encoding: 8bit
Message-Id: <20261122224840.EB33C20CBB9@mx.example.com>

This is a MIME-encapsulated message.

--D98F220CBBB.1795387720/mx.example.com
Content-Description: Notification
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

This is the mail system at host mx.example.com.

<{final}>: host mail.example.com[192.0.2.1] said: {diagnostic}

--D98F220CBBB.1795387720/mx.example.com
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
X-Postfix-Queue-ID: D98F220CBBB
X-Postfix-Sender: rfc822; bounces@example.com
Arrival-Date: Sun, 22 Nov 2026 22:48:40 +0000 (UTC)

Final-Recipient: rfc822; {final}
Original-Recipient: rfc822;{original}
Action: {action}
Status: {status}
Remote-MTA: dns; mail.example.com
Diagnostic-Code: {diagnostic}
Will-Retry-Until: Fri, 27 Nov 2026 22:48:40 +0300 (MSK)

--D98F220CBBB.1795387720/mx.example.com
Content-Description: Undelivered Message
Content-Type: {returned}
Content-Transfer-Encoding: 8bit

Return-Path: <bounces@example.com>
Received: from mail.example.com (localhost [127.0.0.1])
\tby mx.example.com (Postfix) with ESMTP id D98F220CBBB
\tfor <{original}>; Sun, 22 Nov 2026 22:48:40 +0000 (UTC)
From: Flex SMT <site@example.com>
Message-ID: {message_id}
Subject: Hello

Text

--D98F220CBBB.1795387720/mx.example.com--
"""
_USUAL = {
    "final": "sales@example.com",
    "action": "failed",
    "status": "5.1.1",
    "diagnostic": "smtp; 550 5.1.1 <sales@example.com>: No such user",
    "returned": "message/rfc822",
    "message_id": "<1@example.com>",
}


def report(**parts: str) -> bytes:
    """A report that differs from the usual one in these parts."""
    given = _USUAL | parts
    return POSTFIX.format(**{"original": given["final"], **given}).encode()


def report_in_crlf(**parts: str) -> bytes:
    """The same with the line ends of the wire, as some servers leave them."""
    return report(**parts).replace(b"\n", b"\r\n")


def report_rewritten(**parts: str) -> bytes:
    """The same as Python writes it: folded anew, with fewer quotes."""
    return message_from_bytes(report(**parts), policy=SMTP).as_bytes()


class Maildir:
    """A Maildir, and the mail server that delivers there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0
        for name in ("new", "cur", "tmp"):
            (folder / name).mkdir(parents=True)

    def deliver(self, raw: bytes) -> str:
        self.count += 1
        name = f"1795387720.{self.count:06}.mx"
        (self.folder / "tmp" / name).write_bytes(raw)
        (self.folder / "tmp" / name).rename(self.folder / "new" / name)
        return name

    def look(self) -> dict[str, int]:
        return {str(outcome): count for outcome, count in bounces.look(self.folder).items()}

    def new(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "new").iterdir())

    def cur(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "cur").iterdir())
