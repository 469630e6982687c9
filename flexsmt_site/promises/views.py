"""The promises page and its JSON twin."""

from functools import partial

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from flexsmt_site import clock, pages, web
from flexsmt_site.promises import service

bp = pages.blueprint("promises", __name__)
machine = Blueprint("promises_data", __name__)


@bp.get("/promises")
def page() -> ResponseReturnValue:
    """Show every promise, what keeps it and how it is proven."""
    listed = partial(service.list_promises, pages.language(), clock.now().date())
    return web.render("promises/page", list_promises=listed)


@machine.get("/promises.json")
def data() -> ResponseReturnValue:
    """Return the same for machines."""
    return web.cached(jsonify(service.as_data(clock.now().date())), web.Cache.PUBLIC)
