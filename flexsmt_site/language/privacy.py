"""What this feature keeps about a visitor: one cookie, set only by the switcher.

The address is looked up in memory; neither it nor the answer is stored, logged or sent.
"""

from datetime import timedelta

from flask_babel import lazy_gettext as _l

from flexsmt_site import cookies, datamap
from flexsmt_site.language.models import Release

COOKIE = "lang"


def declare() -> None:
    """Put the cookie into the register; what words are published says nothing about anybody."""
    datamap.declare_impersonal(Release.__table__)
    cookies.declare(
        cookies.Cookie(
            name=COOKIE,
            purpose=cookies.NECESSARY,
            life=timedelta(days=365),
            holds=_l("The language that you chose: “en” or “ru”"),
            when=_l("After you have used the language switch"),
        )
    )
