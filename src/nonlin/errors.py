"""Errors that a user can mend, each told in one sentence."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """Something given to nonlin is wrong; the message names it and the mend."""


def suggestion(name: str, names: Iterable[str]) -> str:
    """The nearest known name as an ending for an error message, or nothing.

    >>> suggestion("gleu", ["glu", "gelu", "relu"])
    "; did you mean 'gelu'?"
    >>> suggestion("zzz", ["gelu"])
    ''
    """
    near = get_close_matches(name.lower(), list(names), n=5, cutoff=0.6)
    swapped = [known for known in near if sorted(known) == sorted(name.lower())]  # letters in the wrong order
    return f"; did you mean {(swapped or near)[0]!r}?" if near else ""


def unknown(what: str, name: object, names: Iterable[str], listing: str = "") -> InputError:
    """The error for a name that is not among `names`; without a near one it lists them, or says what does.

    >>> raise unknown("activation", "gleu", ["gelu", "relu"])
    Traceback (most recent call last):
    nonlin.errors.InputError: unknown activation 'gleu'; did you mean 'gelu'?
    """
    names = list(names)
    listing = listing or f"expected one of {', '.join(names)}"
    ending = suggestion(str(name), names) or f"; {listing}"
    return InputError(f"unknown {what} {name!r}{ending}")
