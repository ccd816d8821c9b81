"""What a comparison was asked for, as the command that asks for it again."""

from __future__ import annotations

import shlex

import pytest

from nonlin.cli.plan import Plan


def plan(command):
    options = dict.fromkeys(Plan._fields) | {"hidden": (8, 4), "seed": 3, "command": command}
    return Plan(**options)


@pytest.mark.parametrize(
    ("command", "resolved"),
    [
        ("nonlin compare iris", "nonlin compare iris --hidden 8,4 --epochs 7 --seed 3"),
        ("nonlin compare iris --seed 3", "nonlin compare iris --seed 3 --hidden 8,4 --epochs 7"),
        (
            "nonlin compare iris --hidden=8,4 --epochs 7 --seed=3",
            "nonlin compare iris --hidden=8,4 --epochs 7 --seed=3",
        ),
        ("nonlin compare 'my table.csv' --seed 3", "nonlin compare 'my table.csv' --seed 3 --hidden 8,4 --epochs 7"),
    ],
)
def test_what_was_left_open_is_written_out(command, resolved):
    assert plan(command).resolved_command(7) == resolved
    assert shlex.split(resolved)[:3] == shlex.split(command)[:3]
