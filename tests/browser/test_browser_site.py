"""The HTML edition in a real browser, opened from the file system, without a server."""

import re

import pytest
from small_site import PAGE, small_site

from tools.staleness import lessons

NAMES = [source.stem for source in lessons()]
PHONE = 390


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return small_site(tmp_path_factory)


@pytest.fixture
def open_site(site, open_page):
    """open_site(name): a page of the site that collects in `page.requests` what it asked for."""

    def open_site(name, *, query="", **options):
        page = open_page("about:blank", **options)
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        page.goto(f"{(site / name).as_uri()}.html{query}")
        return page

    return open_site


def from_elsewhere(page):
    return [url for url in page.requests if not url.startswith(("file:", "data:"))]


@pytest.mark.parametrize("name", ["index", *NAMES, PAGE])
def test_page_opens_from_a_file(open_site, name):
    page = open_site(name)
    assert page.errors == []
    assert len(page.requests) > 3 and from_elsewhere(page) == []
    for width in (1280, 700, PHONE):
        page.set_viewport_size({"width": width, "height": 844})
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert page.evaluate(wide) <= 0, f"scrolls sideways at {width}"
    broken = page.locator("img").evaluate_all(
        "images => images.filter(i => i.complete && !i.naturalWidth && i.loading !== 'lazy')"
        ".map(i => i.src)"
    )
    assert broken == []


def test_formulas_are_laid_out(open_site):
    page = open_site("01_convolution")
    formula = page.locator(".formula math").first
    box = formula.bounding_box()
    assert box["width"] > 250 and box["height"] > 30  # two sums, with their limits below
    limit = formula.locator("munder > mi, munder > mrow").first.bounding_box()
    assert limit["y"] > formula.locator("munder > mo").first.bounding_box()["y"]


def test_search_finds_a_lesson(open_site):
    page = open_site("index")
    field = page.get_by_role("textbox", name="Search")
    field.fill("Gabor")
    field.press("Enter")
    results = page.locator("#search-results ul.search")
    results.locator("a[href^='01_convolution.html']").first.wait_for()
    results.locator("a[href^='01_convolution.html']").first.click()
    page.wait_for_url(re.compile("01_convolution.html"))
    assert page.get_by_role("heading", level=1).inner_text().startswith("1. Convolution")
    assert page.errors == [] and from_elsewhere(page) == []


def test_previous_and_next(open_site):
    page = open_site("index")
    for name in [*NAMES, PAGE]:
        page.locator("a.next-page").click()
        page.wait_for_url(re.compile(f"{name}.html"))
    page.locator("a.prev-page").click()
    page.wait_for_url(re.compile(f"{NAMES[-1]}.html"))


def test_thumbnail_leads_to_its_lesson(open_site):
    page = open_site("index")
    page.get_by_alt_text("A figure of lesson 2", exact=True).click()
    page.wait_for_url(re.compile("02_mnist.html"))


def test_instrument_is_alive(open_site):
    page = open_site(PAGE)
    live = page.locator("[data-instrument] .course-instrument")
    live.wait_for()
    assert page.locator("[data-instrument] > img").is_hidden()
    slider = live.get_by_label("position", exact=True)
    assert slider.get_attribute("aria-valuetext") == "1 of 196"  # 14 × 14
    live.get_by_role("button", name="one step on").click()
    assert slider.get_attribute("aria-valuetext") == "2 of 196"
    assert page.errors == [] and from_elsewhere(page) == []


def test_another_theme_draws_anew_from_the_same_state(open_site):
    page = open_site(PAGE)
    live = page.locator("[data-instrument] .course-instrument")
    live.get_by_role("button", name="one step on").click()
    ink = "node => getComputedStyle(node).color"
    light, element = live.evaluate(ink), live.element_handle()
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("node => !node.isConnected", arg=element)
    assert live.count() == 1 and live.evaluate(ink) != light
    position = live.get_by_label("position", exact=True)
    assert position.get_attribute("aria-valuetext") == "2 of 196"
    live.get_by_role("button", name="one step on").click()
    assert position.get_attribute("aria-valuetext") == "3 of 196"
    element = live.element_handle()
    page.locator(
        ".theme-toggle-content .theme-toggle"
    ).click()  # to light, whatever the system says
    page.wait_for_function("node => !node.isConnected", arg=element)
    assert live.evaluate(ink) == light
    assert page.errors == []


def test_figures_stay_readable_in_the_dark(open_site):
    page = open_site("02_mnist", dark=True)
    ground = page.locator("div.cell_output img").first.evaluate(
        "node => getComputedStyle(node).backgroundColor"
    )
    assert ground == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != ground


def test_without_scripts_the_picture_is_there(site, browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / f"{PAGE}.html").as_uri())
    assert page.locator("[data-instrument] > img").is_visible()
    assert page.locator(".course-instrument").count() == 0
    context.close()


def test_an_instrument_that_fails_leaves_its_picture(site, open_page):
    script = (site / f"_static/instruments/{PAGE}.js").read_text(encoding="utf-8")
    assert script.count("].render({") == 1
    page = open_page("about:blank")
    page.route(
        re.compile(r"instruments/\w+\.js"),
        lambda route: route.fulfill(body=script.replace("].render({", "].missing({")),
    )
    page.goto((site / f"{PAGE}.html").as_uri())
    assert page.locator("[data-instrument] > img").is_visible()
    assert page.locator("[data-instrument] > div").count() == 0
    (error,) = page.errors
    assert "convolution_stepper stays a picture" in error
