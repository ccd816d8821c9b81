# ruff: noqa: RUF001 - typographic dashes and signs are what is tested
import json
import os
import re
import stat
from html.parser import HTMLParser
from importlib.metadata import version
from xml.etree import ElementTree

import numpy as np
import pytest

from nonlin.errors import InputError
from nonlin.study.scoring import SCORINGS
from nonlin.study.wording import Wording
from nonlin.visualization.ranking import margin_text, ranking_data
from nonlin.visualization.report import python_call, render_report, save_report
from nonlin.visualization.report_text import baseline_text

NAMES = ["relu", "gelu", "tanh", "silu", "elu", "selu", "mish", "leaky_relu"]
EVIL = "<script>alert('&\"')</script>"
VOID = {"meta", "link", "br", "hr", "img"}


class Reader(HTMLParser):
    """Collects what the tests ask of a page, and refuses tags that do not pair."""

    def __init__(self, page):
        super().__init__()
        self.open, self.ids, self.texts, self.attributes, self.scripts, self.cells = [], [], [], [], [], []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        self.ids += [value for name, value in attrs if name == "id"]
        if tag == "script":
            self.scripts.append("")
        if tag in ("th", "td"):
            self.cells.append("")

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "script" in self.open:
            self.scripts[-1] += data
        elif "style" not in self.open:
            self.texts.append(data)
        if {"th", "td"} & set(self.open):
            self.cells[-1] += data

    @property
    def text(self):
        return " ".join(" ".join(self.texts).split())


def names_in(directory):
    return [path.name for path in directory.iterdir()]


@pytest.fixture(scope="module")
def page(fake):
    comparison = fake(NAMES, diverged=("selu",))
    return render_report(comparison, data_name="moons", command="nonlin compare moons")


def test_the_page_forbids_itself_to_call_out_and_has_nothing_to_call(page):
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    assert ("meta", "content", policy) in Reader(page).attributes
    addresses = [value for _, name, value in Reader(page).attributes if name in ("href", "src", "xlink:href")]
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert not re.search(r"@import|url\((?!#)", page)
    assert set(re.findall(r"https?://[^\"' <)]*", page)) == set()


def test_the_order_is_verdict_ranking_table_curves_layers_facts_words(page):
    order = re.findall(r'<h2 id="(\w+)"', page)
    assert order == ["sure", "ranking", "table", "curves", "profile", "run", "words"]
    assert page.index('class="verdict"') < page.index('<h2 id="sure"')
    assert page.index('<h2 id="words"') < page.index("application/json")


def test_every_arm_is_in_the_table_with_verdict_and_figures(page):
    cells = [cell.strip() for cell in Reader(page).cells]
    assert set(NAMES) <= set(cells)
    gelu = cells[cells.index("gelu") :][:9]
    assert gelu[1:6] == ["▲ better", "0.273", "+0.027", "+0.015 to +0.039", "0.020"]
    selu = cells[cells.index("selu") :][:9]
    assert selu[1:3] == ["✕ diverged", "–"]
    assert "6 (6 diverged)" in selu


def test_each_figure_is_described_and_its_text_is_text(page):
    figures = re.findall(r"<svg.*?</svg>", page, re.S)
    assert len(figures) == 2 + 8 + 8 + 1
    for figure in figures:
        svg = ElementTree.fromstring(figure)
        names = svg.attrib["aria-labelledby"].split()
        described = {child.attrib["id"]: child.text for child in svg if child.tag in ("title", "desc")}
        assert svg.attrib["role"] == "img"
        assert all(described[name].strip() for name in names)
        assert svg.findall(".//text")
    texts = [text for figure in figures for text in ElementTree.fromstring(figure).iter("text")]
    shown = {"".join(text.itertext()).split("\N{EN SPACE}")[-1] for text in texts}
    assert set(NAMES) <= shown
    assert "epoch" in shown


def test_ids_are_unique_and_every_reference_resolves(page):
    ids = Reader(page).ids
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page)) <= {(i, "") for i in ids} | {("", i) for i in ids}


def test_the_figures_follow_the_theme(page):
    figures = "".join(re.findall(r"<svg.*?</svg>", page, re.S))
    used = set(re.findall(r"var\((--\w+)\)", figures))
    assert {"--ink", "--muted", "--series0", "--ghost", "--font"} <= used
    assert used <= set(re.findall(r"(--\w+):", page))
    assert not re.findall(r"#[0-9a-f]{6}", figures)


def test_the_data_can_be_read_back(page, fake):
    data = json.loads(Reader(page).scripts[0])
    table = fake(NAMES, diverged=("selu",)).table()
    assert data["table"]["gelu"]["difference"] == pytest.approx(table.loc["gelu", "difference"], rel=1e-5)
    assert data["table"]["selu"]["diverged"] == 6
    assert len(data["runs"]) == 8 * 3 * 2
    assert {run["status"] for run in data["runs"]} == {"finished", "diverged"}
    assert data["curves"]["gelu"]["epoch"][0] == 1


def test_what_was_run_can_be_repeated_from_the_page(page):
    text = Reader(page).text
    for words in ("moons", "nonlin compare moons", "100 examples, 30 features", "9f86d081884c7d65", np.__version__,
                  "48 = 8 × 3 repeats × 2 folds", "9.7 s in all"):  # fmt: skip
        assert words in text
    assert '<html lang="en">' in page
    assert "<title>Which activation for moons? A nonlin report</title>" in page


def test_the_call_in_python_stands_in_for_a_command(fake):
    comparison = fake(["0.5", "(64, 64)", "relu's"], parameter="net__x")
    call = python_call(comparison)
    assert 'values=[0.5, (64, 64), "relu\'s"]' in call
    assert Reader(render_report(comparison)).text.count("nonlin.compare(estimator") == 1


def test_user_strings_are_never_markup(fake):
    comparison = fake([EVIL, "]]>&amp;<!--", "gelu"], verdict=f"{EVIL} wins", parameter=EVIL, fingerprint=EVIL)
    comparison.runs[0].message = "</script><script>"
    page = render_report(comparison, data_name=EVIL, command=EVIL)
    reader = Reader(page)
    assert [tag for tag, *_ in reader.attributes if tag == "script"] == ["script"] * 2  # type and id of the data
    assert len(reader.scripts) == 1
    assert "<script>alert" not in page
    assert json.loads(reader.scripts[0])["table"][EVIL]
    assert EVIL in reader.cells
    for figure in re.findall(r"<svg.*?</svg>", page, re.S):
        ElementTree.fromstring(figure)


def test_numbers_in_names_are_left_as_they_are(fake):
    page = render_report(fake(["0.00012345", 'x id="a" url(#b)', "1.23456"]))
    shown = "".join("".join(ElementTree.fromstring(f).itertext()) for f in re.findall(r"<svg.*?</svg>", page, re.S))
    assert "0.00012345" in shown
    assert 'x id="a" url(#b)' in shown


@pytest.mark.parametrize("changes", [
    {"repeats": 1}, {"histories": False}, {"diverged": ("gelu",)}, {"diverged": ("relu", "gelu")}, {"folds": 1},
    {"scoring": "r2", "task": "regression"}, {"scoring": "accuracy"}, {"scoring": "neg_mean_squared_error"},
    {"practical_margin": 0.0}, {"epochs": 1}, {"parameter": "loss"},
])  # fmt: skip
def test_odd_comparisons_have_reports_too(fake, changes):
    reader = Reader(render_report(fake(["relu", "gelu"], **changes)))
    assert {"relu", "gelu"} <= set(reader.cells)
    assert not re.search(r"\b(nan|inf|None)\b", reader.text)


@pytest.mark.parametrize("scoring", sorted(SCORINGS))
def test_guessing_and_the_margin_are_written_as_in_the_verdict(fake, scoring):
    """The two are written by different modules, from one measure and by one rule."""
    comparison = fake(["relu", "gelu"], scoring=scoring, baseline=-0.34, task=SCORINGS[scoring].task)
    comparison.frame[["difference_low", "difference_high"]] = [[np.nan, np.nan], [-0.1, 0.1]]
    ranking = ranking_data(comparison)
    said = Wording(SCORINGS[scoring].measure, "activation", 0.01, 0.05, 3, 2, 100, comparison.baseline, {})
    assert baseline_text(comparison, ranking).endswith(f": {said.guessing}")
    assert said.matters == f"{margin_text(ranking).lstrip('±')} in {ranking.measure.name}"


def test_one_arm_is_reported_without_differences(fake):
    text = Reader(render_report(fake(["relu"]))).text
    assert "Only one was tried" in text


def test_the_settings_that_a_repetition_needs_are_on_the_page(fake):
    text = Reader(render_report(fake(["relu", "gelu"]), settings={"hidden layers": "64, 64", "batch": "<32>"})).text
    assert "hidden layers 64, 64" in text
    assert "<32>" in text
    for library in ("numpy", "scipy", "scikit-learn", "numba", "pandas", "skrub"):
        assert f"{library} {version(library)}" in text


def test_the_order_of_what_was_not_told_apart_is_no_ranking(fake):
    comparison = fake(NAMES[:4])
    comparison.frame["verdict"] = ["reference", *["not enough evidence"] * 3]
    page = render_report(comparison)
    reader = Reader(page)
    assert "no ranking: gelu, silu and tanh were not told apart from relu" in reader.text
    assert not {"1", "2", "3", "4"} & {cell.strip() for cell in reader.cells}
    shown = "".join(re.findall(r"<svg.*?</svg>", page, re.S))
    assert not re.search(r">\d\W*gelu<", shown)


def test_the_widths_of_the_intervals_are_told_arm_by_arm(fake):
    comparison = fake(["relu", "gelu", "tanh"])
    comparison.frame.loc["gelu", ["difference_low", "difference_high"]] = 0.026, 0.030
    text = Reader(render_report(comparison)).text
    assert "from ±0.002 (gelu) to ±0.012 (tanh)" in text


def test_the_time_of_a_run_is_the_tables_median(fake):
    comparison = fake(["relu", "gelu"])
    comparison.frame["fit_seconds"] = [0.25, 0.5]
    cells = [cell.strip() for cell in Reader(render_report(comparison)).cells]
    assert {"250 ms", "500 ms"} <= set(cells)


def test_a_comparison_of_nothing_but_diverged_runs_does_not_contradict_itself(fake):
    page = render_report(fake(["relu", "gelu"], repeats=2, diverged=("relu", "gelu"), baseline=-0.66))
    text = Reader(page).text
    assert "single repeat" not in text
    assert "<svg" not in page.split('<h2 id="profile"')[0]
    assert "There are no scores, because every run diverged." in text
    assert text.count("Left out: every run diverged.") == 3
    assert "7.9" not in text


def test_a_reference_that_diverged_leaves_scores_and_no_differences(fake):
    reader = Reader(render_report(fake(["relu", "gelu", "tanh"], diverged=("relu",))))
    assert "relu, the reference, diverged in every run" in reader.text
    cells = [cell.strip() for cell in reader.cells]
    assert cells[cells.index("gelu") :][2:6] == ["0.273", "–", "–", "–"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"baseline": -0.66}, "guessing the class frequencies: log loss 0.660."),
        ({"baseline": 0.62, "scoring": "accuracy"}, "guessing the most frequent class: accuracy 62.0 %."),
        ({"baseline": -2.0, "scoring": "neg_mean_absolute_error", "task": "regression"}, "guessing the median"),
        ({"baseline": -0.01, "scoring": "r2", "task": "regression"}, "guessing the mean: R² −0.010."),
    ],
)
def test_guessing_is_told_under_the_table(fake, changes, words):
    text = Reader(render_report(fake(["relu", "gelu"], **changes))).text
    assert f"For comparison, {words}" in text


def cut_off(comparison, counts):
    for arm, count in counts.items():
        for run in [run for run in comparison.runs if run.arm == arm][:count]:
            run.convergence_warnings, run.history = 1, {"loss": np.ones(200)}
    return Reader(render_report(comparison)).text


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"gelu": 3}, "gelu was still improving when its 200 epochs were over, in 3 of 6 runs; the verdict may change"),
        ({"gelu": 3, "relu": 2}, "relu (in 2 of 6 runs) and gelu (in 3 of 6 runs) were still improving when their 200"),
        ({"gelu": 6, "relu": 6, "tanh": 6}, "All 3 were still improving when their 200 epochs were over, in 6 of 6"),
    ],
)
def test_arms_that_were_cut_off_are_named(fake, counts, words):
    assert words in cut_off(fake(["relu", "gelu", "tanh"]), counts)


@pytest.mark.parametrize("counts", [{}, {"gelu": 1}])
def test_a_run_or_two_cut_off_are_not_worth_a_word(fake, counts):
    assert "still improving" not in cut_off(fake(["relu", "gelu", "tanh"]), counts)


def test_one_repeat_is_said_not_to_be_enough(fake):
    assert "With one repeat, chance" in Reader(render_report(fake(["relu", "gelu"], repeats=1))).text


def test_absent_figures_are_left_out_with_a_reason(fake):
    text = Reader(render_report(fake(["relu", "gelu"], histories=False))).text
    assert text.count("Left out:") == 2


def test_the_same_comparison_gives_the_same_bytes(fake):
    assert render_report(fake(NAMES[:3])) == render_report(fake(NAMES[:3]))


def test_a_large_comparison_stays_below_one_megabyte(fake):
    names = [f"an_activation_with_a_long_name_{i}" for i in range(20)]
    page = render_report(fake(names, repeats=5, folds=5, epochs=200))
    assert len(page.encode()) < 1_000_000
    assert len(json.loads(Reader(page).scripts[0])["runs"]) == 500


def test_the_file_is_whole_readable_by_others_and_alone(fake, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    assert save_report(fake(["relu", "gelu"]), path) == path.resolve()
    assert path.read_text("utf-8").endswith("</html>")
    assert names_in(tmp_path) == ["report.html"]
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is a directory"),
        ("missing/report.html", "does not exist; create it first"),
        ("file/report.html", "does not exist"),
        ("a\0b.html", "cannot be written"),
        ("x" * 300 + ".html", "too long|cannot be written"),
    ],
)
def test_a_path_that_cannot_be_written_is_refused_before_anything_is_drawn(tmp_path, name, words):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match=words):
        save_report(None, tmp_path / name)
    assert names_in(tmp_path) == ["file"]


@pytest.mark.skipif(os.name != "posix", reason="devices of POSIX")
def test_a_device_is_no_place_for_a_report():
    with pytest.raises(InputError, match="cannot be overwritten"):
        save_report(None, "/dev/null")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_directory_without_permission_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(InputError, match="Permission denied"):
        save_report(None, tmp_path / "report.html")


def test_a_failure_while_writing_leaves_the_old_file(fake, tmp_path, monkeypatch):
    path = tmp_path / "report.html"
    path.write_text("old")

    def fail(self, target):
        raise OSError("disk full")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save_report(fake(["relu", "gelu"]), path)
    assert path.read_text() == "old"
    assert names_in(tmp_path) == ["report.html"]


def test_without_intervals_none_are_spoken_of(fake):
    comparison = fake(["relu", "gelu"], repeats=1)
    comparison.frame[["low", "high", "difference_low", "difference_high"]] = np.nan
    text = Reader(render_report(comparison)).text
    assert "A single repeat gives no intervals" in text
    assert "The intervals hold" not in text
