"""What the table of versions says about people: nothing."""

from flexsmt_site import datamap
from flexsmt_site.policy.models import PolicyVersion


def declare() -> None:
    """Put the table into the register as one that tells nothing about anybody."""
    datamap.declare_impersonal(PolicyVersion.__table__)
