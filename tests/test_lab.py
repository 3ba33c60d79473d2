"""`make lab` serves lesson 0, with what its sliders need."""

import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
START_SECONDS = 60


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """The address of a JupyterLab started with the Makefile's own arguments, and no browser."""
    line = re.search(r"jupyter (lab .*\.ipynb)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    log = (tmp_path / "log").open("w+")
    command = [sys.executable, "-m", "jupyter", *line[1].split()]
    options = ["--no-browser", "--port=0", "--allow-root", "--IdentityProvider.token=secret"]
    process = subprocess.Popen([*command, *options], cwd=ROOT, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not (found := re.search(r"http://127\S+?(?=/lab)", (tmp_path / "log").read_text())):
            assert process.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.2)
        yield found[0]
    finally:
        process.terminate()
        process.wait(30)
        log.close()


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


def test_lesson_0_is_served_with_the_widgets_extension(lab):
    status, page = get(f"{lab}/lab/tree/00_start_here.ipynb?token=secret")
    assert status == 200 and "JupyterLab" in page
    status, notebook = get(f"{lab}/api/contents/00_start_here.ipynb?token=secret")
    assert status == 200 and "# 0. Start here" in notebook
    assert "jupyterlab-manager" in page, "sliders need the widgets' extension"
