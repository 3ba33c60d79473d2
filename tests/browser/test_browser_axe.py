"""Instruments that compute in the browser, and the site: for everybody, in light and dark.

Those that ask the kernel, live figures and the first page: in test_browser_reopened.py.
"""

import pytest
from playwright.sync_api import expect
from small_lesson import write_small_lesson
from small_site import small_site

from browser.reach import violations, walk
from browser.test_browser_widths import CELLS

PAGES = ["index", "00_start_here", "01_convolution", "02_mnist"]


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    """One cell for each instrument, and one for each kind of prediction."""
    folder = tmp_path_factory.mktemp("small")
    notebook, questions = write_small_lesson(folder)
    codes = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    setup = (
        "import pathlib\nfrom course.workspace import questions\n"
        f"questions.FOLDER = pathlib.Path({str(questions)!r})\n"
    )
    return [*CELLS, setup + codes[0], *codes[1:]]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_instruments(exported_page, cells, dark):
    page = exported_page(cells, dark=dark)
    expect(page.locator(".gabor-bank")).to_have_attribute("aria-busy", "false")
    assert page.locator(".course-instrument").count() == 8
    if not dark:
        for root in page.locator(".course-instrument").all():
            walk(page, root)
    page.get_by_role("button", name="Keep this filter").click()
    page.locator("[data-version='3']").click()
    page.get_by_label("Predict: hide the value").check()
    page.get_by_label("padding", exact=True).fill("99")
    page.get_by_label("kernel of layer 1").fill("99")
    page.get_by_label("Predict: hide the results").check()
    page.get_by_role("button", name="Commit").first.click()
    assert violations(page, ".course-instrument") == []
    assert page.errors == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_pages(tmp_path_factory, open_page, name, dark):
    page = open_page((small_site(tmp_path_factory) / f"{name}.html").as_uri(), dark=dark)
    assert violations(page) == []


def test_a_fault_is_found(open_page):
    page = open_page("about:blank")
    page.set_content('<div class="course-instrument"><img src="data:,"><button></button></div>')
    found = "\n".join(violations(page, ".course-instrument"))
    assert "image-alt" in found and "button-name" in found
