"""Files written whole or not at all, after it is known that they can be."""

from __future__ import annotations

import os
import secrets
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nonlin.errors import InputError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FORMATS = (".svg", ".png", ".pdf")


def check_writable(path: str | os.PathLike[str], what: str) -> Path:
    """The resolved path of a file that can be written; nothing is left behind.

    Raises
    ------
    InputError
        Where it cannot be: the sentence names the path and the mend.
    """
    try:
        target = Path(path).expanduser().resolve()
        if target.is_dir():
            raise InputError(f"{what} {str(path)!r} is a directory; give the name of a file in it")
        if not target.parent.is_dir():
            raise InputError(
                f"{what} {str(path)!r}: the directory {str(target.parent)!r} does not exist; create it first"
            )
        if target.exists() and not (target.is_file() and os.access(target, os.W_OK)):
            raise InputError(f"{what} {str(path)!r} cannot be overwritten; choose another name")
        with _beside(target) as probe:
            probe.touch(exist_ok=False)
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{what} {str(path)!r} cannot be written ({reason}); choose a place that you may write to"
        ) from error
    return target


def write_atomically(target: Path, content: bytes) -> None:
    """Write beside the target and rename, so that a reader never sees half a file."""
    with _beside(target) as temporary:
        temporary.write_bytes(content)
        temporary.replace(target)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    # Not `tempfile`: its files are readable by their owner only, and a report is there to be handed on.
    temporary = target.with_name(f".nonlin-{secrets.token_hex(8)}.tmp")
    if len(os.fsencode(target.name)) > 255:
        raise InputError(f"the file name {target.name[:40]!r}... is too long; choose a shorter one")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def text_kept_as_text() -> Iterator[None]:
    """Matplotlib's settings for SVG whose text stays text and whose bytes depend on its content only."""
    from matplotlib import rc_context

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "nonlin"}), warnings.catch_warnings():
        # A letter that the measuring font lacks (Korean, say) is shown by the reader's fonts.
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from", category=UserWarning)
        yield


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure as SVG (text kept as text), PNG or PDF, by the ending of `path`.

    Raises
    ------
    InputError
        Unknown ending, or a place that cannot be written.
    """
    from io import BytesIO

    target = check_writable(path, "figure file")
    ending = target.suffix.lower()
    if ending not in _FORMATS:
        raise InputError(f"figure file {str(path)!r} must end in {', '.join(_FORMATS[:-1])} or {_FORMATS[-1]}")
    stamp = {".svg": "Date", ".pdf": "CreationDate"}.get(ending)
    buffer = BytesIO()
    with text_kept_as_text():
        figure.savefig(
            buffer,
            format=ending[1:],
            dpi=160,
            facecolor="white",
            bbox_inches="tight",
            metadata={stamp: None} if stamp else None,
        )
    write_atomically(target, buffer.getvalue())
    return target
