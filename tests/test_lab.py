"""`make lab` serves lesson 0, with what its sliders and instruments need."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from lab_process import TOKEN, started

ROOT = Path(__file__).parent.parent
SCRIPT = "tools/lab.sh"
SCREENS = "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no make: README.md gives plain commands")


def without_screen():
    return {name: value for name, value in os.environ.items() if name not in SCREENS}


@pytest.fixture
def lab(tmp_path):
    """(address, log) of what `make lab` starts where there is no screen, with its own arguments."""
    assert f"sh {SCRIPT} $(BIN)/python" in (ROOT / "Makefile").read_text(encoding="utf-8")
    command = ["sh", SCRIPT, sys.executable, *["--no-browser"] * (sys.platform != "linux")]
    with started(command, folder=ROOT, home=tmp_path, environment=without_screen()) as address:
        yield address, tmp_path / "log"


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
    """As whoever runs the tests; in a container, that is root."""
    address, log = lab
    status, page = get(f"{address}/lab/tree/00_start_here.ipynb?token={TOKEN}")
    assert status == 200 and "JupyterLab" in page
    status, notebook = get(f"{address}/api/contents/00_start_here.ipynb?token={TOKEN}")
    assert status == 200 and "# 0. Start here" in notebook
    assert "jupyterlab-manager" in page, "sliders need the widgets' extension"
    assert '"anywidget"' in page, "instruments need anywidget's extension"
    printed = re.findall(r"http://\S+", log.read_text())
    assert printed and all("/lab/tree/00_start_here.ipynb?token=" in each for each in printed)


@pytest.mark.parametrize("user", ["0", "1000"])
@pytest.mark.parametrize("screen", [None, *SCREENS])
def test_what_jupyterlab_is_told(tmp_path, user, screen):
    """With stand-ins for the user's number, the system, and Python."""
    stand_ins = {
        "id": f"echo {user}",
        "uname": "echo Linux",
        "python": 'echo "$PATH" >path; printf "%s\\n" "$@"',
    }
    for name, script in stand_ins.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    environment = without_screen() | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    if screen:
        environment[screen] = ":0"
    command = ["sh", ROOT / SCRIPT, "./python", "--port=1 2"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    said = done.stdout.splitlines()
    told = said[said.index("-m") :]
    notes = said[: said.index("-m")]
    root, blind = user == "0", screen is None
    assert told[:3] == ["-m", "jupyterlab", "notebooks/00_start_here.ipynb"]
    assert ("--allow-root" in told) == ("--ip=127.0.0.1" in told) == root
    assert ("--no-browser" in told) == blind
    assert told[-1] == "--port=1 2"
    assert len(notes) == root + blind
    assert any("127.0.0.1" in note for note in notes) == root
    # So that `!course doctor` is found in a notebook.
    assert (tmp_path / "path").read_text().split(":")[0] == str(tmp_path)
