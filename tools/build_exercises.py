"""Build the exercises' notebooks, for learners and with solutions, and the copies to install.

    python -m tools.build_exercises [01 ...] [--force]

An exercise's solutions run once, offline as `tools.build_lessons` does it. That gives the solutions
notebook its outputs, and the learner's notebook its pictures of what a right answer shows. What
any install of the course carries, without solutions, goes to course/exercises/released/. All of it
is built as far as it changed.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

from course.exercises import ExerciseError, load_exercise
from course.exercises.release import release
from course_utils.files import write_whole
from tools import colab
from tools.build_lessons import (
    MAX_BYTES,
    OFFLINE,
    clean,
    complaints,
    execute,
    finished,
    text_of,
)
from tools.lesson_source import KERNEL, with_ids
from tools.staleness import (
    EXERCISES,
    NOTEBOOKS,
    RELEASES,
    ROOT,
    chosen,
    is_fresh,
    kept_mark,
    mark_of_exercise,
    mark_of_release,
)

RELEASED = NOTEBOOKS / "exercises"
SOLVED = RELEASED / "solutions"
EXPECTED = "**What a right answer shows:**"
KINDS = "image/png", "image/jpeg"


def solutions_notebook(exercise):
    """An exercise with its solutions, not yet executed.

    Args:
        exercise: an Exercise.
    Returns:
        a notebook node. Its links to lessons start from the solutions' folder.
    """
    notebook = _notebook(exercise, lambda cell: cell.solution)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\]\(\.\./([\w-]+\.ipynb)", r"](../../\1", cell.source)
    note = f"Here with its solutions. [Without them](../{exercise.id}.ipynb) you learn more."
    notebook.cells[0].source += f"\n\n**{note}**"
    return with_ids(notebook)


def student_notebook(exercise, solved):
    """An exercise as learners get it: no solutions, no outputs but what a right answer shows.

    Args:
        exercise: an Exercise.
        solved: its solutions notebook, executed and cleaned.
    Returns:
        a notebook node.
    Raises:
        ExerciseError: a cell tagged "expected" shows nothing.
    """
    import nbformat

    notebook = _notebook(exercise, lambda cell: cell.release)
    for number, cell in enumerate(exercise.cells):
        if "expected" in cell.tags:
            text = nbformat.v4.new_markdown_cell()
            text.source, pictures = _what_is_shown(exercise, cell, solved.cells[number].outputs)
            if pictures:
                text["attachments"] = pictures
            notebook.cells[number] = text
    return with_ids(notebook)


def build(exercise, force):
    """Build an exercise's two notebooks; True when they are sound."""
    mark = mark_of_exercise(exercise.folder)
    targets = targets_of(exercise)
    if not force and all(kept_mark(target) == mark for target in targets):
        print(f"{exercise.id}: up to date")
        return True
    print(f"{exercise.id}: running ...", flush=True)
    start = time.perf_counter()
    solved = solutions_notebook(exercise)
    execute(solved, OFFLINE, timeout=600)
    clean(solved)
    problems = complaints(solved, 0)
    notebooks = [] if problems else [student_notebook(exercise, solved), solved]
    for notebook in notebooks:
        finished(notebook, mark)
        problems += complaints(notebook, len(text_of(notebook).encode()))
    if problems:
        rejected = Path(tempfile.gettempdir()) / f"{exercise.id}.ipynb"
        rejected.write_text(text_of(solved), encoding="utf-8")
        print("\n".join(f"  {problem}" for problem in problems))
        print(f"  not kept; look at it: {rejected}")
        return False
    for target, notebook in zip(targets, notebooks, strict=True):
        write_whole(target, text_of(notebook))
    both = " and ".join(f"{target.stat().st_size / 1e3:.0f}" for target in targets)
    print(f"{exercise.id}: {time.perf_counter() - start:.0f} s, {both} kB")
    return True


def build_release(exercise, force):
    """Build an exercise's copy without solutions, hidden checks and mutants.

    Raises:
        ExerciseError: a check of it can't be released.
    """
    folder, mark = RELEASES / exercise.id, mark_of_release(exercise.folder)
    if not force and is_fresh(folder, mark):
        return
    print(f"{exercise.id}: releasing ...", flush=True)
    start = time.perf_counter()
    released = release(exercise, folder, built_from=mark)
    size = sum(path.stat().st_size for path in folder.iterdir())
    seconds = time.perf_counter() - start
    print(f"{exercise.id}: {seconds:.0f} s, {len(released.checks)} checks, {size / 1e3:.0f} kB")


def targets_of(exercise):
    """Paths of an exercise's notebooks: the learners', and the one with solutions."""
    return RELEASED / f"{exercise.id}.ipynb", SOLVED / f"{exercise.id}.ipynb"


def stale(exercise):
    """What in an exercise's notebooks isn't what its folder gives now.

    Args:
        exercise: an Exercise.
    Returns:
        list of texts; empty if all is as it should be.
    """
    import nbformat

    targets = targets_of(exercise)
    missing = [target for target in targets if not target.exists()]
    if missing:
        return [f"{target.relative_to(NOTEBOOKS)} is missing" for target in missing]
    released, solved = (nbformat.read(target, as_version=4) for target in targets)
    for notebook in (released, solved):
        notebook.cells = colab.without_cell(notebook)
    differences = [
        f"{target.relative_to(NOTEBOOKS)} is {target.stat().st_size / 1e6:.2f} MB"
        for target in targets
        if target.stat().st_size > MAX_BYTES
    ]
    differences += _differences(
        f"solutions/{exercise.id}.ipynb", solved, solutions_notebook(exercise)
    )
    if not differences:  # the outputs belong to these cells
        try:
            now = student_notebook(exercise, solved)
        except ExerciseError as error:
            return [str(error)]
        differences += _differences(f"{exercise.id}.ipynb", released, now)
    return differences


def leftovers(ids):
    """Notebooks and released copies of exercises that are no more.

    Args:
        ids: of the exercises that there are.
    Returns:
        list of paths. What somebody has there besides, such as a copy under another name, is not
        among them.
    """
    built = [path for path in (*RELEASED.glob("*.ipynb"), *SOLVED.glob("*.ipynb")) if _built(path)]
    return sorted(path for path in [*built, *RELEASES.glob("*_*")] if path.stem not in ids)


def _built(path):
    """Whether a notebook was built for an exercise of its name."""
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
        return metadata["course"]["exercise"] == path.stem
    except (OSError, ValueError, KeyError, TypeError):  # a folder, or no notebook
        return False


def _notebook(exercise, source_of):
    """The cells of an exercise, those that are graded with the source that a function gives."""
    import nbformat

    notebook = nbformat.v4.new_notebook(metadata={**KERNEL, "course": {"exercise": exercise.id}})
    for cell in exercise.cells:
        if cell.kind == "markdown":
            new = nbformat.v4.new_markdown_cell(cell.source)
        else:
            new = nbformat.v4.new_code_cell(source_of(cell) if cell.graded else cell.source)
        if cell.tags:
            new.metadata["tags"] = sorted(cell.tags)
        if cell.task:
            new.metadata["task"] = cell.task
        notebook.cells.append(new)
    return notebook


def _what_is_shown(exercise, cell, outputs):
    """The text of a learner's cell with an expected result, and its attachments."""
    title = next((task.title for task in exercise.tasks if task.id == _task_at(exercise, cell)), "")
    said = f"What a right answer to “{title}” shows" if title else "What a right answer shows"
    parts, pictures = [EXPECTED], {}
    for output in outputs:
        bundle = output.get("data", {})
        kind = next((kind for kind in KINDS if kind in bundle), None)
        if kind and {kind: bundle[kind]} in pictures.values():
            continue  # pyplot shows a figure at the end of a cell that also returns it
        if kind:
            name = f"expected_{len(pictures) + 1}.{kind.split('/')[1]}"
            pictures[name] = {kind: bundle[kind]}
            parts.append(f"![{re.sub(r'[][`$]', '', said)}](attachment:{name})")
        elif output.get("name") == "stdout" or "text/plain" in bundle:
            text = output.get("text") or bundle["text/plain"]
            parts.append(f"```text\n{text.rstrip()}\n```")
    if len(parts) == 1:
        where = f"{exercise.folder.name}/exercise.py:{cell.line}"
        raise ExerciseError(
            f'{where}: the cell tagged "expected" shows nothing; let it show a figure'
        )
    return "\n\n".join(parts), pictures


def _task_at(exercise, cell):
    """The task that a cell belongs to: its own, or that of the cells before it."""
    before = exercise.cells[: exercise.cells.index(cell) + 1]
    return next((cell.task for cell in reversed(before) if cell.task), None)


def _differences(name, stored, now):
    """Where a stored notebook isn't what it would be now; outputs aside."""
    rebuild = "run `make exercises`"
    if stored.metadata.get("course", {}).get("exercise") != now.metadata["course"]["exercise"]:
        return [f"{name} doesn't say which exercise it is: {rebuild}"]
    if len(stored.cells) != len(now.cells):
        return [f"{name} has {len(stored.cells)} cells, expected are {len(now.cells)}: {rebuild}"]
    return [
        f"{name}, cell {number}, isn't what its exercise gives now: {rebuild}"
        for number, (cell, new) in enumerate(zip(stored.cells, now.cells, strict=True), 1)
        if any(cell.get(key) != new.get(key) for key in ("cell_type", "source", "attachments"))
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("exercise", nargs="*", help="numbers, such as 02; none: all of them")
    parser.add_argument("--force", action="store_true", help="also what has not changed")
    options = parser.parse_args()
    ids = sorted(path.parent.name for path in EXERCISES.glob("*/exercise.toml"))
    try:
        names = chosen(options.exercise, ids)
    except ValueError as error:
        parser.error(str(error))
    try:
        force = options.force or bool(options.exercise)
        results = []
        for exercise in map(load_exercise, names):
            results.append(build(exercise, force))
            build_release(exercise, force)
    except ExerciseError as error:
        sys.exit(f"not built: {error}")
    if not options.exercise:
        for path in leftovers(ids):
            print(f"{path.relative_to(ROOT)}: removed, its exercise is no more")
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
