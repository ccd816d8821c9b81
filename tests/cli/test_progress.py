"""What is shown while trainings run."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import time
from types import SimpleNamespace

import pandas as pd
import pytest

from nonlin.cli import progress

TABLE = pd.DataFrame(
    {"score": [-0.2, -0.1], "low": [-0.25, -0.15], "high": [-0.15, -0.05], "verdict": ["reference", "better"]},
    index=["relu", "gelu"],
)
COMPARISON = SimpleNamespace(table=lambda: TABLE, scoring="neg_log_loss", reference="relu")


def so_far(done, total=100, restored=0, comparison=COMPARISON):
    return SimpleNamespace(done=done, total=total, restored=restored, comparison=lambda: comparison)


def test_the_leader_is_told_in_natural_units():
    assert progress.leader(COMPARISON) == "best so far: gelu, log loss 0.10 (against relu: better)"


def test_lines_come_now_and_then(monkeypatch, capsys):
    clock = iter([0.0, 0.0, 4.0, 20.0, 20.0, 20.0, 21.0, 40.0])
    monkeypatch.setattr(progress.time, "perf_counter", lambda: next(clock))
    with progress._Lines(100) as lines:
        lines.update(so_far(30, restored=20))
        lines.update(so_far(40, restored=20))
        lines.update(so_far(41, restored=20))
    assert capsys.readouterr().err.splitlines() == [
        "40 of 100 trainings, about 1 min 0 s left; best so far: gelu, log loss 0.10 (against relu: better)"
    ]


def test_nothing_is_claimed_before_a_repeat_is_complete(monkeypatch):
    monkeypatch.setattr(progress, "_SECONDS_BETWEEN_LOOKS", 0.0)
    looks = progress._Looks()
    assert looks.look(so_far(3, comparison=None)) == ""
    assert looks.look(so_far(30)).startswith("best so far: gelu")
    assert looks.look(so_far(31, comparison=None)).startswith("best so far: gelu")


COMPARE = (sys.executable, "-m", "nonlin", "compare", "iris", "--no-report", "--activations", "relu,tanh,elu")


def test_a_terminal_gets_a_bar_and_pipes_do_not(tmp_path):
    ours, theirs = pty.openpty()
    command = [*COMPARE, "--repeats", "2", "--folds", "2", "--epochs", "3"]
    done = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=theirs, text=True, check=True)
    os.close(theirs)
    shown = _read_all(ours)
    assert "12/12" in shown
    assert "\x1b" not in done.stdout
    assert "reference" in done.stdout


def _read_all(descriptor):
    text = io.BytesIO()
    try:
        while part := os.read(descriptor, 4096):
            text.write(part)
    except OSError:  # the other end of a pseudo-terminal is closed
        pass
    os.close(descriptor)
    return text.getvalue().decode()


def _runs(store):
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as connection:
        return dict(connection.execute("SELECT arm || repeat || '.' || fold, fit_seconds FROM runs"))


def _start_and_wait(tmp_path, store, at_least):
    """Begin a long comparison, and come back when some runs are in the store."""
    command = [*COMPARE, "--epochs", "200", "--store", store, "--repeats", "6"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    patience = time.monotonic() + 60
    while time.monotonic() < patience and process.poll() is None:
        if (tmp_path / store).exists():
            try:
                if len(_runs(tmp_path / store)) >= at_least:
                    return process, command
            except sqlite3.OperationalError:  # no table yet
                pass
        time.sleep(0.02)
    raise AssertionError(process.communicate())


@pytest.mark.slow
def test_killed_and_run_again_gives_the_same_table_and_repeats_nothing(tmp_path):
    process, command = _start_and_wait(tmp_path, "study.db", 10)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = _runs(tmp_path / "study.db")
    assert 10 <= len(kept) < 90
    resumed = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    finished = _runs(tmp_path / "study.db")
    assert len(finished) == 90
    assert kept.items() <= finished.items()  # the times are those of the first time
    whole = subprocess.run(
        [part if part != "study.db" else "whole.db" for part in command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert _ranking(resumed.stdout) == _ranking(whole.stdout)


def _ranking(out):
    return re.search(r"\n\n.*(?=\nTime:)", out, re.DOTALL)[0]


@pytest.mark.slow
def test_control_c_says_what_is_kept(tmp_path):
    process, _ = _start_and_wait(tmp_path, "study.db", 5)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    said = re.fullmatch(
        r"nonlin: interrupted after (\d+) of 90 trainings; they are kept in study\.db, .*", error.splitlines()[-1]
    )
    assert said, error
    assert len(_runs(tmp_path / "study.db")) - int(said[1]) in (0, 1)  # one may have been written and not yet counted
