import email
from base64 import encodebytes
from collections.abc import Callable
from datetime import UTC, datetime
from email.policy import compat32
from quopri import encodestring

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flexsmt_site.outbox import dsn
from flexsmt_site.outbox.dsn import Action, Report, Verdict
from tests.outbox.reports import report, report_in_crlf, report_rewritten

MUCH = 1 << 18


def read(raw: bytes) -> Report:
    found = dsn.find_report(raw)
    assert found is not None
    return found


def verdict(**parts: str) -> Verdict:
    (found,) = read(report(**parts)).verdicts
    return found


@pytest.mark.parametrize("written", [report, report_in_crlf, report_rewritten])
def test_a_report_names_the_mail_its_recipient_and_what_became_of_it(written: Callable[[], bytes]) -> None:
    assert read(written()) == Report(
        "<1@example.com>",
        (
            Verdict(
                frozenset({"sales@example.com"}),
                Action.FAILED,
                "5.1.1",
                "smtp; 550 5.1.1 <sales@example.com>: No such user",
                datetime(2026, 11, 27, 19, 48, 40, tzinfo=UTC),
            ),
        ),
    )


@pytest.mark.parametrize("returned", sorted(dsn.RETURNED_KINDS))
def test_the_mail_may_come_back_whole_or_as_its_header(returned: str) -> None:
    assert read(report(returned=returned)).message_id == "<1@example.com>"


def test_an_alias_keeps_the_address_that_we_wrote_to() -> None:
    found = verdict(original="Sales@Example.com", final="box7@mail.example.com")
    assert found.addresses == {"sales@example.com", "box7@mail.example.com"}


@pytest.mark.parametrize(
    ("status", "diagnostic", "code", "text"),
    [
        ("5.1.1", "smtp; 550 5.1.1 No such user", 550, "5.1.1 No such user"),
        ("5.1.1", "SMTP;550 No such user", 550, "5.1.1 No such user"),
        ("5.1.1", "smtp; 550-5.1.1 No such user", 550, "5.1.1 No such user"),
        ("5.7.1", "smtp; 554", 554, "5.7.1"),
        ("5.1.1", "x-postfix; unknown user", 500, "5.1.1 unknown user"),
        ("4.4.7 (expired)", "x-unix; too late", 400, "4.4.7 too late"),
        ("5.2.2", "", 500, "5.2.2"),
        ("5.2.2", "smtp; 2500 bytes too many", 500, "5.2.2 2500 bytes too many"),
        ("", "smtp; 550 No", 550, "No"),
        ("", "nothing known", None, "nothing known"),
        ("9.9.9", "", None, ""),
        ("5.0.0", "smtp; 550 A\x00B\tC", 550, "5.0.0 A B C"),
    ],
)
def test_code_and_text_come_from_reply_and_status(
    status: str, diagnostic: str, code: int | None, text: str
) -> None:
    found = verdict(status=status, diagnostic=diagnostic)
    assert (found.code, found.text) == (code, text)


@pytest.mark.parametrize("action", [*Action, "Failed", "DELAYED"])
def test_every_action_of_the_standard_is_known(action: str) -> None:
    assert verdict(action=action).action == action.lower()


def test_a_recipient_without_a_known_action_says_nothing() -> None:
    assert read(report(action="vanished")).verdicts == ()


@pytest.mark.parametrize("encode", [encodebytes, encodestring])
def test_encoded_parts_are_read(encode: Callable[[bytes], bytes]) -> None:
    plain = report()
    start = plain.index(b"Reporting-MTA")
    end = plain.index(b"\n\n--", start)
    kind = b"base64" if encode is encodebytes else b"quoted-printable"
    head = plain[:start].removesuffix(b"\n") + b"Content-Transfer-Encoding: " + kind + b"\n\n"
    assert read(head + encode(plain[start:end]) + plain[end:]) == read(plain)


def test_broken_base64_is_an_empty_part() -> None:
    before, mark, _after = report().rpartition(b"8bit\n\nReturn-Path")
    found = read(before + mark.replace(b"8bit", b"base64").replace(b"Return-Path", b"A"))
    assert (found.message_id, len(found.verdicts)) == ("", 1)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"Subject: I am away\n\nBack on Monday.\n",
        report().replace(b"multipart/report", b"multipart/mixed"),
        report().replace(b"boundary=", b"border="),
        report().replace(b"message/delivery-status", b"message/disposition-notification"),
        report().replace(b'boundary="', b'boundary="other'),
        b"\n" + report(),
    ],
)
def test_what_is_no_delivery_report_is_none(raw: bytes) -> None:
    assert dsn.find_report(raw) is None


@pytest.mark.parametrize("message_id", ["", "1@example.com", "<a b>", "<\x00>", "<é@example.com>", "<>"])
def test_a_report_may_fail_to_name_its_mail(message_id: str) -> None:
    assert read(report(message_id=message_id)).message_id == ""


@pytest.mark.parametrize(
    "written",
    ["", "soon", "Fri, 99 Nov 2026 99:99:99 +9999", "31 Dec 9999 23:59:00 -2359", "1 Jan 99999999 0:0 x"],
)
def test_a_date_that_is_none_is_left_out(written: str) -> None:
    raw = report().replace(b"Fri, 27 Nov 2026 22:48:40 +0300 (MSK)", written.encode())
    assert read(raw).verdicts[0].retry_until is None


def test_a_date_without_a_zone_counts_as_utc() -> None:
    raw = report().replace(b"22:48:40 +0300 (MSK)", b"22:48:40 -0000")
    assert read(raw).verdicts[0].retry_until == datetime(2026, 11, 27, 22, 48, 40, tzinfo=UTC)


def test_nesting_that_the_standard_library_fails_on_is_read() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(5000))
    with pytest.raises(RecursionError):
        email.message_from_bytes(nested, policy=compat32)
    plain = report()
    part = plain.index(b"This is the mail system")
    assert read(plain[:part] + nested + plain[part:]) == read(plain)


FIELD = st.sampled_from(
    [
        *(b"Content-Type: multipart/report; boundary=b\n", b"Content-Type: message/delivery-status\n"),
        *(b"Content-Type: message/rfc822\n", b"Content-Transfer-Encoding: base64\n", b"Action: failed\n"),
        *(b"Content-Transfer-Encoding: quoted-printable\n", b"Status: 5.1.1\n", b"Message-ID: <a@b>\n"),
        *(b"Final-Recipient: rfc822; a@example.com\n", b"Diagnostic-Code: ", b"Will-Retry-Until: "),
        *(b"--b\n", b"--b--\n", b"\n", b"\r\n", b" ", b":", b";", b"=", b"<", b'"', b"\x00", b"\xff"),
    ]
)


@given(
    st.one_of(st.binary(max_size=2000), st.lists(FIELD | st.binary(max_size=8), max_size=60).map(b"".join))
)
@example(b"Content-Type: multipart/report; boundary*" + b"9" * 5000 + b"=x\n\n")
def test_no_bytes_make_it_fail(raw: bytes) -> None:
    wrapped = (
        b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n" + raw
    )
    for mail in (raw, wrapped):
        found = dsn.find_report(mail)
        for one in found.verdicts if found else ():
            assert one.text.isprintable()
            assert one.code is None or 200 <= one.code < 600


@given(st.text(max_size=300))
def test_no_date_makes_it_fail(written: str) -> None:
    raw = report().replace(b"Fri, 27 Nov 2026 22:48:40 +0300 (MSK)", written.encode("utf-8", "replace"))
    assert dsn.find_report(raw) is not None


HOSTILE = [
    b"--b\n" * (MUCH // 4),
    b"\n" * MUCH,
    b"\r" * MUCH,
    b" \n" * (MUCH // 2),
    b"a" * MUCH,
    b"x" + b" " * MUCH + b"y",
    b";" + b" " * MUCH + b"boundary" + b" " * MUCH,
    b"; boundary=" * (MUCH // 11),
    b"<" * MUCH,
    b"<a" * (MUCH // 2),
    b"Action: failed\n\n" * (MUCH // 16),
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize(
    "place", ["This is the mail", "Reporting-MTA: dns; ", "smtp; 550 5.1.1 ", "Fri, ", "Subject: Undelivered"]
)
def test_a_flood_in_one_place_hides_nothing_of_another(hostile: bytes, place: str) -> None:
    # A blank line would end the header, and with it what makes this a report.
    flood = hostile.replace(b"\n", b"\n ") if place.startswith("Subject") else hostile
    found = read(report().replace(place.encode(), place.encode() + flood))
    (sales,) = (verdict for verdict in found.verdicts if verdict.addresses)
    assert (sales.addresses, sales.action) == (frozenset({"sales@example.com"}), Action.FAILED)
    assert (sales.code, sales.text[:5]) == (550, "5.1.1")
