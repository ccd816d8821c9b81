"""The benchmarks run to their ends, name every contender that is installed, and their peers compute our functions."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import nonlin as nl

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
    for name in (*PEERS, "numpy"):
        assert f"{name} 2^10" in printed  # a column of figures; the line above the table has versions
    for name in ("share of copy", "Call overhead on 16 elements"):
        assert name in printed
    rows = [line for line in page.read_text().splitlines() if line.startswith(("| sigmoid", "| swiglu"))]
    assert len(rows) == 8  # value and derivative of two functions, in one thread and in all
    assert all(float(cell) > 0 for row in rows for cell in re.findall(r"\d+\.\d+", row))


def test_losses(tmp_path):
    page = tmp_path / "speed.md"
    page.write_text("# Speed\n\n<!-- written by benchmarks/elementwise.py -->\n\ntheirs\n")
    losses = ["huber", "gamma"] if "torch" in PEERS else []
    run("losses", "--only", "mean", "--write", page)  # what is written next takes its place
    printed = run("losses", "--only", "cross_entropy", "memory", "mean", *losses, "--write", page)
    for name in ("share of copy", "label_smoothing=0.1", "along 1", "a tenth ignored", "Largest relative error"):
        assert name in printed
    for name in PEERS:
        assert name == "scipy" or re.search(rf"^logits +.*\b{name}\b", printed, re.MULTILINE)
    written = page.read_text()
    assert written.startswith("# Speed\n\n<!-- written by benchmarks/elementwise.py -->\n\ntheirs\n\n<!--")
    assert written.count("## Losses\n") == written.count("| 8x100x8 along 1 | 1 thread |") == 1
    assert [f"| {name} " in written for name in losses] == [True] * len(losses)
    if sys.platform == "linux":
        taken = dict(re.findall(r"^\| cross_entropy \| (.*?) \| .* \| (\S+) \|$", written, re.MULTILINE))
        assert all(0 <= float(rows) < 256 for who, rows in taken.items() if who.startswith("ours"))
        assert "torch" not in PEERS or float(taken["torch"]) >= 256  # it keeps the log-softmax of all 256 rows


def test_parts_of_a_page(tmp_path):
    page = tmp_path / "new" / "page.md"
    for benchmark, text in (("one", "first\n"), ("two", "second"), ("one", "third"), ("two", "fourth")):
        command = "import sys, _pages, pathlib; _pages.write_part(pathlib.Path(sys.argv[1]), *sys.argv[2:])"
        subprocess.run([sys.executable, "-c", command, page, benchmark, text], cwd=FOLDER, check=True)
    mark = "<!-- written by benchmarks/{}.py -->\n\n{}\n"
    assert page.read_text() == mark.format("one", "third") + "\n" + mark.format("two", "fourth")


def test_rows():
    printed = run("rows")
    for name in PEERS:
        assert f"least {name}/ours" in printed
    assert "log_softmax product" in printed
    assert "most softmaxes that sparsemax or entmax15 cost" in printed


def test_compile_time():
    printed = run("compile_time", "--only", "gelu", "elu")
    cold, warm = (float(re.search(r"^gelu +(\S+) +(\S+)$", printed, re.MULTILINE)[i]) for i in (1, 2))
    assert cold > warm > 0
    assert "empty cache: median" in printed


def test_accuracy(tmp_path):
    page = tmp_path / "accuracy.md"
    run("accuracy", "--only", "tanh", "--write", page)
    tables = page.read_text().split("\n## ")[1:]
    narrow = ["float16", *["bfloat16"] * bool(find_spec("ml_dtypes"))]
    assert [table.split(":")[0] for table in tables] == ["float32", "float64", *narrow]
    rows = [re.search(r"^\| tanh \| (.*) \|$", table, re.MULTILINE)[1].split(" | ") for table in tables]
    for row in rows[:2]:
        value, slope = (float(cell.split(" at ")[0]) for cell in row[:2])
        assert 0 < value <= 1
        assert 0 < slope <= 2
    for row in rows[2:]:
        assert row[:2] == ["100.00 %", "100.00 %"]
    peers = [who for who in PEERS if who != "scipy"]  # SciPy has no tanh
    assert all(row[2 : 2 + 2 * len(peers)].count("-") == 0 for row in rows)


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


LOSS_DISAGREEMENTS = """
import _loss_peers
for name in _loss_peers.loss_peers():
    print(name, _loss_peers.gradient_disagreement(name))
"""


@pytest.mark.usefixtures("torch")
def test_loss_peers_compute_our_gradients():
    command = [sys.executable, "-c", LOSS_DISAGREEMENTS]
    result = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    found = {name: float(number) for name, number in map(str.split, result.stdout.splitlines())}
    assert {name: number for name, number in found.items() if not number < 1e-5} == {}
    differentiable = {name for name in nl.losses() if nl.get_loss(name).kind == "elementwise"} - {"zero_one"}
    assert differentiable <= found.keys()
