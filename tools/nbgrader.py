"""Run nbgrader, which has an environment of its own (`make nbgrader`), on what the course exports.

It isn't in the course's environment, because it would put itself into everybody's JupyterLab.
"""

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

from course.grader.nbgrader_export import grade_ids
from tools.build_lessons import OFFLINE, with_settings
from tools.staleness import ROOT

ENVIRONMENT = ROOT / "build" / "nbgrader"
# Read as they are stored: asking nbgrader takes seconds, for its imports.
SCORES = """
    SELECT submitted_assignment.student_id, base_cell.name, grade.auto_score FROM grade
    JOIN base_cell ON base_cell.id = grade.cell_id
    JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
    JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
    JOIN assignment ON assignment.id = submitted_assignment.assignment_id
    WHERE assignment.name = ?
"""


def find():
    """nbgrader's Python, or None if `make nbgrader` didn't run yet."""
    names = ("Scripts/python.exe",) if os.name == "nt" else ("bin/python",)
    return next((ENVIRONMENT / name for name in names if (ENVIRONMENT / ".ready").exists()), None)


def run(course, *arguments):
    """Run nbgrader's Python in a course folder, with nobody's settings and the course's kernel.

    Args:
        course: Path of nbgrader's course folder.
        arguments: str, such as "-m", "nbgrader", "autograde", "01_convolution".
    Returns:
        what it prints on standard output.
    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    with tempfile.TemporaryDirectory() as empty:
        own = dict.fromkeys(
            ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR", "COURSE_DATA_DIR"), empty
        )
        environment = with_settings(OFFLINE | own)
        programs = str(find().parent)  # nbgrader calls alembic by name
        environment["PATH"] = os.pathsep.join([programs, environment.get("PATH", "")])
        environment["JUPYTER_PATH"] = str(Path(sys.prefix) / "share" / "jupyter")  # the kernel
        done = subprocess.run(
            [find(), *arguments], cwd=course, env=environment, capture_output=True, text=True
        )
    if done.returncode:
        raise RuntimeError(
            f"{' '.join(arguments)[:80]}:\n{done.stdout[-1000:]}{done.stderr[-3000:]}"
        )
    return done.stdout


def generate(course, exercise):
    """nbgrader's release of an exported exercise: the learners' notebook's Path."""
    run(course, "-m", "nbgrader", "generate_assignment", exercise.id)
    return Path(course) / "release" / exercise.id / f"{exercise.id}.ipynb"


def submit(course, exercise, student, cells):
    """Hand in the released notebook, with these cells' code as answers.

    Args:
        course: Path.
        exercise: an Exercise.
        student: name.
        cells: list of str, as `Exercise.solution_cells` gives them; None hands it in untouched.
    """
    import nbformat

    released = Path(course) / "release" / exercise.id
    folder = Path(course) / "submitted" / student / exercise.id
    folder.mkdir(parents=True)
    for path in released.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    notebook = nbformat.read(released / f"{exercise.id}.ipynb", as_version=4)
    places = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution")]
    if cells is not None:
        graded = [cell for cell in exercise.cells if cell.graded]
        pairs = zip(graded, cells, strict=True)
        answers = [new for cell, new in pairs if cell.source != cell.solution]
        for place, answer in zip(places, answers, strict=True):
            place.source = answer
    nbformat.write(notebook, folder / f"{exercise.id}.ipynb")


def autograde(course, exercise, student=None):
    """Let nbgrader grade all submissions, or one student's.

    Returns:
        student -> {id of check: points}.
    """
    chosen = [f"--student={student}"] if student else []
    run(course, "-m", "nbgrader", "autograde", exercise.id, *chosen)
    checks = {cell: check for check, cell in grade_ids(exercise).items()}
    scores = {}
    with contextlib.closing(sqlite3.connect(Path(course) / "gradebook.db")) as book:
        for name, cell, score in book.execute(SCORES, [exercise.id]):
            scores.setdefault(name, {})[checks[cell]] = score
    return scores
