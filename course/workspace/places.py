"""Where a learner's own copies, progress and predictions are: the workspace."""

import os
from pathlib import Path

NAME = "my_course"  # of the folder, where nobody names another
MARK = ".course-workspace"  # a file that says: this folder is a workspace
FIRST_PAGE = "my_course.ipynb"
VARIABLE = "COURSE_WORKSPACE"


class WorkspaceError(Exception):
    """Something about the workspace can't be done; the text says why, and what to do."""


def workspace(start=None):
    """The workspace that a notebook works in.

    Args:
        start: folder to look from; None: where this process works, which is a notebook's folder.
    Returns:
        Path: what the environment variable COURSE_WORKSPACE names, if that is a workspace. Else
        the nearest one at or above the folder, or called `my_course` in one of these: so a notebook
        of a clone, or on Colab, keeps its progress there, too. None where there is none.
    """
    named = os.environ.get(VARIABLE)
    if named and start is None:
        folder = Path(os.path.expanduser(named))  # leaves ~nobody as it is, and raises nothing
        return folder.absolute() if is_workspace(folder) else None
    try:
        here = Path(start or Path.cwd()).absolute()
    except FileNotFoundError:  # the folder was removed meanwhile
        return None
    above = (folder for each in (here, *here.parents) for folder in (each, each / NAME))
    return next((folder for folder in above if is_workspace(folder)), None)


def is_workspace(folder):
    """Whether a folder is a workspace: it has the mark.

    Args:
        folder: path.
    """
    try:
        return (Path(folder) / MARK).is_file()
    except OSError:  # above it nothing may be looked at
        return False
