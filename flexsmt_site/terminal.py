"""How commands tell an operator in one line what went wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy.exc import SQLAlchemyError

from flexsmt_site.database import DatabaseUnavailable


@contextmanager
def asking_database() -> Iterator[None]:
    """Turn what the database refuses to a command, or can not be asked, into one line that names the mend."""
    try:
        yield
    except (SQLAlchemyError, DatabaseUnavailable) as error:
        reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
        raise click.ClickException(
            f"the database can not be used ({reason}): check FLEXSMT_DATABASE_URL, or run: flexsmt db upgrade"
        ) from error
    except UnicodeEncodeError as error:
        # Bytes of the command line that are no text in its encoding arrive as lone surrogates.
        raise click.ClickException("what was given holds characters that no text has") from error
