"""Finished runs on disk: one SQLite file, one row a run, written as soon as the run ends.

The file survives a kill at any moment and can be read meanwhile (`select arm, avg(score) from runs group by arm,
value`: two values may go by one name). A row is known by its value, repeat and fold, so that arms and repeats can be
added to a store later; everything else that a score depends on stands in `meta` and must be the same. Arrays are kept
in NumPy's own format, never pickled.
"""

from __future__ import annotations

import io
import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np

import nonlin
from nonlin.errors import InputError
from nonlin.study.fingerprint import describe
from nonlin.study.plan import Job
from nonlin.study.run import Run

SCHEMA = "1"

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE runs (
    arm TEXT NOT NULL, value TEXT NOT NULL, repeat INTEGER NOT NULL, fold INTEGER NOT NULL, seed INTEGER NOT NULL,
    status TEXT NOT NULL, message TEXT NOT NULL, score REAL, metrics TEXT NOT NULL, scores BLOB, history BLOB,
    convergence_warnings INTEGER NOT NULL, fit_seconds REAL NOT NULL, score_seconds REAL NOT NULL,
    PRIMARY KEY (value, repeat, fold)
);
"""
_ROW = "INSERT OR IGNORE INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_RESTORE = """
SELECT status, message, scores, history, fit_seconds, score_seconds, metrics, convergence_warnings FROM runs
WHERE value = ? AND repeat = ? AND fold = ? AND seed = ?
"""

# Seconds to wait for another process that is writing to the file.
_PATIENCE = 10.0
_MEND = "choose another path for this comparison"


class Store:
    """An open store. Use it from one thread, and as a context manager.

    `identity` says what the comparison is about, as texts by name. Raises `InputError`, before anything is written,
    for a path that cannot be written, a file that is no store, and a store of another version or comparison.
    """

    def __init__(self, path: str | os.PathLike[str], identity: dict[str, str]) -> None:
        self.path = Path(path)
        self._check_path()
        try:
            self._connection = self._open(identity)
        except sqlite3.Error as error:
            raise InputError(f"{self._named} cannot be used ({error}); choose another path") from error

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def restore(self, jobs: list[Job]) -> dict[tuple[str, int, int], Run]:
        """The runs among `jobs` that are finished already, by key."""
        found = {}
        for job in jobs:
            where = (describe(job.arm.value), job.repeat, job.fold, job.seed)
            fields = self._connection.execute(_RESTORE, where).fetchone()
            if fields is not None:
                found[job.key] = _run(job, *fields)
        return found

    def write(self, job: Job, run: Run) -> None:
        """Add a finished run; on the disk when this returns."""
        finished = run.status == "finished"
        fields = (
            run.arm, describe(job.arm.value), run.repeat, run.fold, job.seed, run.status, run.message,
            float(np.mean(run.scores, dtype=np.float64)) if finished else None,
            json.dumps(run.metrics, sort_keys=True), _pack({"scores": run.scores}) if finished else None,
            None if run.history is None else _pack(run.history),
            run.convergence_warnings, run.fit_seconds, run.score_seconds,
        )  # fmt: skip
        try:
            self._connection.execute(_ROW, fields)
        except sqlite3.Error as error:
            raise InputError(
                f"{self._named} cannot be written any more ({error}); mend that and run again to go on from here"
            ) from error

    @property
    def _named(self) -> str:
        return f"store {str(self.path)!r}"

    def _check_path(self) -> None:
        folder = str(self.path.parent)
        if not self.path.parent.is_dir():
            raise InputError(f"{self._named}: there is no folder {folder!r}; make it or choose another path")
        if self.path.is_dir():
            raise InputError(f"{self._named} is a folder; give the path of a file")

    def _open(self, identity: dict[str, str]) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None)
        try:
            self._check_format(connection)
            # WAL lets others read while a comparison writes. A kill loses nothing that was committed.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            self._claim(connection, {"schema": SCHEMA, "nonlin": _version(), **identity})
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_format(self, connection: sqlite3.Connection) -> None:
        try:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            foreign = bool(tables) and not {"meta", "runs"} <= tables
            if tables and not foreign:
                foreign = not connection.execute("SELECT 1 FROM meta WHERE name = 'schema'").fetchone()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            foreign = True
        if foreign:
            raise InputError(f"{self._named} is not a store of nonlin; choose another path")

    def _claim(self, connection: sqlite3.Connection, identity: dict[str, str]) -> None:
        """Make the tables, or check that they are for this comparison; the write lock also proves the file writable."""
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            for statement in _TABLES.split(";"):
                connection.execute(statement)
        known = dict(connection.execute("SELECT name, value FROM meta").fetchall())
        self._check_same(known, identity, "schema", "store format")
        if connection.execute("SELECT 1 FROM runs").fetchone():
            self._check_identity(known, identity)
        else:  # nothing depends on what it was made for
            connection.execute("DELETE FROM meta")
            connection.executemany("INSERT INTO meta VALUES (?, ?)", sorted(identity.items()))
        connection.execute("COMMIT")

    def _check_same(self, known: dict[str, str], identity: dict[str, str], name: str, what: str) -> None:
        if known.get(name, identity[name]) != identity[name]:
            told = f"{what} {known[name]}, this is {identity[name]}"
            raise InputError(f"{self._named} was written by {told}; {_MEND}")

    def _check_identity(self, known: dict[str, str], identity: dict[str, str]) -> None:
        self._check_same(known, identity, "nonlin", "nonlin")
        if known.get("data") != identity["data"]:
            raise InputError(f"{self._named} was written for other data (X or y differ); {_MEND}")
        names = dict.fromkeys([*identity, *known])
        differing = [
            f"{name} {known.get(name)}, now {identity.get(name)}"
            for name in names
            if known.get(name) != identity.get(name)
        ]
        if differing:
            raise InputError(f"{self._named} was written with other settings ({'; '.join(differing)}); {_MEND}")


def _run(job: Job, status: Any, message: str, scores: bytes | None, history: bytes | None, *rest: Any) -> Run:
    fit_seconds, score_seconds, metrics, warnings = rest
    kept = np.full(len(job.test_indices), np.nan, np.float32) if scores is None else _unpack(scores)["scores"]
    unpacked = None if history is None else _unpack(history)
    told = (status, message, job.test_indices, kept, unpacked, fit_seconds, score_seconds)
    return Run(*job.key, *told, json.loads(metrics), warnings)


def _pack(arrays: dict[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)  # pyright: ignore[reportArgumentType]
    return buffer.getvalue()


def _unpack(data: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        return dict(arrays)


def _version() -> str:
    """Major and minor number: patches do not change results."""
    return ".".join(nonlin.__version__.split(".")[:2])
