"""The Flask extensions: created here, bound to the app in ``create_app``."""

from typing import TYPE_CHECKING

from flask_babel import Babel
from flask_mail import Mail
from flask_sqlalchemy import SQLAlchemy
from htmx_flask import Htmx
from sqlalchemy.orm import DeclarativeBase


class Base(DeclarativeBase):
    """The base of every typed table."""


db = SQLAlchemy(model_class=Base)
babel = Babel()
htmx = Htmx()
mail = Mail()

# Type checkers need a class to inherit from; at run time Flask-SQLAlchemy's own carries the metadata.
if TYPE_CHECKING:
    Model = Base
else:
    Model = db.Model
