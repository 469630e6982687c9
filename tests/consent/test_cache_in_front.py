import gzip
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import brotli
import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from flexsmt_site import create_app
from flexsmt_site.consent import rules, service
from flexsmt_site.consent.rules import Standing
from tests.conftest import make_settings
from tests.consent.nginx import KEPT, Answered, Asked, Headers, Nginx, ProxiedSite, program
from tests.consent.upstream import Upstream
from tests.consent.visits import PAGES, REQUESTS, SEED, decided, everybody, visits


def test_a_cookie_header_is_read_as_by_hand() -> None:
    version, purposes = "abcde", ("news", "preferences")
    pieces = ["consent", "__Host-consent", "=", version, ".", "0", "1", "01", ";", "; ", " ", '"', "consent="]
    pieces += [f"consent={version}.{signs}" for signs in ("01", "11", "0", "011", "0x")]
    no_line_ends = st.text(st.characters(exclude_characters="\0\r\n"), max_size=4)

    @given(st.lists(st.sampled_from(pieces) | no_line_ends, max_size=12).map("".join))
    def is_read_as_by_hand(header: str) -> None:
        assert rules.read(header, "consent", version, purposes) == _by_hand(header, version, purposes)

    is_read_as_by_hand()


def _by_hand(header: str, version: str, purposes: Sequence[str]) -> frozenset[str] | None:
    first, *others = header.split(";")
    for cookie in (first, *(other.removeprefix(" ") for other in others)):
        name, _, value = cookie.partition("=")
        written, _, signs = value.partition(".")
        if (name, written, len(signs)) == ("consent", version, len(purposes)) and set(signs) <= set("01"):
            return frozenset(key for key, sign in zip(purposes, signs, strict=True) if sign == "1")
    return None


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxiedSite]:
    assert program()
    with ProxiedSite(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture
def nginx(site: ProxiedSite) -> Iterator[Nginx]:
    """In front of the site, with a cache that forgets nothing while a test counts."""
    with Nginx(site.port, site.cache_map(), KEPT) as running:
        yield running


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture
def shipped(upstream: Upstream) -> Iterator[Nginx]:
    """As it is shipped, in front of a server that says what the site does not."""
    printed = 'map "" $consent_choice { default ""; }\nmap "" $consent_variant { default one; }\n'
    with Nginx(upstream.port, printed) as running:
        yield running


@pytest.mark.proof
def test_nobody_gets_the_page_of_somebody_who_chose_otherwise(site: ProxiedSite, nginx: Nginx) -> None:
    people = everybody(decided(site, "reject"), decided(site, "accept"))
    seen: Counter[str] = Counter()
    kept: set[tuple[str, Standing]] = set()
    for asked, standing, may_be_kept in visits(people):
        cached, itself = asked.of(nginx.port), asked.of(site.port)
        expected = ("HIT" if (asked.path, standing) in kept else "MISS") if may_be_kept else cached.cache
        kept |= {(asked.path, standing)} if may_be_kept else set()
        seen[cached.cache if may_be_kept else "passed by"] += 1

        assert _said(asked, cached) == _said(asked, itself), f"{asked} got what is not its own"
        assert (cached.cache == "HIT") <= may_be_kept, f"{asked} must not be kept"
        assert cached.cache == expected, f"{asked}, {standing}"
        assert cached.cache != "HIT" or not cached.header("Set-Cookie")

    assert (seen["MISS"], nginx.kept()) == (len(kept), len(PAGES) * len(Standing))
    assert seen["HIT"] == REQUESTS - seen["passed by"] - len(kept)
    assert nginx.log == ""


@pytest.mark.proof
def test_an_outdated_map_mixes_nobody_up(site: ProxiedSite) -> None:
    refused, accepted = decided(site, "reject"), decided(site, "accept")
    version = accepted[len("consent=") :].partition(".")[0]
    everyone = [one for each in everybody(refused, accepted).values() for one in each]
    random.Random(SEED).shuffle(everyone)
    with Nginx(site.port, site.cache_map().replace(version, "aaaaa"), KEPT) as nginx:
        for headers in everyone:
            asked = Asked("/en/", headers)

            assert asked.of(nginx.port).said == asked.of(site.port).said, headers
        assert nginx.kept() >= 2


def _said(asked: Asked, answer: Answered) -> object:
    """What the site said; the form's token is another one each time."""
    return answer.status if asked.path.endswith("/contact") else answer.said


@pytest.mark.proof
@pytest.mark.parametrize("base", ["http://127.0.0.1", "https://127.0.0.1"])
def test_nginx_reads_a_choice_as_the_site_does(base: str, tmp_path: Path, upstream: Upstream) -> None:
    app = create_app(make_settings(tmp_path, BASE_URL=base))
    printed = app.test_cli_runner().invoke(args=["consent", "cache-map"]).stdout
    with Nginx(upstream.port, printed) as nginx:
        found = [(_standing(app, headers), nginx.variant(*headers), headers) for headers in _junk(printed)]

    assert [one for one in found if one[0] != one[1]] == []
    assert {one[0] for one in found} == set(Standing)


def _junk(printed: str) -> Iterator[Headers]:
    """Yield headers made of pieces of the real one: some are right by chance."""
    die = random.Random(SEED)
    name = "__Host-consent" if "__Host" in printed else "consent"
    version = re.findall(r"=(\w{5})\\\.", printed)[0]
    right = [f"{name}={version}.{sign}" for sign in "01"]
    pieces = [*right * 3, name, "consent=", f"{name}={version}", version, ".", "1", "0", "a=b", '"', "\xe9"]
    glue = [";", "; ", ";  ", " ;", "", ",", "\t", "; "]
    for _ in range(200):
        line = "".join(die.choice(pieces) + die.choice(glue) for _ in range(die.randint(1, 6)))
        gpc = die.choice([None, "1", "1", "0", "11", "1 1"])
        yield (("Cookie", line.strip(" ")), *([("Sec-GPC", gpc)] if gpc else []))


def _standing(app: Flask, headers: Headers) -> Standing:
    given_headers = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers}
    with app.test_request_context("/en/", environ_overrides=given_headers):
        return service.current().standing


@pytest.mark.proof
def test_a_choice_reaches_the_site_each_time(site: ProxiedSite, nginx: Nginx) -> None:
    asked = Asked("/consent", method="POST", body="decision=reject&next=/ru/")
    answers = [asked.of(nginx.port) for _ in range(2)]

    assert [(answer.status, answer.cache) for answer in answers] == [(303, "")] * 2
    assert all(answer.header("Set-Cookie").startswith(decided(site, "reject")) for answer in answers)


@pytest.mark.proof
def test_a_static_file_comes_in_an_encoding_that_the_visitor_takes(site: ProxiedSite, nginx: Nginx) -> None:
    page = Asked("/en/").of(site.port).body.decode()
    path = re.findall(r'href="(/static/[^"]+\.css)"', page)[0]
    plain = Asked(path).of(site.port).body
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, "": bytes}
    wanted = {"gzip, deflate, br": "br", "gzip": "gzip", "": "", "br;q=0, gzip": "gzip", "gzip;q=0": ""}
    for accepted, encoding in [*wanted.items(), *wanted.items()]:
        answer = Asked(path, (("Accept-Encoding", accepted),)).of(nginx.port)

        assert answer.header("Content-Encoding") == encoding, accepted
        assert unpack[encoding](answer.body) == plain
    assert nginx.kept() == len(unpack)


@pytest.mark.proof
@pytest.mark.parametrize(
    ("status", "header", "value"),
    [
        *((200, "Set-Cookie", "a=b"), (404, "X-Some", "header"), (500, "X-Some", "header")),
        *((200, "Cache-Control", "private, max-age=60"), (200, "Cache-Control", "no-cache, public")),
    ],
)
def test_what_is_not_for_everybody_is_not_kept(
    shipped: Nginx, upstream: Upstream, status: int, header: str, value: str
) -> None:
    upstream.status, upstream.headers = status, upstream.headers | {header: value}
    answers = [Asked("/en/").of(shipped.port).cache for _ in range(3)]

    assert (answers, upstream.asked, shipped.kept()) == (["MISS"] * 3, 3, 0)


@pytest.mark.proof
def test_a_page_is_less_than_two_seconds_old_or_is_not_shown(shipped: Nginx, upstream: Upstream) -> None:
    upstream.headers["Cache-Control"] = "public, max-age=3600"
    # So often that each process of nginx has the page open.
    first = [Asked("/en/").of(shipped.port) for _ in range(20)]
    upstream.body = "second"
    time.sleep(2)
    second = [Asked("/en/").of(shipped.port) for _ in range(20)]
    upstream.__exit__()
    time.sleep(2)

    assert ({one.body for one in first}, {one.body for one in second}) == ({b"first"}, {b"second"})
    assert [one.cache for one in (first[0], second[0])] == ["MISS", "EXPIRED"]
    assert "HIT" in {one.cache for one in first} & {one.cache for one in second}
    assert Asked("/en/").of(shipped.port).status == 502


@pytest.mark.proof
def test_the_site_is_told_who_asks_by_nginx_alone(shipped: Nginx, upstream: Upstream) -> None:
    forged = (("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Proto", "https"), ("Sec_GPC", "1"))
    Asked("/en/", (*forged, ("Cookie", "a=b"), ("Cookie", "c=d"))).of(shipped.port)

    told = {"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http", "cookie": "a=b; c=d"}
    assert dict(upstream.seen) == {"host": "127.0.0.1", **told}
    assert len(upstream.seen) == len(dict(upstream.seen))
