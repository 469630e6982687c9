"""The words that the project lacks, packed to be taken away: its files as they should be, or a patch."""

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath

from flexsmt_site.language import exporting, overlay

File = tuple[PurePosixPath, bytes, bytes]


@dataclass(frozen=True)
class Bundle:
    """A kind of file to take away."""

    mimetype: str
    pack: Callable[[Sequence[File]], bytes]


@dataclass(frozen=True)
class Amount:
    """How many texts differ from the project's, and how many words no file of it has a place for."""

    differing: int
    gone: int


def files(*, drafts: bool) -> list[File]:
    """Return each file that changes: its path, its bytes and what they should be.

    Raises ``DatabaseUnavailable`` and ``overlay.BrokenCatalogue``.
    """
    return list(exporting.changed(exporting.wanted(drafts=drafts)))


def amount(*, drafts: bool) -> Amount:
    """Count what ``files`` would bring; raises what it does."""
    wanted = exporting.wanted(drafts=drafts)
    values = {text: overlay.find(text) for text in wanted}
    differing = sum(value is not None and value.strings != wanted[text] for text, value in values.items())
    return Amount(differing, sum(value is None for value in values.values()))


def _zipped(found: Sequence[File]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for path, _before, after in found:
            made.writestr(str(path), after)
    return out.getvalue()


KINDS = {
    "zip": Bundle("application/zip", _zipped),
    "patch": Bundle("text/x-patch", exporting.patch),
}
