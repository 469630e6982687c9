"""Many visitors who have chosen, have not, or send what looks like it, and what they ask for."""

import random
import re
from collections.abc import Iterator

from flexsmt_site.consent.rules import Standing
from tests.consent.nginx import Asked, Headers, ProxiedSite

SEED = 20261122
REQUESTS = 1000
PAGES = [f"/{language}/{page}" for language in ("en", "ru") for page in ("", "privacy", "promises")]
#: Never kept: the form, the choice itself, its proof, what chooses a language, and what is not there.
OTHERS = ["/en/contact", "/ru/settings", "/consent/en/receipt", "/", "/ru/nothing"]
BROWSER = ("Accept-Encoding", "gzip, deflate, br")
GPC = ("Sec-GPC", "1")
#: A choice as some release would write it.
WRITTEN = re.compile(r"(^|; ?)(__Host-)?consent=[a-z2-7]{5}\.[01]{1,6}(;|$)")


def decided(site: ProxiedSite, decision: str) -> str:
    """The cookie that a real decision leaves, as ``name=value``."""
    answer = Asked("/consent", method="POST", body=f"decision={decision}&next=/en/").of(site.port)
    return next(value.partition(";")[0] for name, value in answer.headers if name == "set-cookie")


def undecided(accepted: str) -> list[str]:
    """What may stand in a Cookie header without being a choice."""
    value = accepted.removeprefix("consent=")
    version = value.partition(".")[0]
    return [
        *("consent", "consent=", f"consent={version}", f"consent={version}.", f"consent={version[:4]}"),
        *(f"consent={version}.2", f"{accepted}1", f"{accepted}x", f"{accepted} ; a=b", f"{accepted},a=b"),
        *("consent=aaaaa.1", "consent=aaaaa.0", f"consent={version.upper()}.1", f"consent={version}%2E1"),
        *(f'consent="{value}"', f"consent= {value}", f"consent ={value}", f"Consent={value}"),
        *(f"__Host-consent={value}", f"xconsent={value}", f"a=b,{accepted}", f"a={accepted}"),
        *(
            f"consent={version}.{'1' * 8192}",
            f"consent={'x' * 8192}",
            f"a=b;  {accepted}",
            f"a=b;\t{accepted}",
        ),
        *(";;;", "=", "lang=ru; a", f"{accepted}\t; a=b", f"a=б; {accepted}".encode().decode("latin-1")),
    ]


def around(choice: str) -> list[Headers]:
    """Headers that hold a choice: with other cookies, beside a worthless one, and in two lines."""
    lines = [choice, f"lang=ru; {choice}", f"a=b;{choice};c=d", f"{choice};", f"consent=aaaaa.1; {choice}"]
    lines += [f"{choice}; consent=", f"__Host-consent=aaaaa.0; {choice}", f"a='{{}}()<>\"; {choice} "]
    return [
        *((("Cookie", line),) for line in lines),
        (("Cookie", "lang=en"), ("Cookie", choice)),
        (("Cookie", choice), ("Cookie", "consent=junk")),
    ]


def everybody(refused: str, accepted: str) -> dict[Standing, list[Headers]]:
    """Every kind of visitor by the page that is theirs; of two choices the first counts."""
    nobody: list[Headers] = [
        (),
        (("Cookie", "lang=ru"),),
        *((("Cookie", junk),) for junk in undecided(accepted)),
    ]
    yes = [*around(accepted), (("Cookie", f"{accepted}; {refused}"),)]
    no = [*around(refused), (("Cookie", f"{refused}; {accepted}"),)]
    unclear: list[Headers] = [(("Sec-GPC", value),) for value in ("0", "true", "1, 1", "")]
    return {
        Standing.UNDECIDED: nobody + unclear,
        Standing.GPC: [(GPC, *headers) for headers in nobody],
        Standing.REFUSED: no + [(GPC, *headers) for headers in no],
        Standing.ACCEPTED: yes + [(*headers, GPC) for headers in yes],
    }


def is_sure(standing: Standing, headers: Headers) -> bool:
    """Tell whether these headers mean the same to every release, or nothing to any."""
    cookies = "; ".join(value for name, value in headers if name == "Cookie")
    if standing in (Standing.REFUSED, Standing.ACCEPTED):
        return GPC not in headers and cookies.count("consent=") == 1
    return not WRITTEN.search(cookies)


def visits(people: dict[Standing, list[Headers]]) -> Iterator[tuple[Asked, Standing, bool]]:
    """Yield requests in an order that the seed decides, who asks, and whether the cache may answer."""
    die = random.Random(SEED)
    for _ in range(REQUESTS):
        standing = die.choice(list(people))
        # Every other visitor is the plain one of its kind, as most are.
        plain, *odd = people[standing]
        headers = (BROWSER, *die.choice([plain, die.choice(odd)]))
        is_plain = all(re.fullmatch("[ -~]*", value) for _, value in headers)
        page, kind = die.choice(PAGES), die.random()
        if kind < 0.05:
            yield Asked(page, (*headers, ("HX-Request", die.choice(["true", "0"])))), standing, False
        elif kind < 0.1:
            yield Asked(f"{page}?{die.choice(['a=b', '0', ''])}", headers), standing, False
        elif kind < 0.2:
            yield Asked(die.choice(OTHERS), headers), standing, False
        else:
            yield (
                Asked(page, headers, "HEAD" if kind < 0.25 else "GET"),
                standing,
                is_plain and is_sure(standing, headers),
            )
