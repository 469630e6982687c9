"""What doctor asks of backups."""

from collections.abc import Iterator

from flexsmt_site import clock
from flexsmt_site.backup import files, rules
from flexsmt_site.config import Settings
from flexsmt_site.health import Finding


def recent(settings: Settings) -> Iterator[Finding]:
    """A demo holds nothing that has to outlive its disk; a site in production does."""
    if settings.is_demo:
        return
    last = files.find_last(settings.data_dir)
    said = f"the last backup was made {last:%Y-%m-%d %H:%M} UTC" if last else "no backup was made yet"
    if last and clock.now() - last <= rules.RECENT:
        yield Finding("ok", said)
    else:
        yield Finding(
            "warning", said, "let flexsmt backup run every day, or see to it that another way of yours does"
        )
