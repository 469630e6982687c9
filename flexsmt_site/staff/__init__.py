"""Staff: who may sign in, how, what they may open, and the trail of what they did.

There is no password: a code or a link by mail, or a passkey, opens a session that only ``/staff`` sees.
"""

from flask import Flask
from flask_babel import lazy_gettext as _l

from flexsmt_site.commands import declare_commands
from flexsmt_site.staff import (
    account,
    audit,
    checks,
    door,
    editors,
    form_token,
    guard,
    letter,
    menu,
    privacy,
    roles,
    signin,
    views,
    visits,
)
from flexsmt_site.staff.rules import Role


def init_app(app: Flask) -> None:
    """Add the pages that sign in, the account, the trail and what they need of other floors."""
    privacy.declare()
    declare_commands(app, __name__, "staff")
    letter.declare()
    letter.declare_sample(app)
    for part in (audit, checks, editors, signin, visits):
        part.declare()
    menu.declare(menu.Entry("account.page", _l("Account"), (), 80))
    menu.declare(menu.Entry("account.trail", _l("Trail"), (Role.ADMIN,), 70))
    for blueprint in (views.bp, views.entrance, account.bp):
        app.register_blueprint(blueprint)
    app.after_request(door.open_to_passkeys)
    app.jinja_env.globals.update(
        staff_member=guard.shown_member,
        staff_menu=menu.entries,
        staff_other=door.other_language,
        staff_role=roles.title,
        staff_token=form_token.issue,
        passkey_offer=door.passkey_offer,
        about_member=audit.is_about_member,
    )
