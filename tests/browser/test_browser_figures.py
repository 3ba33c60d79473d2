"""Figures in JupyterLab, in the dark: their words, the slider of a live one, and no glare."""

from playwright.sync_api import expect

CELLS = [
    "from matplotlib.figure import Figure\n"
    "from course_utils import figures, sliders, start\n"
    "start.prepare_figures()",
    "figures.line_plot({'a': ([1, 2], [1, 2])}, xlabel='x', ylabel='y', title='t', "
    "alt='A \"line\" → up.')",
    "figure = Figure((4, 1))\n"
    "dot = figure.text(0.1, 0.5, 'here')\n"
    "def update(place, colour):\n"
    "    dot.set(x=place / 10, color=colour)\n"
    "    return [dot]\n"
    "sliders.live_figure(figure, update, place=(0, 8, 2), colour=['red', 'blue'], alt='A word.')",
]
LIGHT_THEME = "jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})"


def test_figures_are_told_followed_and_dimmed(lab):
    page = lab(CELLS, dark=True)
    page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
    still = page.get_by_role("img", name='A "line" → up.', exact=True)
    live = page.locator(".course-live img")
    for picture in (still, live):
        expect(picture).to_be_visible()
        expect(picture).to_have_css("filter", "brightness(0.88)")

    expect(live).to_have_attribute("alt", "A word. place = 4, colour = red.")
    before = live.get_attribute("src")
    slider = page.get_by_role("slider", name="place", exact=True)
    slider.press("ArrowRight")
    expect(slider).to_have_value("6")
    expect(live).to_have_attribute("alt", "A word. place = 6, colour = red.")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("combobox", name="colour", exact=True)).to_be_focused()
    expect(live).to_have_attribute("alt", "A word. place = 6, colour = blue.")
    assert live.get_attribute("src") != before
    assert live.evaluate("image => image.decode().then(() => image.naturalWidth)") == 360  # 4 in

    page.evaluate(LIGHT_THEME)
    page.locator("body[data-jp-theme-light=true]").wait_for(state="attached")
    for picture in (still, live):
        expect(picture).to_have_css("filter", "none")
    assert page.errors == []
