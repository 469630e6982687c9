"""Settings from ``FLEXSMT_*`` variables: frozen, and refused by name when bad."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parseaddr
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv import dotenv_values

from flexsmt_site import company, itself
from flexsmt_site import environment as env
from flexsmt_site.company import Company
from flexsmt_site.environment import LANGUAGES, PREFIX, Recipient, SettingError
from flexsmt_site.smtp_url import is_loopback

ROOT = Path(__file__).resolve().parent.parent

#: Variable (without prefix) -> its reader and its default as an operator would write it.
READERS: dict[str, tuple[Callable[[str, str], Any], str]] = {
    "BASE_URL": (env.base_url, ""),
    "HOST": (env.host, "127.0.0.1"),
    "PORT": (env.port, "8000"),
    "WORKERS": (env.positive_number, "2"),
    "DATA_DIR": (env.folder, str(ROOT / "var")),
    "DATABASE_URL": (env.database_url, ""),
    "SECRET_KEY": (env.secret_key, ""),
    "SMTP_URL": (env.smtp_url, ""),
    "MAIL_FROM": (env.mail_from, "Flex SMT <site@localhost>"),
    "SALES_TO": (env.recipients, ""),
    "ALERT_TO": (env.optional_mailbox, ""),
    "ALERT_SMTP_URL": (env.smtp_url, ""),
    "RATE_LIMIT": (env.positive_number, "60"),
    "BOUNCES": (env.maildir, ""),
    "LANGUAGE_ORDER": (env.language_order, "ip,browser"),
    "TRUSTED_PROXIES": (env.whole_number, "0"),
    "GEO_DATABASE": (env.existing_file, ""),
    "COMPANY": (env.text, ""),
    "ENV": (env.environment, "demo"),
}


@dataclass(frozen=True)
class Settings:
    """Everything an operator may set; see ``docs/contract.md``."""

    base_url: str
    host: str
    port: int
    workers: int
    data_dir: Path
    database_url: str
    secret_key: str
    smtp_url: str
    mail_from: str
    sales_to: tuple[Recipient, ...]
    alert_to: str
    alert_smtp_url: str
    rate_limit: int
    bounces: Path
    language_order: tuple[str, ...]
    trusted_proxies: int
    geo_database: Path | None
    company: Company
    env: str

    @property
    def is_demo(self) -> bool:
        """True where nobody but this machine is served."""
        return self.env == "demo"

    @property
    def is_secure(self) -> bool:
        """True where visitors come over TLS."""
        return self.base_url.startswith("https://")

    @cached_property
    def mail_domain(self) -> str:
        """The domain of the sender's address."""
        return parseaddr(self.mail_from)[1].rpartition("@")[2]

    @property
    def bounce_address(self) -> str:
        """Where reports about mails that came back go, so that they go to no person."""
        return f"bounces@{self.mail_domain}"

    @property
    def trusted_hosts(self) -> frozenset[str]:
        """The values of ``Host`` that are answered: BASE_URL's, and in demo the loopback names."""
        own = {urlsplit(self.base_url).netloc}
        if self.is_demo:
            own |= {f"{name}:{self.port}" for name in ("localhost", "127.0.0.1", "[::1]")}
        return frozenset(own)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment, and ``.env`` below it; raise ``SettingError`` on a bad value."""
        if environ is None:
            environ = {**{k: v or "" for k, v in dotenv_values(ROOT / ".env").items()}, **os.environ}
        given = {key.removeprefix(PREFIX): value for key, value in environ.items() if key.startswith(PREFIX)}
        for name in given:
            if name not in READERS:
                # Not its value: a mistyped name may hold a password.
                raise SettingError(name, "…", f"left out: the settings are {', '.join(READERS)}")
        values = {
            name.lower(): read(name, given.get(name) or default) for name, (read, default) in READERS.items()
        }
        data_dir: Path = values["data_dir"]
        host = f"[{values['host']}]" if ":" in values["host"] else values["host"]
        values["base_url"] = values["base_url"] or f"http://{host}:{values['port']}"
        values["database_url"] = values["database_url"] or f"sqlite:///{data_dir / 'site.db'}"
        values["secret_key"] = values["secret_key"] or env.kept_secret(data_dir)
        values["bounces"] = values["bounces"] or data_dir / "bounces"
        values["company"] = company.read("COMPANY", values["company"], data_dir)
        return _safe(cls(**values))


def _safe(settings: Settings) -> Settings:
    """Refuse values that are unsafe together; in demo, fill in recipients that are caught."""
    if settings.is_demo:
        for name, host in (("HOST", settings.host), ("BASE_URL", urlsplit(settings.base_url).hostname or "")):
            if not is_loopback(host):
                raise SettingError(name, host, "a loopback address as long as FLEXSMT_ENV is demo")
        caught = tuple(Recipient(language, f"sales-{language}@example.com") for language in LANGUAGES)
        return settings if settings.sales_to else replace(settings, sales_to=caught)
    if not settings.is_secure:
        raise SettingError("BASE_URL", settings.base_url, "an https:// address in production")
    if not settings.smtp_url:
        raise SettingError(
            "SMTP_URL", "", "a mail server in production, such as smtp://user:password@host:587"
        )
    if not settings.sales_to:
        raise SettingError("SALES_TO", "", "who gets enquiries in production, such as en:sales@example.com")
    return settings


def settings() -> Settings:
    """Return the settings of the current app."""
    found: Settings = itself.app().extensions["flexsmt_settings"]
    return found


__all__ = ["LANGUAGES", "ROOT", "Company", "Recipient", "SettingError", "Settings", "settings"]
