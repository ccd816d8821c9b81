"""The benchmark of training runs to its end, prints its tables, and its peers learn what they are given."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from shutil import which

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


def run(*command):
    result = subprocess.run([sys.executable, *command], cwd=FOLDER, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_quick_run_prints_a_row_for_each_contender():
    printed = run("training.py", "--quick")
    assert float(re.search(r"^peak: (\d+) GFLOP/s a core$", printed, re.MULTILINE)[1]) > 1
    for workload, least in (("W1", 0.5), ("W2", 0.3)):  # after one epoch; chance is 0.1 and 0
        table = printed.split(f"8 trainings of {workload}")[1].split("\n\n")[0]
        assert "scikit-learn, scaled" in table
        assert "torch" in (table if find_spec("torch") else printed)  # which names what is left out
        assert float(re.search(r"^nonlin .* (\S+)$", table, re.MULTILINE)[1]) > least
    floor = printed.split("one epoch of 20,000 x 50")[1]
    assert len(re.findall(r"products only +\S+ +\S+ +\d+\.\d\d$", floor, re.MULTILINE)) == 2


PEERS = """
import importlib, dataclasses, sys
from _training_workloads import W1, W2, jobs
module, form = sys.argv[1].split(".")
train = getattr(importlib.import_module(module), form)
for workload in (W1, W2):
    print(*train(dataclasses.replace(workload, epochs=2), jobs(["tanh"], range(2)))())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "form", ["_training_torch.train_compiled_seeds", "_training_jax.train_seeds", "_training_jax.train_switch"]
)
def test_compiled_peers_learn(form):
    library = form.split(".")[0].removeprefix("_training_")
    if find_spec(library) is None:
        pytest.skip(f"{library} is not installed")
    if "compiled" in form and which("g++") is None:
        pytest.skip("torch.compile needs g++")
    accuracies, shares = (list(map(float, line.split())) for line in run("-c", PEERS, form).splitlines())
    assert len(accuracies) == len(shares) == 2  # one a seed
    assert min(accuracies) > 0.7
    assert min(shares) > 0.7


MULTIPLY = """
import numpy as np, _training_rows
draw = np.random.default_rng(0).standard_normal
for width in (1, 5, 128):
    a, b, e = (draw(shape, np.float32) for shape in ((200, 7), (7, width), (200, width)))
    for left, right in ((a, b), (a.T, e), (e, b.T)):
        out = np.empty((len(left), right.shape[1]), np.float32)
        _training_rows._sgemm(left, right, out)
        np.testing.assert_allclose(out, left.astype(float) @ right, atol=1e-4)
"""


def test_floor_multiplies_matrices():
    run("-c", MULTIPLY)
