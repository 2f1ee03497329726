"""The one exception of the set-up."""

from __future__ import annotations


class SetupError(Exception):
    """A step cannot go on; the text says what is wrong and what to do about it."""
