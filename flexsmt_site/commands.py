"""The commands of ``flexsmt``, whose modules are imported when one is asked for: no page needs them."""

from importlib import import_module

import click
from flask import Blueprint, Flask
from flask.cli import AppGroup


class Commands(AppGroup):
    """The commands that the blueprints of some modules hold, and those of Flask-Migrate."""

    def __init__(self, app: Flask, modules: tuple[str, ...]) -> None:
        """Remember the modules."""
        super().__init__()
        self._app, self._modules = app, modules

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Find a command or a group of them."""
        self._load()
        return super().get_command(ctx, cmd_name)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name every command and group."""
        self._load()
        return super().list_commands(ctx)

    def _load(self) -> None:
        modules, self._modules = self._modules, ()
        for module in modules:
            for held in vars(import_module(module)).values():
                if not isinstance(held, Blueprint) or not held.cli.commands:
                    continue
                if held.cli_group:
                    held.cli.name = str(held.cli_group)
                    self.add_command(held.cli)
                else:
                    self.commands.update(held.cli.commands)
        if modules:
            import_module("flexsmt_site.migrating").bind(self._app)
