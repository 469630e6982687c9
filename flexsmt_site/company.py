"""Who runs the site: facts of a TOML file, shown only where they are set."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from flexsmt_site.environment import LANGUAGES, SettingError, existing_file

SHIPPED = Path(__file__).with_name("company.toml")


@dataclass(frozen=True)
class Company:
    """Who runs the site; a blank string is a fact that is not known and not shown."""

    name: str
    legal_name: str
    address: str
    phone: str
    email: str
    registration: str
    privacy_contact: str
    about: dict[str, str]


def read(name: str, value: str, data_dir: Path) -> Company:
    """Read the company's facts from the named file, else from DATA_DIR, else the blank one."""
    own = data_dir / "company.toml"
    path = existing_file(name, value) or (own if own.exists() else SHIPPED)
    try:
        facts = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(name, str(path), f"a readable TOML file ({error})") from error
    about = facts.pop("about", {})
    if not isinstance(about, dict):
        raise SettingError(name, str(path), "a file in which about is a table of languages")
    known = {field.name for field in fields(Company)} - {"about"}
    for table, allowed in ((facts, known), (about, set(LANGUAGES))):
        for fact, held in table.items():
            if fact not in allowed:
                raise SettingError(
                    name, str(path), f"a file with {', '.join(sorted(allowed))} only, not {fact!r}"
                )
            if not isinstance(held, str):
                raise SettingError(name, str(path), f"a file in which {fact} is text")
    blank = dict.fromkeys(known, "")
    return Company(**{**blank, "name": "Flex SMT", **facts}, about=about)
