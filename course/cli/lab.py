"""Open a learner's own copies in JupyterLab.

JupyterLab gets the course's settings (jupyter/labconfig) through its search path, where a user's
own come first: nothing is written into those.
"""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from course.workspace.places import FIRST_PAGE

SETTINGS = Path(__file__).parent / "jupyter"
# A Linux has a screen where one of these is set; the others know by themselves how to show a page.
SCREENS = "DISPLAY", "WAYLAND_DISPLAY", "WSL_DISTRO_NAME", "BROWSER"


def open_lab(folder, options=()):
    """Start JupyterLab in a workspace, at its first page; returns when it ends.

    Args:
        folder: Path of the workspace.
        options: list of str, options of JupyterLab; they win over the course's.
    Returns:
        int, JupyterLab's exit code.
    """
    command = [sys.executable, "-m", "jupyterlab", *_options(), *options]
    command += [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{FIRST_PAGE}"]
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
