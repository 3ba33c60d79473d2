"""Whether a class gets the same marks on a busy machine as on one that has time.

    python -m tools.same_marks [--busy 4] [ID ...]

Of each exercise (without an ID, of 1 and 2) a class is graded twice with one seed, the second time
while so many processes do nothing but keep a core busy. The marks must be the same, byte for byte:
no verdict may hang on the clock. Some submissions take a good part of what a call may take, some
wait, and some never end.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from course.exercises import load_exercise
from tools.bench_grading import write_notebook

EXERCISES = ("01_convolution", "02_mnist")
MUTANTS = 4  # of each exercise
SEED = "5eed"
SLOWED = """
def _slowed(function):
    import functools

    @functools.wraps(function)
    def slow(*values, **named):
        {what}
        return function(*values, **named)

    return slow

{name} = _slowed({name})
"""
WHATS = {
    "takes half its time": "import time; end = time.process_time() + {half}\n"
    "        while time.process_time() < end: pass",
    "takes all its time": "while True: pass",
    "waits a little": "import time; time.sleep({half})",
    "waits for ever": "import threading; threading.Event().wait()",
    "ends": "import os; os._exit(1)",
}


def class_of(exercise):
    """What a class hands in: name -> cells."""
    right = exercise.solution_cells()
    handed_in = {"solution": right, "untouched": exercise.release_cells()}
    for mutant in exercise.mutants[:: max(1, len(exercise.mutants) // MUTANTS)][:MUTANTS]:
        handed_in[mutant.name] = exercise.mutant_cells(mutant)
    name, half = exercise.asked[0], exercise.limits.call_seconds / 2
    for title, what in WHATS.items():
        slowed = SLOWED.format(name=name, what=what.format(half=half))
        handed_in[title] = [*right, slowed]
    return handed_in


def marks_of(exercise, folder, out):
    """The bytes of `course grade`'s marks, and the seconds that it took."""
    command = [sys.executable, "-m", "course", "grade", exercise.id, str(folder), "--seed", SEED]
    begin = time.monotonic()
    subprocess.run([*command, "--out", str(out)], check=True, stdout=subprocess.DEVNULL)
    return (out / "marks.csv").read_bytes(), time.monotonic() - begin


def compare(exercise, busy):
    """Grade a class on its own and beside `busy` processes.

    Returns:
        (how many submissions, whether the marks are the same, seconds of each run).
    """
    with tempfile.TemporaryDirectory() as place:
        place = Path(place)
        handed_in = class_of(exercise)
        for student, cells in handed_in.items():
            write_notebook(place / "in" / student / "work.ipynb", exercise, cells)
        alone, seconds = marks_of(exercise, place / "in", place / "alone")
        spin = [sys.executable, "-c", "while True: pass"]
        others = [subprocess.Popen(spin) for _ in range(busy)]
        try:
            beside, longer = marks_of(exercise, place / "in", place / "beside")
        finally:
            for other in others:
                other.kill()
                other.wait()
        if alone != beside:
            print(alone.decode("utf-8-sig"), beside.decode("utf-8-sig"), sep="\n")
        return len(handed_in), alone == beside, (seconds, longer)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("names", nargs="*", metavar="ID", help="of exercises")
    parser.add_argument("--busy", type=int, default=4, help="processes that keep a core busy")
    given = parser.parse_args()
    same = True
    for name in given.names or EXERCISES:
        size, alike, (alone, beside) = compare(load_exercise(name), given.busy)
        said = "the same marks" if alike else "OTHER MARKS"
        print(f"{name}: {size} submissions, {alone:.0f} s and {beside:.0f} s: {said}", flush=True)
        same = same and alike
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
