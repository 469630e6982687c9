"""Readers of single settings: text in, a checked value out, or an error that names the variable."""

import os
import re
import secrets
from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from flexsmt_site.smtp_url import parse_smtp_url

PREFIX = "FLEXSMT_"
LANGUAGES = ("en", "ru")
_SHORTEST_SECRET = 32
#: What browsers send as ``Host``: a name in ASCII or an address, perhaps with a port, and nobody's password.
_HOST = re.compile(r"(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?")


class SettingError(ValueError):
    """A setting has a value that the site can not run with."""

    def __init__(self, name: str, value: str, wanted: str) -> None:
        """Name the variable (without prefix), what it holds and what it should hold."""
        super().__init__(f"{PREFIX}{name} is {value!r}, but should be {wanted}")


@dataclass(frozen=True)
class Recipient:
    """One address of the sales staff and the language its notices are in."""

    language: str
    address: str


def text(_name: str, value: str) -> str:
    """Return the value as it stands."""
    return value


def whole_number(name: str, value: str) -> int:
    """Return a whole number from 0."""
    if not (value.isascii() and value.isdecimal()):
        raise SettingError(name, value, "a whole number from 0")
    return int(value)


def positive_number(name: str, value: str) -> int:
    """Return a whole number from 1."""
    number = whole_number(name, value)
    if number < 1:
        raise SettingError(name, value, "a whole number from 1")
    return number


def port(name: str, value: str) -> int:
    """Return a TCP port."""
    number = int(value) if value.isascii() and value.isdecimal() else 0
    if not 0 < number <= 65535:  # noqa: PLR2004
        raise SettingError(name, value, "a port from 1 to 65535")
    return number


def secret_key(name: str, value: str) -> str:
    """Return a secret that is long enough to be one, or nothing; the error never shows it."""
    if value and len(value) < _SHORTEST_SECRET:
        raise SettingError(name, "…", f"at least {_SHORTEST_SECRET} characters of chance")
    return value


def host(name: str, value: str) -> str:
    """Return the address to listen on: the web server takes no names."""
    if value == "localhost":
        return "127.0.0.1"
    try:
        return str(ip_address(value))
    except ValueError as error:
        raise SettingError(name, value, "an IP address to listen on, such as 127.0.0.1") from error


def environment(name: str, value: str) -> str:
    """Return ``demo`` or ``production``."""
    if value not in ("demo", "production"):
        raise SettingError(name, value, "demo or production")
    return value


def base_url(name: str, value: str) -> str:
    """Return an absolute address without path and without the slash at its end."""
    if not value:
        return ""
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 (raises on a bad port)
    except ValueError as error:
        raise SettingError(name, value, f"an address such as https://www.example.com ({error})") from error
    is_plain = parts.scheme in ("http", "https") and _HOST.fullmatch(parts.netloc.lower())
    if not is_plain or parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingError(name, value, "an address without a path, such as https://www.example.com")
    # Browsers leave the usual port out of Host and Origin.
    usual = {"http": ":80", "https": ":443"}[parts.scheme]
    return f"{parts.scheme}://{parts.netloc.lower().removesuffix(usual)}"


def database_url(name: str, value: str) -> str:
    """Return the address of a SQLite or PostgreSQL database, or nothing."""
    if not value:
        return ""
    try:
        backend, database = make_url(value).drivername, make_url(value).database or ""
    except (ArgumentError, ValueError):
        backend, database = "", ""
    is_file = backend == "sqlite" and Path(database).is_absolute()
    if not is_file and backend != "postgresql+psycopg":
        wanted = "sqlite:////ABSOLUTE/PATH or postgresql+psycopg://USER@HOST/DATABASE"
        raise SettingError(name, value.partition("://")[0] + "://…", wanted)
    return value


def smtp_url(name: str, value: str) -> str:
    """Return the address of a mail server, or nothing; the error never shows a password."""
    try:
        if value:
            parse_smtp_url(value)
    except (OSError, ValueError) as error:
        raise SettingError(name, value.partition("://")[0] + "://…", str(error)) from error
    return value


def mail_from(name: str, value: str) -> str:
    """Return a sender such as ``Flex SMT <site@example.com>``."""
    title, address = parseaddr(value)
    if not address or not value.isprintable():
        raise SettingError(name, value, "a sender such as Flex SMT <site@example.com>")
    if not address.endswith("@localhost"):
        address = _mailbox(name, address)
    return formataddr((title, address)) if title.isascii() else f"{title} <{address}>"


def recipients(name: str, value: str) -> tuple[Recipient, ...]:
    """Return the addresses of ``ru:sales@example.com, en:export@example.com``, without doubles."""
    found: dict[str, Recipient] = {}
    for part in filter(None, (part.strip() for part in value.split(","))):
        language, _, address = part.partition(":")
        if language not in LANGUAGES:
            raise SettingError(name, value, "addresses with their language, such as en:sales@example.com")
        found[address.lower()] = Recipient(language, _mailbox(name, address))
    return tuple(found.values())


def optional_mailbox(name: str, value: str) -> str:
    """Return an e-mail address, or nothing."""
    return _mailbox(name, value) if value else ""


def _mailbox(name: str, value: str) -> str:
    try:
        checked = validate_email(
            value, check_deliverability=False, allow_smtputf8=False, test_environment=True
        )
    except EmailNotValidError as error:
        raise SettingError(name, value, f"an e-mail address ({error})") from error
    return checked.ascii_email or value


def language_order(name: str, value: str) -> tuple[str, ...]:
    """Return ``ip`` and ``browser`` in the order in which they decide."""
    order = tuple(part.strip() for part in value.split(","))
    if sorted(order) != ["browser", "ip"]:
        raise SettingError(name, value, "ip,browser or browser,ip")
    return order


def existing_file(name: str, value: str) -> Path | None:
    """Return the path of a readable file; nothing when unset."""
    if not value:
        return None
    path = Path(value).absolute()
    try:
        is_readable = path.is_file() and os.access(path, os.R_OK)
    except OSError:
        is_readable = False
    if not is_readable:
        raise SettingError(name, value, "a file that this user may read")
    return path


def maildir(name: str, value: str) -> Path | None:
    """Return the path of a Maildir, which may be made later; nothing when unset."""
    if not value:
        return None
    path = Path(value).absolute()
    wanted = "a Maildir: a folder with new, cur and tmp in it"
    try:
        is_other = path.exists() and not path.is_dir()
    except OSError as error:
        raise SettingError(name, value, f"{wanted} ({error.strerror})") from error
    if is_other:
        raise SettingError(name, value, wanted)
    return path


def folder(name: str, value: str) -> Path:
    """Return a folder that is there and may be written to; make it if need be."""
    path = Path(value).absolute()
    try:
        path.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingError(name, value, f"a folder that can be made ({error.strerror})") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise SettingError(name, value, "a folder that this user may write to")
    return path


def kept_secret(data_dir: Path) -> str:
    """Return the secret in DATA_DIR; made once, also when two workers start together."""
    path = data_dir / "secret"
    try:
        if not path.exists():
            _make_secret(path)
        secret = path.read_text().strip()
    except OSError as error:
        wanted = f"a folder that can hold the secret ({error.strerror})"
        raise SettingError("DATA_DIR", str(data_dir), wanted) from error
    if len(secret) < _SHORTEST_SECRET:
        raise SettingError("DATA_DIR", str(data_dir), f"a folder whose file {path.name} is whole: delete it")
    return secret


def _make_secret(path: Path) -> None:
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        # A link, not a rename: the first worker wins and the second finds its secret.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
