"""What a visitor sees before choosing: the banner, the choices in the settings, the link to withdraw.

Each is named by the beginning of a SHA-256, which its form sends along, so that a receipt can tell
what was on the screen even when the page had been open since before a release.
"""

import hashlib
from dataclasses import dataclass
from enum import StrEnum

from flask import current_app, render_template

from flexsmt_site import cookies, pages
from flexsmt_site.config import LANGUAGES
from flexsmt_site.consent.rules import Choice

_DIGITS = 16
_SCREENS = "flexsmt_consent_screens"
#: Those of the last thirty editions of the words; an editor who previews drafts makes many.
_MOST = 180


class Place(StrEnum):
    """Where a visitor chooses."""

    BANNER = "banner"
    SETTINGS = "settings"
    FOOTER = "footer"


_TEMPLATES = {
    Place.BANNER: "consent/_consent_banner.html",
    Place.SETTINGS: "consent/_consent_choices.html",
    Place.FOOTER: "consent/_consent_withdraw.html",
}


@dataclass(frozen=True)
class Shown:
    """One screen in one language, without what belongs to a visitor or a page."""

    place: Place
    language: str
    version: str
    html: str

    @property
    def digest(self) -> str:
        """The name of the screen; of another version, whose words may be the same, it is another."""
        return hashlib.sha256(f"{self.version}\n{self.html}".encode()).hexdigest()[:_DIGITS]


def get(place: Place, language: str) -> Shown:
    """Return the screen as the running release shows it, rendered once."""
    made, version = _made(), cookies.register().version
    key = (place, language, version, pages.edition())
    if key not in made:
        made[key] = Shown(place, language, version, _render(place, language))
        for oldest in list(made)[:-_MOST]:
            made.pop(oldest, None)
    return made[key]


def find(digest: str) -> Shown | None:
    """Return the screen of this name, if the running release shows it, in words of now or of before."""
    for place in Place:
        for language in LANGUAGES:
            get(place, language)
    return next((shown for shown in list(_made().values()) if shown.digest == digest), None)


def _made() -> dict[tuple[Place, str, str, str], Shown]:
    kept: dict[tuple[Place, str, str, str], Shown] = current_app.extensions.setdefault(_SCREENS, {})
    return kept


def _render(place: Place, language: str) -> str:
    with pages.speaking(language):
        return render_template(
            _TEMPLATES[place], consent=Choice(None, gpc=False), screen="", onward="", notice=""
        )
