"""`nonlin plot`: in the terminal and in files."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest


def test_the_terminal_shows_function_and_derivative(nonlin):
    result = nonlin("plot", "relu")
    assert result.code == 0
    assert "relu" in result.out
    assert len(result.out.splitlines()) > 5
    assert max(map(len, result.out.splitlines())) <= 120


def test_names_may_be_separated_by_commas_too(nonlin):
    assert nonlin("plot", "relu,gelu").out == nonlin("plot", "relu", "gelu").out


def test_svg_keeps_text_as_text(nonlin, tmp_path):
    assert nonlin("plot", "gelu", "swish", "-o", "smooth.svg").code == 0
    text = "".join(ElementTree.parse(tmp_path / "smooth.svg").getroot().itertext())
    assert "gelu" in text
    assert "silu" in text


@pytest.mark.parametrize(("name", "magic"), [("a.png", b"\x89PNG"), ("a.pdf", b"%PDF")])
def test_other_formats(nonlin, tmp_path, name, magic):
    assert nonlin("show", "gelu", "--output", name).code == 0
    assert (tmp_path / name).read_bytes().startswith(magic)


@pytest.mark.parametrize("output", ["a.jpeg", "plot", "nowhere/a.svg", "."])
def test_a_file_that_cannot_be_written_is_refused(refused, output):
    assert output in refused("plot", "relu", "-o", output)


def test_an_unknown_name_is_refused(refused):
    assert "did you mean 'gelu'?" in refused("plot", "relu", "gleu", "-o", "a.svg")
    assert "empty name" in refused("plot", "relu,")
