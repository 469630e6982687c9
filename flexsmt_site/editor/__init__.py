"""The editor: words of the site are changed, tried, checked by a second pair of eyes, and published."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from flexsmt_site.editor import (
    changes,
    exchange,
    policy_pages,
    preview,
    privacy,
    probe,
    project,
    publishing,
    release_words,
    rooms,
    typing,
    views,
    words,
)
from flexsmt_site.staff import audit, menu
from flexsmt_site.staff.rules import Role


def init_app(app: Flask) -> None:
    """Add the pages and their place in the staff's navigation."""
    for part in (privacy, typing):
        part.declare()
    menu.declare(menu.Entry("editor.page", _l("Words"), (Role.EDITOR,), 30))
    app.jinja_env.globals.update(editor_rooms=rooms.shown, editor_rules=words.RULES)
    audit.declare_words({**release_words.TRAIL, **policy_pages.TRAIL})
    for pages in (views, preview, publishing, changes, exchange, policy_pages, project):
        app.register_blueprint(pages.bp)
    app.register_blueprint(preview.listing)
    probe.declare(app)
