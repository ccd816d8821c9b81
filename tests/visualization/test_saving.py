from xml.etree import ElementTree

import pytest

from nonlin.errors import InputError
from nonlin.visualization import plot_functions, save_figure


def names_in(directory):
    return [path.name for path in directory.iterdir()]


MAGIC = {".svg": b"<?xml", ".png": b"\x89PNG", ".pdf": b"%PDF"}


@pytest.mark.parametrize("ending", MAGIC)
def test_figures_are_written_in_the_format_of_their_ending_and_always_alike(tmp_path, ending):
    paths = [tmp_path / f"{i}{ending}" for i in range(2)]
    for path in paths:
        save_figure(plot_functions(["relu", "gelu"]), path)
    first, second = (path.read_bytes() for path in paths)
    assert first.startswith(MAGIC[ending])
    assert first == second
    assert len(names_in(tmp_path)) == 2


def test_text_in_svg_stays_text(tmp_path):
    root = ElementTree.parse(save_figure(plot_functions(["relu", "gelu"]), tmp_path / "f.svg")).getroot()
    texts = {"".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"relu", "gelu", "f(x)", "derivative f'(x)", "x"} <= texts


def test_letters_that_the_measuring_font_lacks_warn_nobody(fake, tmp_path):
    from nonlin.visualization import draw_ranking, ranking_data

    path = save_figure(draw_ranking(ranking_data(fake(["렐루", "겔루"]))).get_figure(), tmp_path / "f.svg")
    assert "겔루" in path.read_text("utf-8")


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"must end in \.svg, \.png or \.pdf"):
        save_figure(plot_functions("relu"), tmp_path / "f.txt")
    assert names_in(tmp_path) == []
