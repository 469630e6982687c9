"""What the table of alarms says about people: nothing."""

from flexsmt_site import datamap
from flexsmt_site.alarm.models import Alarm


def declare() -> None:
    """Put the table into the register as one that tells nothing about anybody."""
    datamap.declare_impersonal(Alarm.metadata.tables[Alarm.__tablename__])
