"""The commands of ``flexsmt``, whose modules are imported when one is asked for: no page needs them."""

from importlib import import_module
from typing import cast

import click
from flask import Blueprint, Flask
from flask.cli import AppGroup


class Commands(AppGroup):
    """The commands that features declare, and those of Flask-Migrate."""

    def __init__(self, app: Flask) -> None:
        """Begin with none."""
        super().__init__(name="flexsmt")
        self.app = app
        #: Which feature's module ``commands`` holds the command, or the group of them, of each name.
        self.features: dict[str, str] = {}

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command or a group of them."""
        if cmd_name in self.features:
            self._load(f"{self.features[cmd_name]}.commands")
        elif cmd_name == "db":
            self.add_command(import_module("flexsmt_site.migrating").commands(self.app))
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command and group."""
        return sorted({*self.features, "db", *super().list_commands(ctx)})

    def _load(self, module: str) -> None:
        for held in vars(import_module(module)).values():
            if not isinstance(held, Blueprint) or not held.cli.commands:
                continue
            if held.cli_group:
                held.cli.name = str(held.cli_group)
                self.add_command(held.cli)
            else:
                self.commands.update(held.cli.commands)


def declare_commands(app: Flask, feature: str, *names: str) -> None:
    """Say that the module ``commands`` of a feature holds the commands, or groups of them, of these names."""
    cast("Commands", app.cli).features.update(dict.fromkeys(names, feature))
