"""Somebody is told when notices do not arrive: by mail, past the queue, at most once an hour."""

from flask import Flask

from flexsmt_site.alarm import checks, privacy, service
from flexsmt_site.outbox import chores


def init_app(_app: Flask) -> None:
    """Let every relay look for trouble about once a minute, and doctor say who is told of it."""
    privacy.declare()
    checks.declare()
    chores.declare("alarm", service.look)
