from datetime import timedelta

import pytest
from flask import Flask

from flexsmt_site import clock
from flexsmt_site.config import settings
from flexsmt_site.staff import audit, checks, service
from flexsmt_site.staff.rules import Role
from tests.staff.members import Staff


def found(app: Flask) -> tuple[str, str]:
    """Severity and words of what doctor finds."""
    with app.app_context():
        (finding,) = checks.accounts(settings())
    return finding.level, finding.what


def test_doctor_says_that_nobody_can_open_the_inbox(app: Flask, staff: Staff) -> None:
    said = "nobody can open the inbox: enquiries are in the mail alone"
    assert found(app) == ("warning", said)
    staff.add(Role.EDITOR)
    assert found(app) == ("warning", said)


@pytest.mark.parametrize("role", [Role.SALES, Role.ADMIN])
def test_doctor_says_that_somebody_can_open_the_inbox(app: Flask, staff: Staff, role: Role) -> None:
    staff.add(role)
    assert found(app) == ("ok", "the inbox can be opened")


def test_doctor_tells_of_many_wrong_codes_within_a_day(within: Flask) -> None:
    assert within
    now = clock.now()
    for number in range(50):
        assert list(checks.guesses(settings())) == []
        audit.write("sign-in.refused", member_id=None, subject=None, now=now - number * timedelta(minutes=1))
    audit.write("sign-in.refused", member_id=None, subject=None, now=now - timedelta(days=2))
    (finding,) = checks.guesses(settings())
    assert (finding.level, finding.what) == ("warning", "50 wrong codes were tried within a day")


def test_a_role_is_staffed_by_who_may_do_its_work(within: Flask, staff: Staff) -> None:
    assert within
    assert not service.is_staffed(Role.SALES)
    staff.add(Role.EDITOR)
    assert not service.is_staffed(Role.SALES)
    staff.add(Role.ADMIN)
    assert service.is_staffed(Role.SALES)
    assert service.is_staffed(Role.PUBLISHER)
