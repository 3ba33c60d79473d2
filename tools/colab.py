"""The cell at the top of a stored notebook that brings the course to Colab, and nowhere else.

It is there once the course is published, because it names the address that it installs from. It is
no part of a lesson or an exercise: put in when a notebook is built or the course is published, and
left out wherever notebooks are compared with their sources, graded, or made into pages.
"""

import hashlib

TAG = "colab"  # course.exercises.NOT_GRADED has it, too: no grader runs such a cell
CODE = """\
# On Colab this installs the course, and makes a folder for your progress.
# Where the course is there already, it does nothing.
from importlib.util import find_spec

if find_spec("course_utils") is None:
    %pip install -q "git+{url}@{branch}"
    !course lab --prepare
"""


def with_cell(notebook, address):
    """Put the cell on top of a notebook, in place of one that may be there.

    Args:
        notebook: changed in place.
        address: Address, or None for no cell.
    Returns:
        the notebook.
    """
    import nbformat

    notebook.cells = without_cell(notebook)
    if address:
        source = CODE.format(url=address.url, branch=address.branch).rstrip("\n")
        cell = nbformat.v4.new_code_cell(source)
        cell.metadata = {"jupyter": {"source_hidden": True}, "tags": [TAG]}
        cell["id"] = f"{hashlib.sha1(source.encode()).hexdigest()[:8]}-{TAG}"
        notebook.cells.insert(0, cell)
    return notebook


def without_cell(notebook):
    """A notebook's cells but for this one: a list."""
    return [cell for cell in notebook.cells if TAG not in cell.metadata.get("tags", [])]
