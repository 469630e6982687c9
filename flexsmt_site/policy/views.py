"""The policy, its versions, what differs between them, and the feed."""

from flask import Response, abort, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from flexsmt_site import clock, pages, web
from flexsmt_site.ledger import keeps
from flexsmt_site.policy import current, difference, feed, fragment, rules, service
from flexsmt_site.policy.rules import Standing, Version

bp = pages.blueprint("policy", __name__)


@bp.get("/privacy")
@keeps("P0.1")
def page() -> ResponseReturnValue:
    """Show the policy in force."""
    book, version = current.at_hand()
    lang = pages.language()
    text = service.get_fragment(version.number, lang)
    response = web.render(
        "policy/page",
        version=version,
        coming=rules.coming(book.versions, clock.now()),
        when=feed.when,
        clauses=text.contents,
        fragment=fragment.get_marked(lang, text, current.edition()),
    )
    return _related(response, version)


@bp.get("/privacy/versions")
def versions() -> ResponseReturnValue:
    """List every version, newest first; send whoever has chosen two to what differs between them."""
    older, newer = request.args.get("older", ""), request.args.get("newer", "")
    if rules.NUMBER.fullmatch(older) and rules.NUMBER.fullmatch(newer):
        return _moved(url_for(".changes", number=newer, older=older))
    book, version = current.at_hand()
    rows = [(one, _standing(one), _before(one)) for one in reversed(book.versions)]
    return web.render("policy/versions", rows=rows, version=version, when=feed.when)


@bp.get("/privacy/versions/<number>")
def version(number: str) -> ResponseReturnValue:
    """Show one version as it was published, byte for byte."""
    shown = _version_or_404(number)
    text = service.get_fragment(shown.number, pages.language())
    response = web.render(
        "policy/version",
        version=shown,
        standing=_standing(shown).name,
        ends=rules.ends(shown, current.at_hand()[0].versions),
        before=_before(shown),
        when=feed.when,
        clauses=text.contents,
        fragment=fragment.as_written(text),
    )
    return _unlisted(_related(response, shown))


@bp.get("/privacy/versions/<number>/since/<older>")
def changes(number: str, older: str) -> ResponseReturnValue:
    """Show what differs between two versions, word by word."""
    new, old = _version_or_404(number), _version_or_404(older)
    known, _ = current.at_hand()
    if new.number == old.number:
        return _moved(url_for(".version", number=number))
    if new.number < old.number:
        return _moved(url_for(".changes", number=older, older=number))
    before, after = (service.get_fragment(one.number, pages.language()) for one in (old, new))
    found = difference.of(before.html, after.html)
    response = web.render(
        "policy/changes",
        old=old,
        new=new,
        between=[one for one in known.versions if old.number < one.number <= new.number],
        changes=found,
        untouched=[row for row in after.contents if row[0] not in {change.number for change in found}],
        when=feed.when,
    )
    return _unlisted(response)


@bp.get("/privacy/feed.atom")
def atom() -> ResponseReturnValue:
    """Tell feed readers of every version."""
    response = make_response(feed.write(current.at_hand()[0].versions))
    response.content_type = f"{feed.TYPE}; charset=utf-8"
    return web.cached(response, web.Cache.PUBLIC)


def _version_or_404(number: str) -> Version:
    found = current.at_hand()[0].find(int(number)) if rules.NUMBER.fullmatch(number) else None
    return found or abort(404)


def _standing(version: Version) -> Standing:
    return rules.standing(version, current.at_hand()[0].versions, clock.now())


def _before(version: Version) -> int | None:
    """Return the number before a version's."""
    numbers = [one.number for one in current.at_hand()[0].versions if one.number < version.number]
    return max(numbers, default=None)


def _after(version: Version) -> int | None:
    numbers = [one.number for one in current.at_hand()[0].versions if one.number > version.number]
    return min(numbers, default=None)


def _related(response: Response, version: Version) -> Response:
    """Name the versions beside one to programs (RFC 5829)."""
    links = [("version-history", url_for(".versions")), ("latest-version", url_for(".page"))]
    for relation, number in (
        ("predecessor-version", _before(version)),
        ("successor-version", _after(version)),
    ):
        if number:
            links.append((relation, url_for(".version", number=number)))
    response.headers["Link"] = ", ".join(f'<{path}>; rel="{relation}"' for relation, path in links)
    return response


def _unlisted(response: Response) -> Response:
    """Keep a page from search engines: they are to lead to the version in force."""
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _moved(path: str) -> Response:
    return web.cached(make_response(redirect(path, 302)), web.Cache.NO_STORE)
