"""One kernel for many notebooks, one after the other: it imports TensorFlow once for all."""

import contextlib

import nbformat
from jupyter_core.utils import run_sync
from nbclient import NotebookClient

CELL_SECONDS = 300
# What a notebook before has left behind, but for imported modules.
RESET = "%reset -f\nimport gc, matplotlib.pyplot\nmatplotlib.pyplot.close('all'); gc.collect();"


@contextlib.contextmanager
def one_kernel(folder):
    """A function that runs the cells of a notebook, each with a namespace that begins empty.

    Args:
        folder: where the kernel is started.
    """
    manager = NotebookClient(nbformat.v4.new_notebook()).create_kernel_manager()

    def run(notebook):
        """Run all cells; outputs and widgets' states land in the notebook.

        Raises:
            nbclient.exceptions.CellExecutionError: a cell fails.
        """
        notebook.cells.insert(0, nbformat.v4.new_code_cell(RESET))
        resources = {"metadata": {"path": str(folder)}}
        NotebookClient(notebook, km=manager, timeout=CELL_SECONDS, resources=resources).execute()
        del notebook.cells[0]

    try:
        yield run
    finally:
        if manager.has_kernel:
            run_sync(manager.shutdown_kernel)(now=True)
