"""The settings page."""

from flask.typing import ResponseReturnValue

from flexsmt_site import cookies, pages, web

bp = pages.blueprint("consent", __name__)


@bp.get("/settings")
def settings() -> ResponseReturnValue:
    """Show the choice of language, and every cookie that this site can set."""
    return web.render("consent/settings", stored=cookies.declared(), cache=web.Cache.PRIVATE)
