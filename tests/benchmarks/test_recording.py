"""The benchmark of recording runs to its end and times every way of watching."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "recording.py"


@pytest.mark.slow
def test_every_way_of_watching_is_timed():
    printed = subprocess.run(
        [sys.executable, SCRIPT, "--quick"], capture_output=True, text=True, timeout=300, check=True
    ).stdout
    rows = re.findall(r"^(.*\S) +(\d+\.\d) +([+-]\d+\.\d) %$", printed, re.MULTILINE)
    watched = ["nothing", 'record="epoch"', "record=50", "record=10", "record=1", "a callback an epoch"]
    assert [name for name, _, _ in rows] == [*watched, 'both, record="epoch"'] * 2
    assert [cost for name, _, cost in rows if name == "nothing"] == ["+0.0", "+0.0"]
    assert all(float(milliseconds) > 0 for _, milliseconds, _ in rows)
