"""`course lab` makes a workspace and serves it, with what its sliders and instruments need."""

import json
import os
import re
import subprocess
import sys
import sysconfig
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbformat
import pytest
from lab_process import TOKEN, started

from course.cli import lab
from course.workspace import copies, places

ROOT = Path(__file__).parent.parent
CHANGED = {
    "@jupyter-widgets/jupyterlab-manager:plugin": ["saveState"],
    "@jupyterlab/filebrowser-extension:browser": ["showLastModifiedColumn"],
    "@jupyterlab/apputils-extension:notification": ["fetchNews", "checkForUpdates"],
}
FIRST = places.FIRST_PAGE


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


def test_make_lab_is_the_command():
    line = "@unset PYTHONHOME; $(BIN)/python -m course lab $(LAB)"
    assert line in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_a_new_workspace_is_served_with_the_widgets_extensions(tmp_path):
    """As whoever runs the tests; in a container, that is root."""
    folder = tmp_path / "a clone's" / "my_course"
    quiet = {name: value for name, value in os.environ.items() if name not in lab.SCREENS}
    command = [sys.executable, "-m", "course", "lab", "--folder", str(folder)]
    command += ["--no-browser"] * (sys.platform != "linux")
    with started(command, folder=ROOT, home=tmp_path, environment=quiet) as address:
        status, page = get(f"{address}/lab/tree/{FIRST}?token={TOKEN}")
        assert status == 200 and "JupyterLab" in page
        assert "jupyterlab-manager" in page, "sliders need the widgets' extension"
        assert '"anywidget"' in page, "instruments need anywidget's extension"
        _, notebook = get(f"{address}/api/contents/00_lesson_start_here.ipynb?token={TOKEN}")
        assert "# 0. Start here" in notebook
        _, settings = get(f"{address}/lab/api/settings?token={TOKEN}")
        defaults = {
            name: facts["default"]
            for plugin in json.loads(settings)["settings"]
            for name, facts in plugin["schema"].get("properties", {}).items()
            if plugin["id"] in CHANGED and name in CHANGED[plugin["id"]]
        }
        assert defaults == {
            "saveState": True,
            "showLastModifiedColumn": False,
            "fetchNews": "false",
            "checkForUpdates": False,
        }
        said = (tmp_path / "log").read_text()
    assert str(folder) in said
    printed = re.findall(r"http://\S+", said)
    assert printed and all(f"/lab/tree/{FIRST}?token=" in each for each in printed)
    shown = nbformat.read(folder / FIRST, as_version=4).cells[0].outputs[0]
    assert "00_lesson_start_here.ipynb" in shown.data["text/markdown"]


@pytest.mark.skipif(os.name == "nt", reason="no user numbers there")
@pytest.mark.parametrize("user", [0, 1000])
@pytest.mark.parametrize("screen", [None, *lab.SCREENS])
def test_what_jupyterlab_is_told(tmp_path, monkeypatch, capsys, user, screen):
    begun = []

    def execve(*what):
        begun.append(what)
        raise SystemExit  # as it doesn't come back

    monkeypatch.setattr(os, "getuid", lambda: user)
    monkeypatch.setattr(os, "execve", execve)
    monkeypatch.setattr(sys, "platform", "linux")
    for name in lab.SCREENS:
        monkeypatch.delenv(name, raising=False)
    if screen:
        monkeypatch.setenv(screen, ":0")
    monkeypatch.setenv("PYTHONHOME", "/another/python")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "/theirs")
    with pytest.raises(SystemExit):
        lab.open_lab(tmp_path, ["--port=1 2"])
    ((program, told, environment),) = begun
    assert program == told[0] == sys.executable and told[1:3] == ["-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={tmp_path}" in told and told[-1] == "--port=1 2"
    assert ("--allow-root" in told) == ("--ip=127.0.0.1" in told) == (user == 0)
    assert ("--no-browser" in told) == (screen is None)
    assert len(capsys.readouterr().out.splitlines()) == (user == 0) + (screen is None)
    # So that `!course doctor` is found in a notebook, and `course doctor` in a terminal.
    assert environment["PATH"].split(os.pathsep)[0] == sysconfig.get_path("scripts")
    assert environment["JUPYTER_CONFIG_PATH"] == os.pathsep.join(["/theirs", str(lab.SETTINGS)])
    assert "PYTHONHOME" not in environment


def test_a_kernel_that_was_started_without_its_environment_finds_the_command():
    """As VS Code may start one: `!course doctor` in a cell."""
    code = "import shutil; from course import data; print(shutil.which('course'))"
    for path in ("/nowhere", ""):
        environment = os.environ | {"PATH": path}
        found = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)
        assert Path(found.strip()).parent == Path(sysconfig.get_path("scripts"))


def test_the_second_time_what_is_missing_comes_back(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(places.VARIABLE, "")
    folder = tmp_path / "mine"
    assert lab.prepare(folder) == folder and str(folder) in capsys.readouterr().out
    assert lab.prepare(folder) == folder and capsys.readouterr().out == ""
    name = copies.name_of("02_mnist", "exercises")
    (folder / name).unlink()
    lab.prepare(folder)
    assert name in capsys.readouterr().out and (folder / name).is_file()


def test_without_jupyterlab_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(copies.WorkspaceError, match="jupyterlab"):
        lab.open_lab(tmp_path)
