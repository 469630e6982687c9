from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from flexsmt_site import clock, database
from flexsmt_site.outbox.models import Mail
from flexsmt_site.staff import service
from flexsmt_site.staff.models import Member
from flexsmt_site.staff.rules import Role
from tests.ground.visitors import visit
from tests.staff.entrance import ask, rows
from tests.staff.members import Staff

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(app: Flask) -> Run:
    """Run a command of the staff; returns exit status, output and errors."""

    def call(*arguments: str, typed: str = "") -> tuple[int, str, str]:
        found = app.test_cli_runner().invoke(args=["staff", *arguments], input=typed)
        return found.exit_code, found.stdout, found.stderr

    return call


def test_add_names_the_address_the_role_and_where_to_sign_in(app: Flask, run: Run) -> None:
    code, output, _ = run("add", " Anna@Example.com ", "--role", "sales")
    assert (code, output) == (
        0,
        "anna@example.com is on the staff as sales, and signs in at http://127.0.0.1:8000/staff/en/sign-in\n",
    )
    (member,) = rows(app, Member)
    assert (member.address, member.role) == ("anna@example.com", Role.SALES)


@pytest.mark.parametrize(
    "written", ["anna", "anna@", "@example.com", "анна@example.com", "a b@example.com", ""]
)
def test_add_refuses_what_is_no_address(app: Flask, run: Run, written: str) -> None:
    code, _, errors = run("add", written, "--role", "sales")
    assert code == 1
    assert f"Error: {written} is no e-mail address such as name@example.com: " in errors
    assert rows(app, Member) == []


def test_add_refuses_a_second_account_for_one_address_and_says_what_to_do(app: Flask, run: Run) -> None:
    run("add", "anna@example.com", "--role", "sales")
    code, _, errors = run("add", "ANNA@example.com", "--role", "admin")
    assert code == 1
    assert errors == (
        "Error: anna@example.com is on the staff already: `flexsmt staff role` changes what it is there for\n"
    )
    assert [member.role for member in rows(app, Member)] == [Role.SALES]


def test_roles_are_known_and_have_to_be_named(run: Run) -> None:
    assert run("add", "anna@example.com")[0] == 2
    assert "'boss' is not one of" in run("add", "anna@example.com", "--role", "boss")[2]


def test_list_says_how_to_begin_where_there_is_nobody(run: Run) -> None:
    assert run("list") == (
        0,
        "nobody is on the staff: `flexsmt staff add ADDRESS --role admin` makes the first account\n",
        "",
    )


def test_list_shows_each_account_with_its_keys_and_session(staff: Staff, run: Run) -> None:
    staff.signed_in(Role.SALES, "zoe@example.com")
    staff.add(Role.ADMIN, "an@example.com")
    first, second = run("list")[1].splitlines()
    assert first == "an@example.com   admin      passkeys: 0  not signed in"
    assert second.startswith("zoe@example.com  sales      passkeys: 0  signed in, used 20")
    assert second.endswith(" UTC")


def test_a_role_is_changed(app: Flask, staff: Staff, run: Run) -> None:
    staff.add(Role.SALES)
    assert run("role", "Sales@Example.com", "admin")[:2] == (
        0,
        "sales@example.com is admin and has to sign in again\n",
    )
    assert [member.role for member in rows(app, Member)] == [Role.ADMIN]


@pytest.mark.parametrize(
    "arguments",
    [("role", "no@example.com", "admin"), ("remove", "no@example.com", "--yes"), ("link", "no@example.com")],
)
def test_who_is_not_on_the_staff_is_said_to_be_so(run: Run, arguments: tuple[str, ...]) -> None:
    code, output, errors = run(*arguments)
    assert (code, output) == (1, "")
    assert errors == (
        "Error: nobody on the staff has the address no@example.com: `flexsmt staff list` shows all\n"
    )


def test_an_account_is_ended_after_a_question(app: Flask, staff: Staff, run: Run) -> None:
    staff.signed_in(Role.SALES)
    assert run("remove", "sales@example.com", typed="n\n")[0] == 1
    assert len(rows(app, Member)) == 1
    code, output, _ = run("remove", "sales@example.com", typed="y\n")
    assert code == 0
    assert output.endswith("sales@example.com is on the staff no longer\n")
    assert rows(app, Member) == []


def test_with_an_account_go_the_mails_that_name_its_address(app: Flask, staff: Staff, run: Run) -> None:
    staff.add(Role.SALES)
    ask(visit(app), "sales@example.com")
    ask(visit(app), "else@example.com")
    assert len(rows(app, Mail)) == 2
    run("remove", "sales@example.com", "--yes")
    assert [mail.recipient for mail in rows(app, Mail)] == ["nobody@localhost"]


def test_the_number_of_an_account_is_never_given_twice(app: Flask, staff: Staff, run: Run) -> None:
    staff.add(Role.SALES)
    before = rows(app, Member)[0].id
    run("remove", "sales@example.com", "--yes")
    staff.add(Role.SALES)
    assert rows(app, Member)[0].id > before


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_printed_link_signs_in(staff: Staff, run: Run, language: str) -> None:
    staff.add(Role.SALES)
    code, output, errors = run("link", "sales@example.com", "--language", language)
    assert (code, errors) == (0, "good for 10 minutes, and once\n")
    assert output.startswith(f"http://127.0.0.1:8000/staff/{language}/sign-in/link/")
    assert output.count("\n") == 1


def test_commands_say_so_where_the_database_does_not_answer(lone_app: Flask) -> None:
    with lone_app.app_context(), database.write() as session:
        session.connection().exec_driver_sql("DROP TABLE staff_passkey")
    found = lone_app.test_cli_runner().invoke(args=["staff", "list"])
    assert found.exit_code == 1
    assert found.exception is None or isinstance(found.exception, SystemExit)


def test_names_leave_out_who_is_gone(within: Flask, staff: Staff) -> None:
    first, second = (staff.add(Role.SALES, f"{name}@example.com") for name in ("a", "b"))
    with database.read() as session:
        numbers = list(session.scalars(select(Member.id).order_by(Member.id)))
    service.remove(first, clock.now())
    assert within
    assert service.names([*numbers, numbers[1], 4711]) == {numbers[1]: second}
    assert service.names([]) == {}


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        (" Anna@Example.COM ", "anna@example.com"),
        ("anna@ПРИМЕР.example.com", "anna@xn--e1afmkfd.example.com"),
        ("No Address ", "no address"),
    ],
)
@pytest.mark.usefixtures("within")
def test_an_address_is_spelled_in_one_way(written: str, spelled: str) -> None:
    assert service.spelled(written) == spelled
