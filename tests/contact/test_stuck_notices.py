from datetime import timedelta

import pytest
from sqlalchemy import event, update

from flexsmt_site import clock, database
from flexsmt_site.contact import desk
from flexsmt_site.extensions import db
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.rules import State
from tests.contact.form import Form, body_of, take

WORDS = {
    "sales-en@example.com": "Notices of these enquiries have not arrived: ",
    "sales-ru@example.com": "Уведомления об этих обращениях не дошли: ",
}


def _set(subject_key: int, **values: object) -> None:
    with database.write() as session:
        session.execute(update(Mail).where(Mail.subject_key == subject_key).values(**values))


def _told(form: Form, kind: str = "plain") -> dict[str, str]:
    """What the newest notice to each recipient says of notices that have not arrived."""
    newest = {mail.recipient: body_of(mail, kind) for mail in form.mails()}
    return {
        address: text.partition(WORDS[address])[2].split("\n")[0].removesuffix("</p>")
        for address, text in newest.items()
    }


@pytest.mark.parametrize("state", [State.FAILED, State.DEAD, State.UNCERTAIN, State.BOUNCED])
def test_the_next_notice_names_enquiries_whose_own_has_stopped(form: Form, state: State) -> None:
    stopped = take(clock.now())
    _set(1, state=state)
    take(clock.now())

    for kind in ("plain", "html"):
        assert set(_told(form, kind).values()) == {stopped}


def test_it_names_those_that_wait_for_long_newest_first(form: Form) -> None:
    waiting = [take(clock.now()), take(clock.now())]
    for key in (1, 2):
        _set(key, created=clock.now() - timedelta(minutes=16))
    take(clock.now())

    assert set(_told(form).values()) == {f"{waiting[1]}, {waiting[0]}"}


def test_it_names_nothing_while_all_is_well(form: Form) -> None:
    take(clock.now())
    _set(1, state=State.ACCEPTED)
    take(clock.now())

    assert set(_told(form).values()) == {""}
    assert not any(words in body_of(mail) for mail in form.mails() for words in WORDS.values())


def test_it_names_no_enquiry_that_was_erased(form: Form) -> None:
    erased = take(clock.now())
    _set(1, state=State.FAILED)
    desk.erase(desk.get_entry(erased))
    take(clock.now())

    assert set(_told(form).values()) == {""}


def test_a_released_notice_names_them_too(form: Form) -> None:
    held = take(clock.now(), trap="x")
    stopped = take(clock.now())
    _set(2, state=State.FAILED)
    desk.release(desk.get_entry(held), clock.now())

    assert set(_told(form).values()) == {stopped}


@pytest.mark.usefixtures("form")
def test_they_are_looked_for_before_the_transaction_that_others_wait_for() -> None:
    statements: list[str] = []

    def note(connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        assert hasattr(connection, "get_execution_options")
        if connection.get_execution_options().get("write"):
            statements.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    take(clock.now())
    assert any(statement.startswith("INSERT INTO enquiry") for statement in statements)
    assert not any("max(outbox.id)" in statement for statement in statements)
