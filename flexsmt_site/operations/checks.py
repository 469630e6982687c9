"""What ``flexsmt doctor`` looks at that belongs to no single feature."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from flexsmt_site.config import Settings
from flexsmt_site.health import Finding, Level
from flexsmt_site.operations import schema
from flexsmt_site.smtp_url import is_loopback

_MIN_FREE = 500 * 1024 * 1024
_EXAMPLES = {"example.com", "example.net", "example.org"}
_COMPANY = {
    "legal_name": "legal name",
    "address": "address",
    "email": "e-mail address",
    "privacy_contact": "privacy contact",
}


def company(settings: Settings) -> Iterator[Finding]:
    """The law asks who runs the site."""
    for field, title in _COMPANY.items():
        if not getattr(settings.company, field):
            level: Level = "warning" if settings.is_demo else "error"
            yield Finding(
                level,
                f"the company's {title} is not set",
                f"write it to {settings.data_dir / 'company.toml'}",
            )


def environment(settings: Settings) -> Iterator[Finding]:
    """A demo is for this machine only."""
    if settings.is_demo:
        yield Finding("warning", "this is a demo: mail is caught, not sent", "set FLEXSMT_ENV=production")
    elif settings.trusted_proxies == 0:
        yield Finding(
            "warning",
            "no proxy is trusted: without one that buffers requests, a few slow visitors stop the site",
            "put one in front, such as nginx, and set FLEXSMT_TRUSTED_PROXIES: see docs/operating.md",
        )
    if settings.base_url.startswith("https://"):
        yield Finding("ok", f"links lead to {settings.base_url}")


def addresses(settings: Settings) -> Iterator[Finding]:
    """Mail has a sender that servers take, and somebody reads the enquiries."""
    level: Level = "warning" if settings.is_demo else "error"
    if is_loopback(settings.mail_domain) and not settings.is_demo:
        yield Finding("error", f"mail is sent from {settings.mail_domain}", "set FLEXSMT_MAIL_FROM")
    if any(to.address.rpartition("@")[2].lower() in _EXAMPLES for to in settings.sales_to):
        yield Finding(level, "enquiries go to example addresses", "set FLEXSMT_SALES_TO")
    else:
        yield Finding("ok", f"enquiries go to {len(settings.sales_to)} addresses")


def database(_settings: Settings) -> Iterator[Finding]:
    """The database answers and has this version's tables."""
    fault = schema.find_fault()
    if fault:
        yield Finding("error", fault.what, fault.mend)
    else:
        yield Finding("ok", f"the database answers, at revision {schema.newest()}")


def disk(settings: Settings) -> Iterator[Finding]:
    """There is room for enquiries."""
    free = shutil.disk_usage(settings.data_dir).free
    shown = f"{free // 1024**2:,} MB free in {settings.data_dir}"
    yield Finding("ok", shown) if free > _MIN_FREE else Finding("error", shown, "make room")


def files(settings: Settings) -> Iterator[Finding]:
    """Nobody else can read the secret, and no stranger the enquiries."""
    forbidden = {settings.data_dir / "secret": 0o077}
    url = make_url(settings.database_url)
    if url.get_backend_name() == "sqlite" and url.database:
        forbidden[Path(url.database)] = 0o007
    for path, mode in forbidden.items():
        if path.exists() and path.stat().st_mode & mode:
            yield Finding("error", f"{path} can be read by others", f"run: chmod -{mode:03o} {path}")


ALL = (company, environment, addresses, database, disk, files)
