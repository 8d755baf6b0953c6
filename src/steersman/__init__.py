"""Execution engine: classic schedules row, a language model steers inside hard limits."""

from steersman.cache import keep_kernels

__all__ = ["__version__"]

keep_kernels()  # before anything imports the compiler

__version__ = "0.1.0"
