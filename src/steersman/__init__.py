"""Execution engine: classic schedules row, a language model steers inside hard limits."""

__all__ = ["__version__"]

__version__ = "0.1.0"
