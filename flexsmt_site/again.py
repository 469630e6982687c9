"""What has just been answered, for whoever asks the same: in front of everything, for a moment.

The way to a kept page leads by its host, static files and all that tells pages apart. When many come at
once, most ask in the very same words: they get the same answer without the way. What nobody declares is
not looked at on that way, so it does not tell two requests apart here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Flask

from flexsmt_site import clock

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: So much later than without it a visitor may see what has been published.
MOMENT_SECONDS = 0.02
#: Far more than there are pages and kinds of visitors; a stranger's long cookies are not remembered.
_MOST_ANSWERS, _LONGEST_QUESTION = 500, 2_000
_ANSWER = "flexsmt_again_answer"
_READ = "flexsmt_again_read"

Question = tuple[Any, ...]


@dataclass(frozen=True)
class Answer:
    """A finished answer, as it is sent."""

    status: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def give(self, start_response: "StartResponse") -> Iterable[bytes]:
        """Send it."""
        start_response(self.status, list(self.headers))
        # Servers send a list whole; over anything else they go step by step.
        return [self.body]


class Again:
    """Answer what was asked within this moment; pass everything else on."""

    def __init__(self, app: "WSGIApplication", read: Iterable[str]) -> None:
        """Stand in front of ``app``, whose answers depend on what is ``read`` of a request."""
        self.app = app
        self.read = tuple(dict.fromkeys(read))
        # One thing, not two: several threads look at it.
        self.moment: tuple[float, dict[Question, Answer]] = (0.0, {})

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        question = tuple(map(environ.get, self.read))
        now, (end, answers) = clock.elapsed(), self.moment
        if now < end:
            known = answers.get(question)
            if known is not None:
                return known.give(start_response)
        else:
            _, answers = self.moment = now + MOMENT_SECONDS, {}
        said = self.app(environ, start_response)
        answer = environ.get(_ANSWER)
        if answer is not None and len(answers) < _MOST_ANSWERS and _is_short(question):
            # Among those of the moment that it began in: no older words outlast it.
            answers[question] = answer
        return said


def declare(app: Flask, *read: str) -> None:
    """Name what is looked at of a request on the way to a kept page of ``app``."""
    app.extensions[_READ] += read


def remember(environ: "WSGIEnvironment", answer: Answer) -> None:
    """Say what a request was answered with, if others who ask the same may have it."""
    environ[_ANSWER] = answer


def init_app(app: Flask) -> None:
    """Begin to hear what is declared."""
    app.extensions[_READ] = []


def stand_in_front(app: Flask) -> None:
    """Stand in front of all that has been built."""
    app.wsgi_app = Again(app.wsgi_app, app.extensions[_READ])  # type: ignore[method-assign]


def _is_short(question: Question) -> bool:
    return sum(len(said) for said in question if isinstance(said, str)) < _LONGEST_QUESTION
