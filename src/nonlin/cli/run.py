"""One command from start to exit code: every error becomes one or two lines on standard error."""

from __future__ import annotations

import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from io import TextIOWrapper

import typer

from nonlin.errors import InputError

ERROR = 2
INTERRUPTED = 130


class ComparisonInterrupted(Exception):  # noqa: N818 - it is none
    """The user pressed Ctrl-C; the message says what is kept."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` name and return the exit code; `--debug` among them shows traces."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    debug = "--debug" in arguments
    _print_any_character()
    try:
        return _invoke(arguments, debug)
    except BrokenPipeError:  # the reader has left (`nonlin list | head`): nobody to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (ComparisonInterrupted, KeyboardInterrupt, typer.Abort) as error:
        return _complain(str(error) or "interrupted", code=INTERRUPTED)
    except Exception as error:
        if debug:
            traceback.print_exc()
        return _complain(*_explain(error, debug))


def _invoke(arguments: list[str], debug: bool) -> int:
    from nonlin.cli.app import app

    command = typer.main.get_command(app)
    with warnings.catch_warnings():
        if not debug:  # whatever a user should know is said in the command's own words
            warnings.simplefilter("ignore")
        code = command.main(arguments, prog_name="nonlin", standalone_mode=False, obj=arguments)
        sys.stdout.flush()
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    return code if isinstance(code, int) else 0


def _explain(error: Exception, debug: bool) -> tuple[str, ...]:
    """The lines that tell of `error`; at most two."""
    if isinstance(error, typer.TyperException):
        return _one_line(error.format_message()), f"try: {_command_path(error)} --help"
    if isinstance(error, InputError):
        return (_one_line(str(error)),)
    if isinstance(error, OSError) and error.filename is not None:
        return (f"cannot use {str(error.filename)!r}: {(error.strerror or str(error)).lower()}",)
    what = _one_line(f"{type(error).__name__}: {error}")
    return (what,) if debug else (what, "this was not foreseen; --debug shows where it happened")


def _command_path(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return context.command_path if context is not None else "nonlin"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _complain(*lines: str, code: int = ERROR) -> int:
    sys.stdout.flush()
    for line in lines:
        print(f"nonlin: {line}", file=sys.stderr)
    return code


def _print_any_character() -> None:
    """Let an output that knows fewer characters than Unicode print '?' where it would fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
