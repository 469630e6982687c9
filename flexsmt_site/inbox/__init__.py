"""The inbox: what the sales staff see of enquiries, do with them and take away as a file."""

from flask import Flask
from flask_babel import lazy_gettext as _l

from flexsmt_site.inbox import views, words
from flexsmt_site.staff import audit, menu
from flexsmt_site.staff.rules import Role


def init_app(app: Flask) -> None:
    """Add the pages, their place in the staff's navigation, and their words in the trail."""
    audit.declare_words(words.TRAIL)
    menu.declare(menu.Entry("inbox.page", _l("Inbox"), (Role.SALES,), 10))
    menu.declare(menu.Entry("inbox.figures", _l("Figures"), (Role.SALES,), 20))
    app.register_blueprint(views.bp)
