"""The course's library: a folder for each import line of a lesson. Map: docs/CONTRIBUTING.md."""

import os as _os
import shutil as _shutil
import sysconfig as _sysconfig


def _make_command_known():
    """Put the `course` command on this process's PATH, so that `!course doctor` works in a cell.

    Whoever starts a kernel without entering the environment first, as VS Code may, has a PATH that
    lacks its folder of scripts.
    """
    scripts = _sysconfig.get_path("scripts")
    if not _shutil.which("course") and _shutil.which("course", path=scripts):
        path = _os.environ.get("PATH")
        _os.environ["PATH"] = _os.pathsep.join([*filter(None, [path]), scripts])


_make_command_known()
