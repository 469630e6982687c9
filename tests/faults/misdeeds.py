"""What a faulty server may do instead of answering as usual."""

from tests.faults.faulty import PATIENCE, Act, Gone, Talk

_DRIP = 0.02
_FLOOD = 64 * 1024 * 1024


def says(reply: bytes) -> Act:
    """Answer with these bytes."""
    return lambda talk: talk.send(reply)


def drops(last_words: bytes = b"") -> Act:
    """Say this, and hang up."""

    def act(talk: Talk) -> None:
        talk.send(last_words)
        raise Gone

    return act


def breaks_off(talk: Talk) -> None:
    """Ask for the text, and hang up in the middle of it."""
    talk.send(b"354 go on\r\n")
    talk.receive()
    raise Gone


def falls_silent(talk: Talk) -> None:
    """Say nothing until the client has left."""
    try:
        while True:
            talk.receive()
    except TimeoutError:
        talk.outlast()


def stops_reading(talk: Talk) -> None:
    """Ask for the text, and read nothing of it."""
    talk.send(b"354 go on\r\n")
    if talk.server.closing.wait(PATIENCE):
        raise Gone
    talk.outlast()


def drips(reply: bytes) -> Act:
    """Say this a byte at a time, over and over, until the client has left."""

    def act(talk: Talk) -> None:
        for number in range(int(PATIENCE / _DRIP)):
            talk.send(reply[number % len(reply) :][:1])
            if talk.server.closing.wait(_DRIP):
                raise Gone
        talk.outlast()

    return act


def floods(line: bytes) -> Act:
    """Say this line without end, until the client has left."""

    def act(talk: Talk) -> None:
        block = line * (65536 // len(line) + 1)
        for _ in range(_FLOOD // len(block)):
            talk.send(block)
        talk.outlast()

    return act
