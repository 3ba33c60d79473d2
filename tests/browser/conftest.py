"""A real Chromium, JupyterLab served to it, and pages without a kernel.

Without a Chromium these tests are skipped; with COURSE_BROWSER=required (as in CI) they fail.
"""

import functools
import os

import nbformat
import pytest
from lab_process import TOKEN, served
from one_kernel import one_kernel

from tools import chromium, exported

RUN_MS = 120_000
WAIT_MS = 30_000  # for what comes at once, on a machine that is busy
RUN_ALL = "notebook:run-all-cells"
IS_READY = f"""() => {{
    const app = window.jupyterapp;
    const panel = app?.shell.currentWidget;
    const connected = panel?.sessionContext?.session?.kernel?.connectionStatus === "connected";
    const cells = panel?.content?.model?.cells?.length;  // none while the file is being read
    return app?.commands.hasCommand("{RUN_ALL}") && connected && cells > 0;
}}"""
RUN = (
    f"void jupyterapp.commands.execute('{RUN_ALL}')"  # that it ended is waited for, with a deadline
)
DARK_THEME = "jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})"


@pytest.fixture(scope="session")
def chromium_path():
    """The path of a Chromium or Chrome."""
    path = chromium.find()
    if path is None and os.environ.get("COURSE_BROWSER") == "required":
        pytest.fail(chromium.MISSING)
    return path or pytest.skip(chromium.MISSING)


@pytest.fixture(scope="session")
def browser(chromium_path):
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=WAIT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=chromium.FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """open_page(url, dark=False, width=1280): a page that collects its errors in `page.errors`."""
    contexts = []

    def open_page(url, *, dark=False, width=1280, height=900):
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on(
            "console",
            lambda said: page.errors.append(said.text) if said.type == "error" else None,
        )
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()


def notebook_of(cells):
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    return notebook


@pytest.fixture(scope="session")
def lab_server(chromium_path, tmp_path_factory):
    """(address, folder) of a JupyterLab that serves the folder, with nobody's settings."""
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    folder.mkdir()
    settings = {"JUPYTER_CONFIG_DIR": str(home / "config"), "IPYTHONDIR": str(home / "ipython")}
    arguments = [
        "lab",
        f"--ServerApp.root_dir={folder}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",
    ]
    environment = os.environ | settings
    with served(arguments, folder=folder, home=home, environment=environment) as address:
        yield address, folder


@pytest.fixture
def lab(lab_server, open_page, request):
    """lab(cells): a page of JupyterLab with a notebook of these cells, all run without an error.

    A file's tests share the notebook's name and so its kernel, which imports TensorFlow once.
    """
    address, folder = lab_server

    def lab(cells, *, dark=False, width=1280, height=900):
        name = f"{request.module.__name__.rpartition('.')[2]}.ipynb"
        nbformat.write(notebook_of([*cells, "print('all ' 'done')"]), folder / name)
        page = open_page(
            f"{address}/lab/tree/{name}?token={TOKEN}&reset", dark=dark, width=width, height=height
        )
        page.wait_for_function(IS_READY, timeout=60_000)
        if dark:
            page.evaluate(DARK_THEME)
        page.evaluate(RUN)
        page.get_by_text("all done", exact=True).wait_for(timeout=RUN_MS)
        stderr = page.locator(".jp-OutputArea-output[data-mime-type*='stderr']")
        assert stderr.all_inner_texts() == []
        return page

    return lab


@pytest.fixture
def gate(tmp_path):
    """A path that what runs in a kernel can wait for: `gate.touch()` lets it go on."""
    return tmp_path / "gate"


@pytest.fixture(scope="session")
def exported_file(tmp_path_factory):
    """exported_file(cells): a page without a kernel, with the cells' instruments; executed once."""
    folder = tmp_path_factory.mktemp("exported")

    @functools.cache
    def exported_file(*cells):
        run(notebook := notebook_of(cells))
        target = folder / f"{exported_file.cache_info().misses}.html"
        target.write_text(exported.page(notebook), encoding="utf-8")
        return target

    with one_kernel(folder) as run:
        yield exported_file


@pytest.fixture
def exported_page(open_page, exported_file):
    """exported_page(cells): such a page, opened from its file."""
    return lambda cells, **options: open_page(exported_file(*cells).as_uri(), **options)
