"""Mixed traffic for a soak: every kind of visit, with what its answer must be."""

import random
import re
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from gzip import decompress
from html import unescape
from http.client import HTTPConnection, HTTPMessage
from itertools import count
from urllib.parse import urlencode

import brotli
from flask import Flask

from flexsmt_site.config import LANGUAGES
from tests.bench import programs
from tests.contact.form import FILLED_IN, token

#: Longer than the slowest answer of a busy machine.
PATIENCE_SECONDS = 30.0
_PAGES = ("", "privacy", "promises", "contact", "settings")
_ENCODINGS = ("br, gzip", "gzip, deflate, br", "gzip", "br;q=0, gzip", "", "identity;q=0, *")
_COOKIES = ("", "", "lang=ru", "lang=en; consent=aaaaa.1", 'a="b; consent=junk')
_ODD = ("PUT", "DELETE", "PATCH", "TRACE", "BREW")
_FORM = {"Content-Type": "application/x-www-form-urlencoded", "Origin": f"https://{programs.HOST}"}
_HTMX = {"HX-Request": "true"}
_STATIC = re.compile(r'(?:href|src)="(/static/[^"]+)"')
_TOKEN = re.compile(r'name="form_token"\s+value="([^"]*)"')


@dataclass(frozen=True)
class Reply:
    """An answer, unpacked."""

    status: int
    headers: HTTPMessage
    text: str


@dataclass
class Guest:
    """One client with one connection at a time; what it has seen so far is asked for again."""

    port: int
    app: Flask
    chance: random.Random
    numbers: "count[int]"
    language: str = "en"
    taken: list[str] = field(default_factory=list)
    etags: dict[tuple[str, str], str] = field(default_factory=dict)
    static: set[str] = field(default_factory=set)
    link: HTTPConnection | None = None

    def ask(self, path: str, form: dict[str, str] | None = None, method: str = "", **headers: str) -> Reply:
        """Ask on the connection that is open; raises what a broken one raises."""
        if self.link is None:
            self.link = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        named = {name.replace("_", "-"): value for name, value in headers.items() if value}
        named |= {"Host": programs.HOST} | (_FORM if form else {})
        body = urlencode(form) if form else None
        self.link.request(method or ("POST" if form else "GET"), path, body, named)
        answer = self.link.getresponse()
        raw = answer.read()
        packed = answer.headers.get("Content-Encoding", "") if raw else ""
        raw = brotli.decompress(raw) if packed == "br" else decompress(raw) if packed == "gzip" else raw
        return Reply(answer.status, answer.headers, raw.decode("utf-8", "replace"))

    def hang_up(self) -> None:
        """Leave; the next request comes on a connection of its own."""
        if self.link is not None:
            self.link.close()
        self.link = None

    def form(self, form_token: str) -> dict[str, str]:
        """Fill the form in as nobody has before."""
        number = next(self.numbers)
        return {**FILLED_IN, "description": f"Boards {number}: {number * 7}", "form_token": form_token}


def _amiss(guest: Guest, reply: Reply, *statuses: int) -> str:
    """Say what is wrong with an answer that should have one of these statuses and the guest's language."""
    if reply.status not in statuses:
        return f"{reply.status} instead of {statuses[0]}"
    said = reply.headers.get("Content-Language", "")
    # A 304 describes no body.
    is_right = reply.status == 304 or said == guest.language
    other = {"en": "ru", "ru": "en"}[guest.language]
    if not is_right or f'<html lang="{other}"' in reply.text:
        return f"{said} instead of {guest.language}"
    return ""


def page(guest: Guest) -> str:
    """Ask for a page, with what browsers and robots send along; now and then for one seen before."""
    path, accepts = f"/{guest.language}/{guest.chance.choice(_PAGES)}", guest.chance.choice(_ENCODINGS)
    etag = guest.etags.get((path, accepts), "") if guest.chance.random() < 1 / 3 else ""
    cookie = guest.chance.choice(_COOKIES)
    gpc = guest.chance.choice(("", "", "1"))
    reply = guest.ask(path, Accept_Encoding=accepts, Cookie=cookie, If_None_Match=etag, Sec_GPC=gpc)
    guest.etags[path, accepts] = reply.headers.get("ETag", "")
    guest.static |= set(_STATIC.findall(reply.text))
    return _amiss(guest, reply, *((200, 304) if etag else (200,)))


def static(guest: Guest) -> str:
    """Ask for a file that a page has named."""
    if not guest.static:
        return page(guest)
    path = guest.chance.choice(sorted(guest.static))
    reply = guest.ask(path, Accept_Encoding=guest.chance.choice(_ENCODINGS))
    is_kept = "immutable" in reply.headers.get("Cache-Control", "")
    return "" if reply.status == 200 and is_kept else f"{reply.status} for {path}"


def enquiry(guest: Guest) -> str:
    """Open the form, fill it in, and read that it was received; half of all came back to an old page."""
    shown = guest.ask(f"/{guest.language}/contact")
    found = _TOKEN.search(shown.text)
    if found is None:
        return f"{shown.status} and no form"
    with guest.app.app_context():
        form = guest.form(guest.chance.choice([unescape(found[1]), token(guest.language)]))
    headers = guest.chance.choice([{}, _HTMX])
    reply = guest.ask(f"/{guest.language}/contact", form, **headers)
    received = reply.headers.get("HX-Redirect" if headers else "Location", "")
    if reply.status != (200 if headers else 303) or not received:
        return f"{reply.status} for a form"
    guest.taken.append(received.rpartition("/")[2])
    return _amiss(guest, guest.ask(received), 200)


def refused(guest: Guest) -> str:
    """Send a form that lacks most of it; HTMX gets the form alone."""
    headers = guest.chance.choice([{}, _HTMX])
    reply = guest.ask(f"/{guest.language}/contact", {"first_name": "A", "city": "ы"}, **headers)
    if ("<html" in reply.text) == bool(headers):
        return f"{reply.status} with the wrong part"
    return _amiss(guest, reply, 422)


def part(guest: Guest) -> str:
    """Ask for a part as HTMX does, or refuse cookies with it."""
    path, form = guest.chance.choice(
        [
            ("/consent", {"decision": "reject", "next": f"/{guest.language}/"}),
            (f"/{guest.language}/contact", None),
        ]
    )
    reply = guest.ask(path, form, **_HTMX)
    return "a whole page" if "<html" in reply.text else _amiss(guest, reply, 200)


def nothing(guest: Guest) -> str:
    """Ask for what is not there, each time under another name."""
    where = guest.chance.choice((f"/{guest.language}/{{}}", f"/{guest.language}/privacy/{{}}?{{}}"))
    return _amiss(guest, guest.ask(where.format(next(guest.numbers), guest.chance.random())), 404)


def odd(guest: Guest) -> str:
    """Use a method that no page takes, or the name of another site."""
    if guest.chance.random() < 1 / 4:
        return _amiss(guest, guest.ask(f"/{guest.language}/", method="OPTIONS"), 200)
    reply = guest.ask(f"/{guest.language}/contact", method=guest.chance.choice(_ODD))
    return _amiss(guest, reply, 405)


def cut_request(guest: Guest) -> str:
    """Leave in the middle of a form."""
    words = f"POST /{guest.language}/contact HTTP/1.1\r\nHost: {programs.HOST}\r\nContent-Length: 900\r\n"
    _leave(
        guest,
        words + guest.chance.choice(("", "\r\nfirst_name=A&city=", "Content-Type: text/html\r\n\r\n")),
        0,
    )
    return ""


def cut_answer(guest: Guest) -> str:
    """Leave in the middle of a page."""
    words = f"GET /{guest.language}/privacy HTTP/1.1\r\nHost: {programs.HOST}\r\n\r\n"
    _leave(guest, words, guest.chance.choice((0, 1, 500)))
    return ""


def _leave(guest: Guest, words: str, taken: int) -> None:
    with socket.create_connection(("127.0.0.1", guest.port), PATIENCE_SECONDS) as link:
        # Half of them hang up in order, the others as if their network had gone.
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", guest.chance.randint(0, 1), 0))
        link.sendall(words.encode())
        with suppress(ConnectionError):
            if taken:
                link.recv(taken)


#: Every kind of visit, and how many of so many visits are of it.
VISITS: dict[Callable[[Guest], str], int] = {
    page: 50,
    static: 15,
    enquiry: 6,
    refused: 4,
    part: 6,
    nothing: 6,
    odd: 3,
    cut_request: 5,
    cut_answer: 5,
}


def visit(guest: Guest) -> tuple[str, str]:
    """Come once, in either language; return the kind of the visit and what was amiss."""
    (kind,) = guest.chance.choices(list(VISITS), list(VISITS.values()))
    guest.language = guest.chance.choice(LANGUAGES)
    if guest.chance.random() < 1 / 10:
        guest.hang_up()
    return kind.__name__, kind(guest)
