"""A learner's own workspace: copies of the notebooks, progress, and predictions.

Its modules are taken by name: `places` says where the workspace is, `copies` makes what is in it
and brings it up to date, `packing` puts it into one file, `progress` keeps what was done.
"""

from course.workspace.places import WorkspaceError

__all__ = ["WorkspaceError"]
