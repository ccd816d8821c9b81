"""The report in a real browser: every host blocked, JavaScript off, from a file."""

import os
import re
import shutil
from itertools import combinations

import pytest

from nonlin.visualization import save_report

playwright = pytest.importorskip("playwright.sync_api", reason="needs `pip install playwright`")
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (Debian: apt-get install chromium)")

# Which words of a figure lie over one another or outside of it, as the browser drew them with its own fonts.
COLLISIONS = """() => [...document.querySelectorAll('svg')].flatMap(svg => {
  const frame = svg.getBoundingClientRect();
  if (!frame.width) return [];
  const words = [...svg.querySelectorAll('text')].map(t => [t.textContent, t.getBoundingClientRect()]);
  const found = words.filter(([, b]) => b.left < frame.left - 1 || b.right > frame.right + 1
                                        || b.top < frame.top - 1 || b.bottom > frame.bottom + 1)
    .map(([t]) => 'outside: ' + t);
  words.forEach(([one, a], i) => words.slice(i + 1).forEach(([other, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const tall = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 1 && tall > 3) found.push(one + ' over ' + other);
  }));
  return found;
})"""


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--host-resolver-rules=MAP * ~NOTFOUND"])
        yield browser
        browser.close()


@pytest.fixture(scope="module", params=[8, 20])
def report(request, fake, tmp_path_factory):
    names = ["relu", "gelu", "tanh", "silu", "elu", "selu", "mish", "leaky_relu"]
    names += [f"an_activation_with_a_rather_long_name_{i}" for i in range(request.param - len(names))]
    comparison = fake(names, diverged=("selu",), baseline=-0.34)
    for run in comparison.runs:
        if run.history:
            run.history["validation_loss"] = run.history["loss"] + 0.01
    return save_report(comparison, tmp_path_factory.mktemp("report") / "report.html", data_name="moons")


def opened(browser, report, width=1200, scheme="light"):
    """The page in a context of its own, and all that it complained of or asked the network for."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=False
    )
    page, noise = context.new_page(), []
    page.on("console", lambda message: noise.append(message.text))
    page.on("pageerror", lambda error: noise.append(str(error)))
    page.on("request", lambda request: noise.append(request.url) if request.url.startswith("http") else None)
    page.on("requestfailed", lambda request: noise.append(request.url))
    page.goto(report.as_uri())
    return page, noise


@pytest.mark.parametrize("width", [1200, 375])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_silent_and_fits(browser, report, width, scheme):
    page, noise = opened(browser, report, width, scheme)
    assert noise == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    assert page.evaluate(COLLISIONS) == []
    page.context.close()


def test_the_figures_words_are_visible_and_have_contrast(browser, report):
    for scheme in ("light", "dark"):
        page, _ = opened(browser, report, 1200, scheme)
        label = page.locator(".wide svg text").filter(has_text=re.compile(r"gelu$")).first
        assert label.is_visible()
        ink = label.evaluate("node => getComputedStyle(node).fill")
        ground = page.evaluate("() => getComputedStyle(document.body).backgroundColor")
        assert contrast(ink, ground) > 7
        page.context.close()


def test_series_can_be_told_from_each_other_in_both_themes(browser, report):
    for scheme in ("light", "dark"):
        page, _ = opened(browser, report, 1200, scheme)
        style = "() => getComputedStyle(document.documentElement)"
        colors = [page.evaluate(f"{style}.getPropertyValue('--series{i}')") for i in range(6)]
        assert all(distance(a, b) > 60 for a, b in combinations(map(hexadecimal, colors), 2))
        page.context.close()


def test_words_in_figures_can_be_read_on_a_phone(browser, report):
    page, _ = opened(browser, report, 375)
    heights = (
        "() => [...document.querySelectorAll('svg text')].map(t => t.getBoundingClientRect().height).filter(h => h)"
    )
    assert min(page.evaluate(heights)) >= 9
    page.context.close()


def test_it_prints_on_a4_with_the_words_still_words(browser, report, tmp_path):
    page, noise = opened(browser, report)
    pdf = page.pdf(prefer_css_page_size=True, path=tmp_path / "report.pdf")
    boxes = {tuple(round(float(v)) for v in box) for box in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)}
    assert boxes == {(595, 842)}
    assert pdf.count(b"/Type /Page\n") >= 2
    assert noise == []
    page.context.close()


def hexadecimal(color):
    return [int(color.strip()[i : i + 2], 16) for i in (1, 3, 5)]


def distance(a, b):
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5


def contrast(a, b):
    """WCAG 2's contrast ratio of two `rgb(...)` colours."""
    dark, light = sorted(luminance(re.findall(r"[\d.]+", color)[:3]) for color in (a, b))
    return (light + 0.05) / (dark + 0.05)


def luminance(channels):
    weights = (0.2126, 0.7152, 0.0722)
    return sum(w * linear(float(value) / 255) for w, value in zip(weights, channels, strict=True))


def linear(value):
    return value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4


def test_the_search_for_collisions_finds_one(browser, report):
    page, _ = opened(browser, report)
    page.evaluate("() => document.querySelectorAll('svg text').forEach(text => (text.style.fontSize = '24px'))")
    assert len(page.evaluate(COLLISIONS)) > 10
    page.context.close()
