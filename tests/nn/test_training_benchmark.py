"""The benchmark of training runs to its end and prints its table."""

import subprocess
import sys
from pathlib import Path


def test_quick_run_prints_a_row_for_each_contender():
    script = Path(__file__).parents[2] / "benchmarks" / "training.py"
    result = subprocess.run([sys.executable, script, "--quick"], capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    for name in ("8 trainings", "nonlin", "scikit-learn, scaled", "torch"):
        assert name in result.stdout
    accuracies = [float(line.split()[-1]) for line in result.stdout.splitlines()[2:] if line.startswith("nonlin")]
    assert len(accuracies) == 1
    assert accuracies[0] > 0.5  # after one epoch; chance is 0.1
