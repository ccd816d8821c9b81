"""The store's file as the command line sees it: one in which nothing was stored does not stay behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path


@contextmanager
def nothing_half_made(store: Path | None) -> Iterator[None]:
    """Remove a store that was made meanwhile and holds no training, where an error or Ctrl-C ends what is done."""
    new = store is not None and not store.exists()
    try:
        yield
    except BaseException:
        if store is not None and new and not _holds_runs(store):
            for ending in ("", "-wal", "-shm"):
                store.with_name(store.name + ending).unlink(missing_ok=True)
        raise


def _holds_runs(store: Path) -> bool:
    """Whether a training is kept there; where that cannot be told it is taken to be so."""
    if not store.exists():
        return False
    try:
        with closing(sqlite3.connect(store)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'runs'").fetchone():
                return False
            return connection.execute("SELECT 1 FROM runs").fetchone() is not None
    except sqlite3.Error:
        return True
