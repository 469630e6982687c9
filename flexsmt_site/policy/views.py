"""The policy page."""

from flask.typing import ResponseReturnValue

from flexsmt_site import pages, web
from flexsmt_site.ledger import keeps
from flexsmt_site.policy import fragment, service

bp = pages.blueprint("policy", __name__)


@bp.get("/privacy")
@keeps("P0.1")
def page() -> ResponseReturnValue:
    """Show the policy in force."""
    lang = pages.language()
    return web.render(
        "policy/page",
        version=service.current_version(),
        clauses=fragment.get_fragment(lang).contents,
        fragment=fragment.get_marked(lang),
    )
