"""The tool that makes retries safe to promise."""

__version__ = "0.1.0"
