"""Whoever of the staff changed words: for how long it is known."""

from flexsmt_site.language import forgetting
from flexsmt_site.outbox import chores
from flexsmt_site.staff import rules


def declare() -> None:
    """Leave it to the relay to forget who changed words."""
    chores.declare("staff editors", forget_old)


def forget_old(round_: chores.Round) -> None:
    """Forget who changed words more than 24 months ago, 500 of each kind a round."""
    forgetting.forget_authors(rules.kept_since(round_.now))
