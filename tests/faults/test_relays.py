from email import message_from_bytes

import pytest

from flexsmt_site import clock
from flexsmt_site.config import Settings
from flexsmt_site.outbox import service
from flexsmt_site.outbox.caught import list_caught
from flexsmt_site.outbox.rules import State
from tests.outbox.conftest import Box
from tests.outbox.test_concurrency import together

ROWS = 1000

pytestmark = pytest.mark.proof


@pytest.mark.parametrize("relays", [2, 4])
def test_of_a_thousand_mails_none_is_claimed_twice(box: Box, settings: Settings, relays: int) -> None:
    ids = [box.put(subject_key=key) for key in range(ROWS)]
    claimed = [int(number) for output in together(settings, "claims", relays) for number in output.split()]
    assert (len(claimed), sorted(claimed)) == (ROWS, ids)


@pytest.mark.parametrize("relays", [2, 4])
def test_of_a_thousand_mails_each_is_delivered_once(box: Box, settings: Settings, relays: int) -> None:
    names = {box.row(box.put(subject_key=key)).message_id for key in range(ROWS)}
    together(settings, "relay", relays)
    caught = [
        message_from_bytes(mail.raw)["Message-ID"] for mail in list_caught(box.folder / "mail", 2 * ROWS)
    ]
    assert (len(caught), set(caught)) == (ROWS, names)
    assert service.status(clock.now()).counts[State.ACCEPTED] == ROWS
