"""The pages of the editor as its own navigation lists them, each for who may open it."""

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from flexsmt_site.staff import guard, rules
from flexsmt_site.staff.rules import Role

_ROOMS: tuple[tuple[str, LazyString, Role], ...] = (
    ("editor.page", _l("Texts"), Role.EDITOR),
    ("editor_changes.page", _l("Recent changes"), Role.EDITOR),
    ("editor_previews.page", _l("Preview"), Role.EDITOR),
    ("editor_exchange.page", _l("Import and export"), Role.EDITOR),
    ("editor_publishing.page", _l("Publish"), Role.PUBLISHER),
    ("editor_publishing.releases", _l("Releases"), Role.PUBLISHER),
    ("editor_policy.page", _l("Versions of the policy"), Role.PUBLISHER),
)


def shown() -> list[tuple[str, LazyString]]:
    """Return endpoint and label of each page that the member at hand may open."""
    role = guard.member().role
    return [(endpoint, label) for endpoint, label, needed in _ROOMS if rules.may(role, {needed})]
