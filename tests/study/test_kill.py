"""A comparison that is killed (SIGKILL) in the middle, in a process of its own, and started again."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing

import pytest

SCRIPT = '''
import json, sys, time
from concurrent.futures import ThreadPoolExecutor
from sklearn.datasets import load_iris
from sklearn.tree import DecisionTreeClassifier
from nonlin.study import compare

LOG = sys.argv[2]

class Slow(DecisionTreeClassifier):
    """A tree that takes its time, and writes down that it was trained."""

    def fit(self, X, y):
        with open(LOG, "a") as log:
            log.write(json.dumps([str(self.max_depth), self.random_state]) + "\\n")
        time.sleep(0.1)
        return super().fit(X, y)

if __name__ == "__main__":
    store = None if sys.argv[1] == "-" else sys.argv[1]
    result = compare(Slow(), *load_iris(return_X_y=True), parameter="max_depth", values=[1, 2, 3], repeats=3, folds=4,
                     store=store, executor=ThreadPoolExecutor(2))
    table = result.table().drop(columns=["fit_seconds", "score_seconds"])
    print(json.dumps([table.to_json(double_precision=15), result.verdict]))
'''
RUNS = 36


@pytest.fixture
def start(tmp_path):
    script = tmp_path / "comparison.py"
    script.write_text(SCRIPT)

    def run(store, log):
        command = [sys.executable, "-W", "error", str(script), str(store), str(tmp_path / log)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return run


def finished(store):
    """Runs in the store, read while another process writes it."""
    try:
        with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
            return [tuple(row) for row in connection.execute("SELECT arm, seed FROM runs")]
    except sqlite3.OperationalError:  # no file or no table yet
        return []


def outcome(process):
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return json.loads(out)


def wait_for(store, count, process):
    deadline = time.monotonic() + 60
    while len(finished(store)) < count:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no SIGKILL")
def test_killed_and_resumed_gives_the_unbroken_table_and_repeats_nothing(start, tmp_path):
    store = tmp_path / "study.db"
    unbroken = start("-", "unbroken.log")
    process = start(store, "killed.log")
    survivors = []
    for at_least in (5, 17):  # killed twice, at different points
        wait_for(store, at_least, process)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        survivors.append(finished(store))
        assert len(survivors[-1]) < RUNS
        process = start(store, "killed.log")
    resumed = outcome(process)
    assert resumed == outcome(unbroken)

    fits = [tuple(json.loads(line)) for line in (tmp_path / "killed.log").read_text().splitlines()]
    assert {fits.count(run) for run in survivors[0]} == {1}, "no finished run is done twice"
    made_after = fits[len(fits) - (RUNS - len(survivors[1])) :]
    assert not set(made_after) & set(survivors[1]), "no finished run is done twice"
    assert sorted(set(finished(store))) == sorted(set(fits))
    assert len(finished(store)) == RUNS
    # What else was trained twice was on its way when the process died: in each thread one run being trained, and one
    # that the coordinating thread had not written yet.
    killed, threads = 2, 2
    assert len(fits) <= RUNS + killed * threads * 2
