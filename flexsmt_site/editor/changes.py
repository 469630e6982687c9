"""The page of recent changes: who has done what to which words, newest first."""

from flask import request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from flexsmt_site import pages, web
from flexsmt_site.editor import deeds, release_words, rules, wording, words
from flexsmt_site.language import edits
from flexsmt_site.staff import guard, service
from flexsmt_site.staff.rules import Role

bp = pages.blueprint("editor_changes", __name__, prefix="/staff")

#: A place in the list has at most so many digits.
_LONGEST_PLACE = 19


@bp.get("/changes")
@guard.requires(Role.EDITOR)
def page() -> ResponseReturnValue:
    """Show a page of what has happened to words, from a place on that an earlier page has named."""
    before = _place(request.args.get("before"))
    found = edits.recent(before, rules.PAGE + 1)
    shown = found[: rules.PAGE]
    return web.render(
        "editor/changes",
        happened=list(zip(shown, deeds.of(shown), strict=True)),
        deeds=deeds,
        older=shown[-1].place if len(found) > rules.PAGE else None,
        is_newest=before is None,
        names=service.names(one.author for one in shown if one.author),
        words=words,
        release_words=release_words,
        difference=wording.difference,
        one_line=wording.one_line,
        cache=web.Cache.NO_STORE,
    )


def _place(written: str | None) -> int | None:
    if written is None:
        return None
    if not (written.isascii() and written.isdecimal() and len(written) <= _LONGEST_PLACE):
        raise NotFound
    return int(written)
