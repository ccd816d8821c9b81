"""The program as a process: exit codes, streams, speed."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

import nonlin

HEAVY = {"pandas", "sklearn", "skrub", "matplotlib", "numba", "scipy", "torch", "jax"}


def test_version(program):
    assert program("--version") == (0, f"nonlin {nonlin.__version__}\n", "")


def test_help_is_shown_without_a_command_and_names_every_subcommand(program):
    result = program()
    assert result.code == 0
    assert all(command in result.out for command in ("compare", "list", "show", "plot"))


@pytest.mark.parametrize("command", ["compare", "list", "show", "plot"])
def test_every_command_explains_itself_with_an_example(nonlin, command):
    result = nonlin(command, "--help")
    assert result.code == 0
    assert f"nonlin {command}" in result.out.split("Examples")[1]


def test_help_says_how_long_networks_train_and_what_the_verdicts_mean(nonlin):
    text = " ".join(nonlin("compare", "--help").out.split())
    assert "improves no more" in text
    assert all(verdict in text for verdict in ("better or worse by", "practically equal by", "not enough evidence"))


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["compare", "iris", "--folds", "1"]])
def test_what_needs_no_training_loads_nothing_heavy(arguments):
    script = (
        "import sys; from nonlin.cli import main\n"
        f"main({arguments!r})\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(eval(done.stderr.splitlines()[-1]))
    assert "nonlin" in loaded
    assert not loaded & HEAVY


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lst"], "did you mean 'list'"),
        (["list", "--jsn"], "--json"),
        (["show"], "missing argument 'name'"),
        (["compare", "iris", "--repeats", "many"], "many"),
        (["compare", "iris", "--no-such-option"], "--no-such-option"),
        (["list", "flowers"], "flowers"),
    ],
)
def test_a_bad_command_line_is_told_in_two_lines(refused, arguments, said):
    error = refused(*arguments)
    assert said in error.lower()
    assert "--help" in error


def test_an_error_goes_to_standard_error_only(program):
    result = program("show", "gleu")
    assert result.code == 2
    assert result.out == ""
    assert result.err == "nonlin: unknown activation or loss 'gleu'; did you mean 'gelu'?\n"


def test_debug_shows_the_trace(program):
    result = program("show", "gleu", "--debug")
    assert result.code == 2
    assert "Traceback (most recent call last)" in result.err
    assert "InputError" in result.err


def test_what_was_not_foreseen_is_no_trace_either(nonlin, monkeypatch):
    monkeypatch.setattr("nonlin.activations", lambda: 1 / 0)
    result = nonlin("list")
    assert result.code == 2
    assert result.err.splitlines() == [
        "nonlin: ZeroDivisionError: division by zero",
        "nonlin: this was not foreseen; --debug shows where it happened",
    ]


def test_a_reader_that_has_left_is_told_nothing(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "nonlin", "list"]
    done = subprocess.run(command, cwd=tmp_path, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")


def test_an_output_without_unicode_gets_a_plot_in_ascii(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "nonlin", "show", "relu"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        env={"PYTHONIOENCODING": "ascii"},
    )
    assert done.returncode == 0
    assert done.stdout.isascii()
    assert b"?" not in done.stdout
    assert b"|" in done.stdout


def test_completion_knows_the_activations(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "nonlin"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={
            "_NONLIN_COMPLETE": "complete_bash",
            "COMP_WORDS": "nonlin plot lea",
            "COMP_CWORD": "2",
        },
    )
    assert done.stdout.split() == ["leaky_relu"]
