"""Pages of the documentation that several benchmarks write, each its own part."""

from __future__ import annotations

from pathlib import Path

_MARK = "<!-- written by benchmarks/"


def write_part(page: Path, benchmark: str, text: str) -> None:
    """Replace the part of a page that a benchmark has written before, or add one at the end; the others stay."""
    mark = f"{_MARK}{benchmark}.py -->\n"
    before, _, rest = (page.read_text() if page.exists() else "").partition(mark)
    _, following, after = rest.partition(_MARK)
    parts = [before.strip(), f"{mark}\n{text.strip()}", f"{following}{after}".strip()]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n\n".join(filter(None, parts)) + "\n")
