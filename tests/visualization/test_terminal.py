import numpy as np
import pytest

import nonlin as nl
from nonlin.visualization.terminal import functions_text


@pytest.mark.parametrize("width", [10, 24, 69, 70, 200])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_no_line_is_wider_than_the_terminal(width, ascii_only):
    text = functions_text(nl.activations(), width=width, ascii_only=ascii_only)
    assert max(map(len, text.splitlines())) <= max(width, 24)
    assert text.isascii() or not ascii_only
    assert all(name in text for name in nl.activations())


def test_the_identity_is_a_straight_rising_diagonal():
    """Decoded back from the braille: 4 dots high, 2 wide a character; every column has its dot on the line."""
    lines = functions_text("identity", width=45, height=10).splitlines()[2:12]
    cells = [line.split("│")[1].ljust(40) for line in lines]
    codes = np.array([[0 if c == " " else ord(c) - 0x2800 for c in row] for row in cells])
    bits = [[0, 3], [1, 4], [2, 5], [6, 7]]
    dots = np.stack([np.stack([codes >> b & 1 for b in row], -1) for row in bits], 1).reshape(4 * len(codes), -1)
    columns = dots.shape[1]
    lit = [np.flatnonzero(dots[:, i]).mean() for i in range(columns) if dots[:, i].any()]
    assert len(lit) >= columns - 2
    expected = np.linspace(4 * len(codes) - 1, 0, columns)[: len(lit)]
    np.testing.assert_allclose(lit, expected, atol=1.6)


def test_the_labels_are_the_range_of_the_values():
    text = functions_text("tanh", x_range=(-2, 3), width=60)
    assert "0.995" in text
    assert "-0.964" in text
    assert "-2" in text
    assert "0.5" in text
