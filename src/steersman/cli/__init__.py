"""The command line: one module a group of commands, one function a command: parse, call, print."""

from steersman.cli.root import app, main, run_cli

__all__ = ["app", "main", "run_cli"]
