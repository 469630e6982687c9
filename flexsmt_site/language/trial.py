"""The last look at words before visitors get them: pages are made of them on trial.

Features above declare what they render; see ``declare``.
"""

from collections.abc import Callable, Iterable, Iterator

from flask import Flask, current_app

from flexsmt_site.language import packing, words

#: Renders something in the words at hand; yields what is wrong with it, or raises.
Probe = Callable[[], Iterable[str]]

_PROBES = "flexsmt_language_probes"


def init_app(app: Flask) -> None:
    """Give an app its list of probes."""
    app.extensions[_PROBES] = []


def declare(app: Flask, probe: Probe) -> None:
    """Have ``probe`` run whenever words are about to be published, with these words at hand.

    It runs within the context of the app, in a request of its own if it makes one, and in no transaction.
    """
    app.extensions[_PROBES].append(probe)


def faults(raw: bytes) -> Iterator[str]:
    """Try a release that nobody has seen yet; raises ``BrokenRelease`` where it can not even be read."""
    found = words.unpacked(packing.read(raw), words.shelf(current_app).shipped)
    probes: list[Probe] = current_app.extensions[_PROBES]
    with words.using(found):
        for probe in probes:
            try:
                yield from probe()
            except Exception as error:  # noqa: BLE001 (whatever fails on trial would fail for visitors)
                yield f"a page can not be made of these words ({type(error).__name__}: {error})"
