import json
import re
from contextlib import nullcontext
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from flexsmt_site import clock, database
from flexsmt_site.outbox import chores
from flexsmt_site.outbox.chores import Round
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.transport import Connection
from flexsmt_site.staff import audit, service
from flexsmt_site.staff.models import Challenge, Member, Record, Visit
from flexsmt_site.staff.rules import Role
from tests.ground.visitors import Visitor, visit
from tests.staff.authenticator import Passkey
from tests.staff.entrance import Clock, Post, ask, enter, other_than, rows, trail
from tests.staff.members import Staff
from tests.staff.named import enter as enter_by_name
from tests.staff.named import named, register, use
from tests.staff.routes import ACCOUNT, token_of

TRAIL = "/staff/en/trail"
ANNA = "anna@example.com"
CELLS = re.compile(r"<t[hd] [^>]*>(.*?)</t[hd]>")


def lines(page: str) -> list[list[str]]:
    """The cells of the table's rows."""
    body = page.partition("<tbody>")[2].partition("</tbody>")[0]
    return [CELLS.findall(row) for row in body.split("</tr>")[:-1]]


def no_connection() -> Connection:
    raise AssertionError("no chore of the staff speaks to a server")


def work(app: Flask) -> None:
    """A relay's round of the staff's chores."""
    with app.app_context():
        for name in ("staff audit", "staff challenges", "staff editors", "staff sessions"):
            chores._chores[name](Round(clock.now(), "", no_connection))  # noqa: SLF001


def fill(app: Flask, number: int, ago: timedelta = timedelta()) -> None:
    with app.app_context(), database.write() as session:
        for _ in range(number):
            audit.record(session, "refused", member_id=None, subject=None, now=clock.now() - ago)


@pytest.mark.promise("P13.3a")
@pytest.mark.promise("P0.3")
def test_the_trail_names_everybody_by_number_alone(app: Flask, staff: Staff, post: Post) -> None:
    staff.add(Role.SALES, ANNA)
    browser, key = visit(app), Passkey()
    asked = ask(browser, ANNA)
    enter(browser, asked, other_than(post.code()))
    enter(browser, asked, post.code())
    browser.get(TRAIL)
    browser.post("/staff/en/account/sign-out-others", data={"csrf_token": token_of(browser)})
    browser.post("/staff/en/sign-out", data={"csrf_token": token_of(browser)})
    by_name = enter_by_name(app, ANNA)
    register(by_name, key, "Anna's laptop")
    use(named(app), key, origin="https://example.com")
    use(named(app), key)
    by_name.post(f"{ACCOUNT}/passkey/1/remove", data={"csrf_token": token_of(by_name)})
    with app.app_context():
        service.set_role(ANNA, Role.ADMIN, clock.now())
        service.remove(ANNA, clock.now())

    of_rooms_above = ("enquiry.", "mail.", "words.", "policy.")
    assert set(trail(app)) == {action for action in audit.WORDS if not action.startswith(of_rooms_above)}
    for line in rows(app, Record):
        held = {name: value for name, value in vars(line).items() if name[0] != "_"}
        assert set(held) == {"id", "at", "member_id", "action", "subject"}
        assert {line.member_id, line.subject} <= {1, None}
        assert "anna" not in json.dumps(held, default=str).lower()


def test_its_lines_are_never_changed(app: Flask) -> None:
    fill(app, 2)
    before = [(line.id, line.action, line.at) for line in rows(app, Record)]
    is_sqlite = app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
    # SQLite refuses aloud; on PostgreSQL the change comes to nothing.
    refused = pytest.raises(IntegrityError, match="never changed") if is_sqlite else nullcontext()
    with app.app_context(), refused, database.write() as session:
        session.execute(update(Record).values(action="nothing"))
    assert [(line.id, line.action, line.at) for line in rows(app, Record)] == before


def test_what_the_trail_tells_of_is_undone_together_with_its_line(app: Flask, staff: Staff) -> None:
    staff.add(Role.SALES, ANNA)
    with app.app_context():
        with pytest.raises(service.BadMember):
            service.add(ANNA, Role.ADMIN, clock.now())
        with pytest.raises(service.UnknownMember):
            service.remove("no@example.com", clock.now())
    assert trail(app) == ["member.added"]


def test_an_admin_reads_who_did_what(staff: Staff) -> None:
    staff.add(Role.SALES, ANNA)
    admin = staff.signed_in(Role.ADMIN)
    page = admin.get(TRAIL)
    found = lines(page.text)
    assert [cells[1:] for cells in found] == [
        ["admin@example.com", "Signed in", "–"],
        ["nobody signed in", "A link to sign in was made by command", "admin@example.com"],
        ["nobody signed in", "An account was made by command", "admin@example.com"],
        ["nobody signed in", "An account was made by command", ANNA],
    ]
    assert all(cells[0].endswith("UTC") for cells in found)


def test_who_is_gone_stays_as_a_number(app: Flask, staff: Staff) -> None:
    staff.signed_in(Role.SALES, ANNA)
    with app.app_context():
        service.remove(ANNA, clock.now())
    page = staff.signed_in(Role.ADMIN).get(TRAIL)
    assert ANNA not in page.text
    assert "number 1, who is gone" in page.text
    assert ["nobody signed in", "An account was ended by command", "1"] in [
        cells[1:] for cells in lines(page.text)
    ]


def test_it_is_read_a_hundred_lines_at_a_time(app: Flask, staff: Staff) -> None:
    admin = staff.signed_in(Role.ADMIN)
    fill(app, 250)
    seen, path = [], TRAIL
    while path:
        page = admin.get(path).text
        seen.append(len(lines(page)))
        found = re.search(r'href="(/staff/en/trail\?before=\d+)"', page)
        path = found[1] if found else ""
    assert seen == [100, 100, 53]


@pytest.mark.parametrize("before", ["0", "1", "-5", "999999999", "2147483648", "9" * 40, "-" + "9" * 40])
def test_any_number_may_be_asked_for(staff: Staff, before: str) -> None:
    admin = staff.signed_in(Role.ADMIN)
    page = admin.get(TRAIL, query_string={"before": before})
    assert page.status_code == 200
    assert ("There is nothing older." in page.text) == (not before.startswith("9") and before != "2147483648")


@pytest.mark.parametrize("before", ["", "x", "1.5", "1;DROP"])
def test_what_is_no_number_is_no_page(staff: Staff, before: str) -> None:
    assert staff.signed_in(Role.ADMIN).get(TRAIL, query_string={"before": before}).status_code == 404


def test_lines_go_after_24_months(app: Flask) -> None:
    fill(app, 3, timedelta(days=732))
    fill(app, 2, timedelta(days=729))
    work(app)
    assert len(rows(app, Record)) == 2
    work(app)
    assert len(rows(app, Record)) == 2


def test_a_round_prunes_no_more_than_500(app: Flask) -> None:
    fill(app, 501, timedelta(days=800))
    work(app)
    assert len(rows(app, Record)) == 1


def test_chores_forget_sessions_that_are_over_and_old_requests(
    app: Flask, staff: Staff, client: Visitor, wall: Clock
) -> None:
    staff.signed_in(Role.SALES)
    ask(client, "nobody@example.com")
    work(app)
    assert (len(rows(app, Visit)), len(rows(app, Challenge)), len(rows(app, Mail))) == (1, 2, 1)
    wall.passes(minutes=60)
    work(app)
    assert (len(rows(app, Visit)), len(rows(app, Challenge))) == (0, 2)
    wall.passes(hours=47)
    work(app)
    assert len(rows(app, Challenge)) == 2
    wall.passes(seconds=1)
    work(app)
    assert rows(app, Challenge) == rows(app, Mail) == []
    assert len(rows(app, Member)) == 1


def test_a_round_forgets_no_more_than_100_requests(app: Flask, client: Visitor, wall: Clock) -> None:
    with app.app_context(), database.write() as session:
        for number in range(101):
            name = f"{number:032d}"
            kept = {"nonce": name, "link_sum": name, "code_sum": "", "address_key": name, "network": name}
            session.add(Challenge(**kept, asked=clock.now(), expires=clock.now()))
    wall.passes(hours=49)
    work(app)
    with app.app_context(), database.read() as session:
        assert session.scalar(select(func.count(Challenge.id))) == 1
    assert client.get(ACCOUNT).status_code == 401


def test_pages_are_not_shown_where_the_trail_takes_no_line(lone_app: Flask, lone_staff: Staff) -> None:
    browser = lone_staff.signed_in(Role.EDITOR)
    with lone_app.app_context(), database.write() as session:
        session.execute(delete(Record))
        session.connection().exec_driver_sql("ALTER TABLE staff_audit RENAME TO elsewhere")
    assert browser.get(TRAIL).status_code == 503
