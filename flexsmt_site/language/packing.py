"""A release of words as the bytes of one file: compiled catalogues, and on which version they were made.

Pure: no Flask, no database. The same catalogues of the same version give the same bytes.
"""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO

from babel.support import Translations

from flexsmt_site.config import LANGUAGES

#: What may be published while the site serves. The policy's words go live with its version alone.
DOMAINS = ("messages", "mail")
_ABOUT = "about.json"
#: Every plural form of either language stands for some number below this.
_NUMBERS = range(126)


class BrokenRelease(ValueError):
    """The bytes are no release, or a catalogue in them is damaged."""


@dataclass(frozen=True)
class Packed:
    """A release as it was read; ``version`` names the version of the site whose texts it has words for."""

    name: str
    version: str
    catalogues: Mapping[tuple[str, str], Translations]


def pack(compiled: Mapping[tuple[str, str], bytes], version: str) -> bytes:
    """Pack compiled catalogues by domain and language; raises ``BrokenRelease`` on what cannot be read."""
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for (domain, language), body in sorted(compiled.items()):
            _loaded(body)
            made.writestr(zipfile.ZipInfo(f"{language}/{domain}.mo"), body)
        made.writestr(zipfile.ZipInfo(_ABOUT), json.dumps({"version": version}))
    return out.getvalue()


def read(raw: bytes) -> Packed:
    """Read a release; raises ``BrokenRelease``."""
    try:
        with zipfile.ZipFile(BytesIO(raw)) as found:
            version = json.loads(found.read(_ABOUT))["version"]
            bodies = {
                (domain, language): found.read(f"{language}/{domain}.mo")
                for domain in DOMAINS
                for language in LANGUAGES
            }
        return Packed(name_of(raw), version, {key: _loaded(body) for key, body in bodies.items()})
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, EOFError) as error:
        raise BrokenRelease(f"the published words can not be read ({error})") from error


def name_of(raw: bytes) -> str:
    """Return the SHA-256 of a release's bytes."""
    return sha256(raw).hexdigest()


def _loaded(body: bytes) -> Translations:
    try:
        found = Translations(BytesIO(body))
        for number in _NUMBERS:
            found.plural(number)
    except (OSError, ValueError, AttributeError, LookupError) as error:
        raise BrokenRelease(f"a catalogue can not be read ({error})") from error
    return found
