"""What each role is called in the words of the page."""

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

from flexsmt_site.staff.rules import Role

_TITLES = {
    Role.SALES: _l("Sales: the inbox"),
    Role.EDITOR: _l("Editor: the words of the site"),
    Role.PUBLISHER: _l("Publisher: the words of the site, and publishing them"),
    Role.ADMIN: _l("Admin: everything"),
}


def title(role: Role) -> LazyString:
    """Return what a role is there for."""
    return _TITLES[role]
