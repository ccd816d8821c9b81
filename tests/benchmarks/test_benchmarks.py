"""The benchmarks run to their ends, name every contender that is installed, and their peers compute our functions."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
pytestmark = pytest.mark.slow
PEERS = [library for library in ("torch", "jax", "scipy") if find_spec(library)]


def run(script, *options):
    command = [sys.executable, FOLDER / f"{script}.py", "--quick", *map(str, options)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_elementwise(tmp_path):
    page = tmp_path / "speed.md"
    printed = run("elementwise", "--only", "sigmoid", "swiglu", "crelu", "maxout", "--write", page)
    for name in (*PEERS, "numpy", "share of copy", "Call overhead on 16 elements"):
        assert name in printed
    rows = [line for line in page.read_text().splitlines() if line.startswith(("| sigmoid", "| swiglu"))]
    assert len(rows) == 8  # value and derivative of two functions, in one thread and in all
    assert all(float(cell) > 0 for row in rows for cell in re.findall(r"\d+\.\d+", row))


def test_rows():
    printed = run("rows")
    for name in (*PEERS, "log_softmax product", "in softmaxes"):
        assert name in printed


def test_compile_time():
    printed = run("compile_time", "--only", "gelu", "elu")
    cold, warm = (float(re.search(r"^gelu +(\S+) +(\S+)$", printed, re.MULTILINE)[i]) for i in (1, 2))
    assert cold > warm > 0
    assert "empty cache: median" in printed


def test_accuracy(tmp_path):
    page = tmp_path / "accuracy.md"
    printed = run("accuracy", "--only", "tanh", "--write", page)
    tables = page.read_text().split("\n## ")[1:]
    assert [table.split(":")[0] for table in tables][:3] == ["float32", "float64", "float16"]
    assert all("| tanh |" in table and "ours derivative" in table for table in tables)
    errors = [float(cell) for cell in re.search(r"\| tanh \| ([\d.]+)[^|]*\| ([\d.]+)", tables[0]).groups()]
    assert 0 < max(errors) <= 1
    assert "100.00 %" in printed


DISAGREEMENTS = """
import sys, numpy, nonlin as nl, _peers
numpy.seterr(all="ignore")
for name in nl.activations():
    if nl.get(name).kind != "row" and _peers.peer(sys.argv[1], name):
        print(name, _peers.disagreement(sys.argv[1], name))
"""


@pytest.mark.parametrize("library", [*PEERS, "numpy"])
def test_peers_compute_our_functions(library):
    command = [sys.executable, "-c", DISAGREEMENTS, library]
    result = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    found = {name: float(number) for name, number in map(str.split, result.stdout.splitlines())}
    assert {"sigmoid", "softplus"} <= found.keys()
    assert {name: number for name, number in found.items() if not number < 1e-5} == {}
