"""Run a lesson in full on the real data, and keep what it measured in course_utils/recorded/.

    python -m tools.record 02

It takes as long as it takes (lesson 2: about half an hour on two cores). Each training that has
finished is kept below build/ until all are: interrupted, the run goes on from there. The notebooks
are not touched; `make lessons` afterwards draws the new curves into them.
"""

import argparse
import hashlib
import shutil
import time

from tools.build_lessons import execute, read_lesson
from tools.declared import ROOT
from tools.staleness import chosen, ingredients, lessons

KEPT = ROOT / "build" / "recording"
# What is read from a lesson when it has run: of each recording, the lesson's names for its parts.
# (Lessons that aren't here write theirs down themselves, with `recorded.keep_run`.)
RESULTS = {
    "02_mnist": {
        "02_mnist": {
            "seed": "2",
            "data": 'f"{len(x_train):,} training, {len(x_validation):,} validation '
            'and {len(x_test):,} test digits"',
            "dense": "dense_history",
            "convnet": "convnet_history",
            "moved_digits": "jittered_history",
            "scrambled": "scrambled",
            "ablation": "ablation",
            "starts": "starts",
            "shifted": "shifted",
            "test": "test_accuracy",
        }
    }
}


def with_records(notebook, results, folder):
    """A lesson's notebook with two cells more: one keeps trainings, the last one what is asked for.

    Args:
        notebook: as of `read_lesson`; changed in place.
        results: dict from a recording's name to a dict from a part to an expression of the lesson.
        folder: path, where trainings are kept.
    Returns:
        the notebook.
    """
    from nbformat.v4 import new_code_cell

    watching = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from tools.kept_trainings import keep_trainings\n"
        f"keep_trainings({str(folder)!r})"
    )
    setup = next(i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code")
    notebook.cells.insert(setup + 1, new_code_cell(watching))
    keeping = ["from course_utils import recorded"]
    for name, parts in results.items():
        given = "".join(f", {part}={expression}" for part, expression in parts.items())
        keeping.append(f"recorded.keep_run({name!r}, scale=SCALE{given})")
    notebook.cells.append(new_code_cell("\n".join(keeping)))
    return notebook


def record(source, results, folder):
    """Run a lesson in full; what it measured is then in `course_utils/recorded/`.

    Args:
        source: path of the lesson's .py file.
        results, folder: as of `with_records`; the folder is removed when all is done.
    """
    settings = {"COURSE_SCALE": "full", "COURSE_RECORD": "1", "COURSE_OFFLINE": None}
    execute(with_records(read_lesson(source), results, folder), settings, timeout=None)
    shutil.rmtree(folder, ignore_errors=True)


def kept_folder(source):
    """Where a lesson's trainings are kept: another folder when what it imports has changed.

    (What changes in its own code is known from the trainings' names; its text changes nothing.)
    """
    own = (source.name, ".json")  # recorded runs, and the questions in its text
    rests_on = {k: v for k, v in ingredients([source]).items() if not k.endswith(own)}
    mark = hashlib.sha256(str(sorted(rests_on.items())).encode()).hexdigest()[:8]
    return KEPT / f"{source.stem}-{mark}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lesson", help="number, such as 02")
    try:
        (source,) = chosen([parser.parse_args().lesson], lessons())
    except ValueError as error:
        parser.error(str(error))
    begin = time.perf_counter()
    folder = kept_folder(source)
    if folder.exists():
        print(f"{source.stem}: {len(list(folder.iterdir()))} trainings were kept; going on")
    record(source, RESULTS.get(source.stem, {}), folder)
    print(f"{source.stem}: recorded after {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
