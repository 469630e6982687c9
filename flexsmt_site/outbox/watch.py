"""The mails that stopped and that no operator was told of."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.orm import Session

from flexsmt_site.extensions import db
from flexsmt_site.outbox import rules
from flexsmt_site.outbox.models import Mail
from flexsmt_site.outbox.service import Stopped


@dataclass(frozen=True)
class Untold:
    """How many mails stopped without an operator being told, and the highest of their numbers."""

    count: int
    newest: int


def count_untold() -> Untold:
    """Count the stopped mails that no operator was told of."""
    counting = select(func.count(), func.coalesce(func.max(Mail.id), 0)).select_from(Mail)
    with db.engine.connect() as connection:
        return Untold(*connection.execute(counting.where(_is_untold())).one())


def list_untold(limit: int) -> list[Stopped]:
    """List the stopped mails that no operator was told of, oldest first."""
    columns = select(Mail.id, Mail.state, Mail.kind, Mail.last_code)
    with db.engine.connect() as connection:
        rows = connection.execute(columns.where(_is_untold()).order_by(Mail.id).limit(limit)).all()
    return [Stopped(*row) for row in rows]


def mark_told(session: Session, untold: Untold, now: datetime) -> None:
    """Record that an operator was told of these; one that goes again by now is left out."""
    telling = update(Mail).where(Mail.id <= untold.newest, _is_untold()).values(told=now)
    session.execute(telling.execution_options(synchronize_session=False))


def _is_untold() -> ColumnElement[bool]:
    return and_(Mail.state.in_(rules.STOPPED), Mail.told.is_(None))
