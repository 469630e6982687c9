import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flexsmt_site.outbox.catcher import Catcher
from flexsmt_site.outbox.rules import Answer, Step
from flexsmt_site.outbox.transport import Connection, Limits, Unreachable
from flexsmt_site.smtp_url import Security, SmtpTarget
from tests.outbox.conftest import LIMITS
from tests.outbox.servers import Script

RAW = b"Subject: hello\r\nMessage-ID: <1@example.com>\r\n\r\nText\r\n.dot\r\n"


def connect(target: SmtpTarget, limits: Limits = LIMITS) -> Connection:
    return Connection(target, "localhost", limits)


def deliver(connection: Connection, recipient: str = "sales@example.com") -> Answer:
    return connection.deliver("site@example.com", recipient, RAW, lambda: None)


def test_a_mail_arrives_unchanged_with_its_envelope(server: Catcher, script: Script) -> None:
    with connect(server.target) as connection:
        answer = deliver(connection)
    assert (answer.step, answer.code, answer.text) == (Step.DATA, 250, "Queued")
    assert script.got == [RAW]
    assert script.envelopes == [("site@example.com", ["sales@example.com"])]


def test_the_hook_runs_after_the_recipient_and_before_the_data(server: Catcher, script: Script) -> None:
    seen: list[list[str]] = []
    with connect(server.target) as connection:
        connection.deliver("a@example.com", "b@example.com", RAW, lambda: seen.append(list(script.commands)))
    assert seen == [["MAIL", "RCPT"]]
    assert script.commands == ["MAIL", "RCPT", "DATA"]


def test_what_the_hook_raises_keeps_the_mail_here(server: Catcher, script: Script) -> None:
    def refuse() -> None:
        raise KeyError

    with connect(server.target) as connection:
        with pytest.raises(KeyError):
            connection.deliver("a@example.com", "b@example.com", RAW, refuse)
        assert connection.reset()
        assert deliver(connection).is_accepted
    assert len(script.got) == 1


def test_a_refused_recipient_has_its_own_code(server: Catcher, script: Script) -> None:
    script.recipients = {"gone@example.com": "550 5.1.1 No such user"}
    with connect(server.target) as connection:
        assert deliver(connection, "gone@example.com") == Answer(Step.RECIPIENT, 550, "5.1.1 No such user")
        assert connection.reset()
        assert deliver(connection, "here@example.com").is_accepted


def test_a_refused_sender_ends_before_the_recipient(server: Catcher, script: Script) -> None:
    script.sender = ["451 Later"]
    with connect(server.target) as connection:
        assert deliver(connection) == Answer(Step.SENDER, 451, "Later")
    assert script.commands == ["MAIL"]


def test_a_refused_text_is_told_with_its_code(server: Catcher, script: Script) -> None:
    script.data = ["554 5.7.1 Spam"]
    with connect(server.target) as connection:
        assert deliver(connection) == Answer(Step.DATA, 554, "5.7.1 Spam")


def test_a_link_that_breaks_in_data_leaves_the_outcome_unknown(server: Catcher, script: Script) -> None:
    script.data = ["drop"]
    with connect(server.target) as connection:
        answer = deliver(connection)
        assert (answer.step, answer.code) == (Step.DATA, None)
        assert not connection.reset()


def test_silence_ends_at_its_limit(server: Catcher, script: Script) -> None:
    script.data = ["silence"]
    with connect(server.target, Limits(5, 3)) as connection:
        answer = deliver(connection)
    assert (answer.step, answer.code) == (Step.DATA, None)


def test_a_link_has_one_watchdog_however_many_mails_it_carries_and_none_at_its_end(server: Catcher) -> None:
    others = threading.active_count()
    with connect(server.target) as connection:
        counts = set()
        for _ in range(3):
            assert deliver(connection).is_accepted
            counts.add(threading.active_count() - others)
    deadline = time.monotonic() + 120
    while threading.active_count() > others and time.monotonic() < deadline:
        time.sleep(0.02)

    assert counts == {1}
    assert threading.active_count() == others


def test_each_step_has_its_whole_time_for_itself(server: Catcher, script: Script) -> None:
    script.data = ["pause", "pause"]
    with connect(server.target, Limits(5, 5)) as connection:
        assert [deliver(connection).is_accepted for _ in range(2)] == [True] * 2


@contextmanager
def listener(greeting: bytes, drip: bytes = b"") -> Iterator[SmtpTarget]:
    """A server that greets, and then drips its answer to the first command."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            link, _ = server.accept()
            with link:
                link.sendall(greeting)
                while drip and not done.wait(0.05):
                    try:
                        link.sendall(drip)
                    except OSError:
                        return
                done.wait(5)

        thread = threading.Thread(target=serve)
        thread.start()
        yield SmtpTarget(Security.PLAIN, *server.getsockname())
        done.set()
        thread.join()


def test_a_server_that_drips_is_left_in_time() -> None:
    with (
        listener(b"220 hello\r\n", b"2") as target,
        pytest.raises(Unreachable),
        connect(target, Limits(5, 0.4)),
    ):
        pass


def test_a_server_that_does_not_greet_is_left_in_time() -> None:
    with (
        listener(b"") as target,
        pytest.raises(Unreachable, match="connect"),
        connect(target, Limits(0.2, 1)),
    ):
        pass


def test_a_server_that_is_busy_says_so_with_its_code() -> None:
    with listener(b"421 busy\r\n") as target, pytest.raises(Unreachable, match="421"), connect(target):
        pass


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreachable, match="connect"), connect(SmtpTarget(Security.PLAIN, "127.0.0.1", port)):
        pass


def test_a_connection_is_used_inside_with_only(server: Catcher) -> None:
    with pytest.raises(RuntimeError, match="with"):
        deliver(connect(server.target))
