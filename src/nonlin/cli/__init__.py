"""The command line: `nonlin compare`, `nonlin list`, `nonlin show`, `nonlin plot`."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 2 after an error, 130 after Ctrl-C.

    `arguments` are those after the program's name; by default the process's own. The `nonlin` program is this
    function.

    >>> main(["list", "--no-such-option"])
    2
    """
    from nonlin.cli.run import run

    return run(arguments)
