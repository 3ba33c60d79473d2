"""Open a learner's own copies in JupyterLab.

JupyterLab gets the course's settings (jupyter/labconfig) through its search path, where a user's
own come first: nothing is written into those.
"""

import importlib.util
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from course.workspace import WorkspaceError, copies, first_page, places

SETTINGS = Path(__file__).parent / "jupyter"
# A Linux has a screen where one of these is set; the others know by themselves how to show a page.
SCREENS = "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER"


def prepare(folder=None):
    """Make a workspace, or bring it up to date, and say what was done.

    Args:
        folder: path; None: the one that commands work on.
    Returns:
        Path of the workspace, which is this process's from here on.
    Raises:
        WorkspaceError: it can't be made.
    """
    made = copies.make(folder or copies.home())
    os.environ[places.VARIABLE] = str(made.folder)
    if made.created:
        print(f"Your own copies of the lessons are in {made.folder}.")
    else:
        for name in made.added:
            print(f"{name} was missing, and is there again.")
        for change in copies.update(made.folder):
            print(change.says)
    first_page.write(made.folder)
    return made.folder


def open_lab(folder, options=()):
    """Start JupyterLab in a workspace, at its first page; returns when it ends.

    Args:
        folder: Path of the workspace.
        options: list of str, options of JupyterLab; they win over the course's.
    Returns:
        int, JupyterLab's exit code.
    Raises:
        WorkspaceError: JupyterLab is missing.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise WorkspaceError(
            f"JupyterLab is not installed for {sys.executable}. Install it: "
            "python -m pip install jupyterlab"
        )
    opened = f"/lab/tree/{places.FIRST_PAGE}"
    command = [sys.executable, "-m", "jupyterlab", *_options()]
    command += [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url={opened}", *options]
    if os.name == "posix":  # JupyterLab takes this process's place: Ctrl-C is its own affair
        sys.stdout.flush()
        os.execve(command[0], command, environment())
    try:
        return subprocess.run(command, env=environment(), check=False).returncode
    except KeyboardInterrupt:  # in a console of Windows both get it
        return 0


def environment():
    """This process's environment variables, so that kernels and terminals find the course.

    Returns:
        dict. The folder with the `course` command comes first on PATH, the course's settings of
        JupyterLab last on JUPYTER_CONFIG_PATH; another Python's PYTHONHOME is left behind.
    """
    settings = {name: value for name, value in os.environ.items() if name != "PYTHONHOME"}
    scripts = sysconfig.get_path("scripts")
    settings["PATH"] = os.pathsep.join([scripts, *filter(None, [settings.get("PATH")])])
    theirs = settings.get("JUPYTER_CONFIG_PATH")
    settings["JUPYTER_CONFIG_PATH"] = os.pathsep.join([*filter(None, [theirs]), str(SETTINGS)])
    return settings


def _options():
    """What JupyterLab must be told on this machine."""
    options = []
    if os.name == "posix" and os.getuid() == 0:
        print(
            "You are root here, for whom JupyterLab starts only when told to: it does, on this "
            "machine's own address (127.0.0.1) only."
        )
        options += ["--allow-root", "--ip=127.0.0.1"]
    if sys.platform == "linux" and not any(os.environ.get(screen) for screen in SCREENS):
        print("There is no screen here: open the address that JupyterLab prints.")
        options += ["--no-browser"]
    return options
