import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.faults.outbox_machine import OutboxMachine
from tests.outbox.conftest import Box

#: Examples and steps of each.
FEW = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    # A shrunk example would take minutes: each step is a transaction.
    phases=[Phase.explicit, Phase.generate],
)
MANY = settings(FEW, max_examples=300, stateful_step_count=50, derandomize=False, database=None)


@pytest.mark.usefixtures("box")
def test_no_order_of_events_loses_or_doubles_a_mail() -> None:
    run_state_machine_as_test(OutboxMachine, settings=FEW)


@pytest.mark.proof
def test_no_order_of_events_loses_or_doubles_a_mail_in_many_tries(box: Box) -> None:
    assert box.unwanted == set()
    run_state_machine_as_test(OutboxMachine, settings=MANY)
