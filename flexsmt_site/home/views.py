"""The home page and the well-known files."""

from datetime import timedelta
from pathlib import Path

from flask import Blueprint, Response, jsonify, make_response, render_template, send_file
from flask.typing import ResponseReturnValue

from flexsmt_site import clock, pages, web
from flexsmt_site.config import ROOT, settings

bp = pages.blueprint("home", __name__)
files = Blueprint("files", __name__)

#: RFC 9116 asks for a date less than a year ahead.
_CONTACT_VALID = timedelta(days=330)


@bp.get("/")
def page() -> ResponseReturnValue:
    """Say who we are, and open three doors."""
    return web.render("home/page")


@files.get("/robots.txt")
def robots() -> ResponseReturnValue:
    """Let crawlers read everything public."""
    lines = ("User-agent: *", "Disallow: /dev/", "Disallow: /staff/", "")
    return _text("\n".join([*lines, f"Sitemap: {web.absolute_url('/sitemap.xml')}", ""]))


@files.get("/sitemap.xml")
def sitemap() -> ResponseReturnValue:
    """List every public page in both languages."""
    response = make_response(render_template("home/sitemap.xml", pages=pages.listed()))
    response.mimetype = "application/xml"
    return web.cached(response, web.Cache.PUBLIC)


@files.get("/.well-known/security.txt")
def security() -> ResponseReturnValue:
    """Tell finders of a fault whom to write to (RFC 9116)."""
    company = settings().company
    contact = f"mailto:{company.email}" if company.email else web.absolute_url("/en/contact")
    expires = (clock.now() + _CONTACT_VALID).replace(hour=0, minute=0, second=0, microsecond=0)
    return _text(
        f"Contact: {contact}\nExpires: {expires:%Y-%m-%dT%H:%M:%SZ}\nPreferred-Languages: en, ru\n"
        f"Canonical: {web.absolute_url('/.well-known/security.txt')}\n"
    )


@files.get("/.well-known/gpc.json")
def gpc() -> ResponseReturnValue:
    """Say that Global Privacy Control is honoured: nothing is sold or shared, with or without it."""
    return web.cached(jsonify(gpc=True, lastUpdate="2026-11-22"), web.Cache.PUBLIC)


@files.get("/favicon.ico")
def favicon() -> ResponseReturnValue:
    """Serve the icon to browsers that ask without reading the page."""
    icon: Path = ROOT / "static" / "img" / "favicon.ico"
    return send_file(icon, mimetype="image/x-icon", max_age=24 * 3600)


def _text(body: str) -> Response:
    return web.cached(Response(body, mimetype="text/plain"), web.Cache.PUBLIC)
