"""`make lab` serves lesson 0, with what its sliders and instruments need."""

import os
import re
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from lab_process import TOKEN, served

ROOT = Path(__file__).parent.parent


@pytest.fixture
def lab(tmp_path):
    """The address of a JupyterLab started with the Makefile's own arguments."""
    line = re.search(r"jupyter (lab .*\.ipynb)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    arguments = line[1].split()
    with served(arguments, folder=ROOT, home=tmp_path, environment=dict(os.environ)) as address:
        yield address


def get(address):
    for _ in range(50):
        try:
            with urllib.request.urlopen(address, timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.URLError as error:
            if not isinstance(error.reason, ConnectionRefusedError):
                raise
            time.sleep(0.2)  # the log names the address a moment before it answers
    raise AssertionError(f"{address} refuses connections")


def test_lesson_0_is_served_with_the_widgets_extensions(lab):
    status, page = get(f"{lab}/lab/tree/00_start_here.ipynb?token={TOKEN}")
    assert status == 200 and "JupyterLab" in page
    status, notebook = get(f"{lab}/api/contents/00_start_here.ipynb?token={TOKEN}")
    assert status == 200 and "# 0. Start here" in notebook
    assert "jupyterlab-manager" in page, "sliders need the widgets' extension"
    assert '"anywidget"' in page, "instruments need anywidget's extension"
