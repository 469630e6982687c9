from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, default
from email.utils import getaddresses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site.outbox import message
from flexsmt_site.outbox.message import BadHeader, Draft, as_address, compose, message_id

SENDER = "Flex SMT <site@example.com>"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
ID = message_id("notice:1", "example.com")
HEADERS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "Content-Type",
    "MIME-Version",
    "Reply-To",
}

#: What may stand in a header: no control character, no line end of any script.
line = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]))


def mail(draft: Draft, recipient: str = "s@example.com") -> bytes:
    return compose(draft, sender=SENDER, recipient=recipient, message_id=ID, date=NOW)


def parsed(raw: bytes) -> EmailMessage:
    return message_from_bytes(raw, policy=default)


def text_of(raw: bytes, subtype: str) -> str:
    part = parsed(raw).get_body((subtype,))
    assert part is not None
    return str(part.get_content())


def lines_of(text: str) -> list[bytes]:
    return text.encode().splitlines() or [b""]


def reply_to(raw: bytes) -> str:
    # Python 3.11's newer parser puts a space between the encoded words of a long name.
    return " ".join(str(make_header(decode_header(message_from_bytes(raw)["Reply-To"]))).splitlines())


@given(line, st.text(), line)
def test_any_text_gives_fixed_headers_short_lines_and_the_same_body(
    subject: str, body: str, name: str
) -> None:
    raw = mail(Draft(subject, body, "<p>hello</p>", reply_to=Address(name, addr_spec="v@example.org")))
    found = parsed(raw)
    assert sorted(found.keys()) == sorted(HEADERS)
    assert all(len(row) <= 998 for row in raw.split(b"\r\n"))
    assert lines_of(text_of(raw, "plain")) == lines_of(body)
    assert [a.addr_spec for a in found["Reply-To"].addresses] == ["v@example.org"]
    assert not found.defects


@given(st.text(st.sampled_from("ab \r\n\t\x0b\x1c\x85\u2028éф")) | st.text())
def test_the_body_is_what_the_standard_library_would_write(text: str) -> None:
    raw = mail(Draft("", text, text))
    made = EmailMessage(policy=SMTP)
    made.set_content(text.encode("utf-8", "replace").decode(), cte="base64")
    made.add_alternative(text_of(raw, "html"), subtype="html", cte="base64")
    boundary = parsed(raw).get_boundary()
    assert boundary
    made.set_boundary(boundary)

    # It says the version once more in the second part, where it means nothing.
    expected = made.as_bytes().replace(b"base64\r\nMIME-Version: 1.0\r\n", b"base64\r\n")
    assert raw.endswith(expected)


@given(line.filter(lambda text: text == " ".join(text.split())))
def test_the_subject_arrives_as_it_was_written(subject: str) -> None:
    assert parsed(mail(Draft(subject, "", "")))["Subject"] == subject


@given(st.text(), st.text())
def test_any_text_at_all_gives_a_mail_or_a_clear_refusal(subject: str, name: str) -> None:
    try:
        raw = mail(Draft(subject, "body", "<p>body</p>", reply_to=Address(name, addr_spec="v@example.org")))
    except (BadHeader, ValueError):
        return
    assert set(parsed(raw).keys()) == HEADERS


@pytest.mark.parametrize(
    "sign", ["\r", "\n", "\r\nBcc: x@example.net", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\0"]
)
def test_a_line_break_in_a_subject_is_refused(sign: str) -> None:
    with pytest.raises(BadHeader, match="Subject holds U"):
        mail(Draft(f"a{sign}b", "", ""))


def test_an_encoded_word_typed_by_a_visitor_stays_text() -> None:
    typed = "=?utf-8?q?=0D=0ABcc:_x=40example.net?="
    found = parsed(mail(Draft(typed, "", "", reply_to=Address(typed, addr_spec="v@example.org"))))
    assert found["Subject"] == typed
    assert found["Reply-To"].addresses[0].display_name == typed
    assert "Bcc" not in found


@pytest.mark.parametrize(
    "name", ['a" <x@example.net>', "Иванов, Иван", "a\\", "(b)", "x@example.net", "А" * 100]
)
def test_a_name_of_any_kind_stays_a_name(name: str) -> None:
    raw = mail(Draft("s", "", "", reply_to=Address(name, addr_spec="v@example.org")))
    (address,) = parsed(raw)["Reply-To"].addresses
    assert address.addr_spec == "v@example.org"
    assert reply_to(raw).split() == f"{name} <v@example.org>".split()


@pytest.mark.parametrize(
    "written",
    [
        "",
        "nobody",
        "a@",
        "@example.com",
        "ж@example.com",
        "a b@example.com",
        "a@example.com, b@example.com",
        "a@example.com\n",
    ],
)
def test_what_is_no_plain_address_is_refused(written: str) -> None:
    with pytest.raises(BadHeader):
        compose(Draft("s", "", ""), sender="s@example.com", recipient=written, message_id=ID, date=NOW)


def test_a_paragraph_of_russian_text_keeps_lines_short() -> None:
    raw = mail(Draft("Обращение", "Б" * 5000, f"<p>{'Б' * 5000}</p>"))
    assert max(map(len, raw.split(b"\r\n"))) <= 78
    assert text_of(raw, "plain").strip() == "Б" * 5000
    assert "Б" * 5000 in text_of(raw, "html")


def test_styles_are_inlined_and_nothing_is_fetched() -> None:
    html = '<link rel="stylesheet" href="https://example.net/x.css"><style>p{color:red}</style><p>hello</p>'
    found = text_of(mail(Draft("s", "", html)), "html")
    assert '<p style="color: red;">' in found
    assert "example.net" not in found


def test_a_lone_surrogate_in_the_body_is_replaced() -> None:
    assert text_of(mail(Draft("s", "a\ud800b", "")), "plain").strip() == "a?b"


def test_the_same_mail_is_the_same_bytes() -> None:
    draft = Draft("s", "text", "<p>html</p>", headers={"X-Auto-Response-Suppress": "All"})
    assert mail(draft) == mail(draft)
    assert parsed(mail(draft))["X-Auto-Response-Suppress"] == "All"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Subject", "x"),
        ("Content-Type", "x"),
        ("X", "a\r\nBcc: b"),
        ("X Y", "a"),
        ("X", "ж"),
        ("X", "a" * 901),
    ],
)
def test_only_plain_headers_of_our_own_are_added(name: str, value: str) -> None:
    with pytest.raises(BadHeader):
        mail(Draft("s", "", "", headers={name: value}))


def test_the_message_id_depends_on_the_key_alone() -> None:
    assert message_id("notice:1", "example.com") == ID != message_id("notice:2", "example.com")
    assert ID.endswith("@example.com>")


def test_a_sender_is_read_with_and_without_a_name() -> None:
    assert as_address("Flex SMT <site@example.com>").display_name == "Flex SMT"
    assert as_address("site@localhost").addr_spec == "site@localhost"


def test_whom_we_have_written_to_before_is_not_seen_by_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def note(written: list[str]) -> list[tuple[str, str]]:
        read.extend(written)
        return getaddresses(written)

    monkeypatch.setattr(message, "getaddresses", note)
    recipients = ["one@example.com", "other@example.com", "one@example.com"]
    for recipient in recipients:
        mail(Draft("Subject", "text", "<p>text</p>"), recipient)

    assert [one for one in read if one != SENDER] == recipients


def test_an_address_without_a_name_stands_alone() -> None:
    assert b"\r\nTo: s@example.com\r\n" in mail(Draft("Subject", "text", "<p>text</p>"))
