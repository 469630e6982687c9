"""Flex SMT's public site: the roof, which alone knows every feature."""

from flask import Flask

from flexsmt_site import (
    again,
    alarm,
    assets,
    backup,
    consent,
    contact,
    database,
    editor,
    errors,
    events,
    home,
    inbox,
    language,
    operations,
    outbox,
    pagecache,
    pages,
    policy,
    promises,
    staff,
    web,
)
from flexsmt_site.commands import Commands
from flexsmt_site.config import ROOT, Settings

#: From the ground up; the order is the order of the floors.
FEATURES = (
    *(events, web, pages, again, pagecache, assets, database),
    *(language, consent, outbox),
    *(staff,),
    *(home, policy, contact),
    *(inbox, editor, promises, alarm, backup, operations, errors),
)


def create_app(settings: Settings) -> Flask:
    """Build the site for these settings; raises ``SettingError`` on what can not be used."""
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=None)
    app.extensions["flexsmt_settings"] = settings
    app.cli = Commands(app)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        PROPAGATE_EXCEPTIONS=False,
        # Every message of a form is ours: WTForms' own words would be read from disk for each request.
        WTF_I18N_ENABLED=False,
    )
    app.jinja_env.globals["company"] = settings.company
    for feature in FEATURES:
        feature.init_app(app)
    again.stand_in_front(app)
    return app
