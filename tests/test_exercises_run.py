"""Each notebook of the exercises runs from top to bottom, as handed out and with its solutions."""

import nbformat
import pytest
from one_kernel import one_kernel

from tools.staleness import NOTEBOOKS

PATHS = sorted((NOTEBOOKS / "exercises").rglob("*.ipynb"))
pytestmark = pytest.mark.notebook


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with one_kernel(tmp_path_factory.mktemp("exercises")) as run:
        yield run


@pytest.mark.parametrize("path", PATHS, ids=lambda path: str(path.relative_to(NOTEBOOKS)))
def test_a_notebook_of_exercises_runs(path, run):
    notebook = nbformat.read(path, as_version=4)
    run(notebook)
    numbers = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert numbers and None not in numbers
    errors = [out for cell in notebook.cells for out in cell.get("outputs", [])
              if out.get("name") == "stderr"]  # fmt: skip
    assert errors == []


def test_a_failing_cell_is_noticed(run):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("check('slide')")])
    with pytest.raises(Exception, match="name 'check' is not defined"):  # nothing is left behind
        run(notebook)
