"""Run lessons and an exercise with the oldest versions that the ranges in pyproject.toml allow.

    python -m tools.oldest [00 01 ...]

An environment in build/oldest gets the oldest Python, and of every package that the course asks
for the oldest version in its range: `uv pip install --resolution lowest-direct`. In its kernel,
lessons are executed from their sources, offline (0 and 1, unless others are named), and an exercise
is put on trial with it. It ends with 1 if anything fails, or a lesson shows an error or a warning.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from tools import uv
from tools.build_lessons import OFFLINE, clean, complaints, execute, read_lesson, with_settings
from tools.declared import ROOT, project
from tools.staleness import chosen, lessons

FOLDER = ROOT / "build" / "oldest"
PYTHON = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
KERNEL = "oldest"
KERNEL_PACKAGE = "ipykernel>=6.17"  # Colab's; the extra `lab` isn't tried: a front end has its own
LESSONS = "00", "01"
EXERCISE = "01"
CELL_SECONDS = 900


class OldestError(Exception):
    """The environment can't be made; the text says why."""


def declared():
    """What is asked for: the course's dependencies and TensorFlow, as far as they apply here."""
    table = project()
    lines = table["dependencies"] + table["optional-dependencies"]["tensorflow"]
    wanted = map(Requirement, [*lines, KERNEL_PACKAGE])
    return [need for need in wanted if need.marker is None or need.marker.evaluate()]


def oldest_python():
    """The oldest Python that the package takes, such as "3.11"."""
    wanted = SpecifierSet(project()["requires-python"])
    return next(f"3.{minor}" for minor in range(99) if f"3.{minor}" in wanted)


def make_environment():
    """Make build/oldest anew.

    Returns:
        {name: version} of what was asked for, and of Python.
    Raises:
        OldestError: uv can't; its own words.
    """
    python = oldest_python()
    _uv("venv", "--quiet", "--clear", "--python", python, FOLDER)
    install = "pip", "install", "--quiet", "--python", PYTHON, "--resolution", "lowest-direct"
    # Wheels only: an old version without one would be compiled, which says nothing of the course.
    _uv(*install, "--only-binary", ":all:", *map(_line, declared()))
    _uv("pip", "install", "--quiet", "--python", PYTHON, "--no-deps", "--editable", ".")
    installed = json.loads(_uv("pip", "list", "--python", PYTHON, "--format", "json"))
    versions = {canonicalize_name(entry["name"]): entry["version"] for entry in installed}
    described = subprocess.run([PYTHON, "--version"], capture_output=True, text=True, check=True)
    found = {"python": described.stdout.split()[1]}
    return found | {need.name: versions[canonicalize_name(need.name)] for need in declared()}


def name_kernel():
    """Tell Jupyter of the environment's kernel.

    Returns:
        the folder for the environment variable JUPYTER_PATH.
    """
    place = FOLDER / "share" / "jupyter" / "kernels" / KERNEL
    place.mkdir(parents=True, exist_ok=True)
    # Its own name and its whole path: "python" would be taken for the Python that asks.
    command = [str(PYTHON), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": command, "display_name": "oldest", "language": "python"}
    (place / "kernel.json").write_text(json.dumps(spec), encoding="utf-8")
    return place.parents[1]


def try_lesson(source):
    """Execute a lesson from its source in the environment's kernel.

    Args:
        source: path of the lesson's .py file.
    Returns:
        what it was run with, as its first line says, and what a reader must not see: two lists.
    Raises:
        nbclient.exceptions.CellExecutionError: a cell fails.
    """
    notebook = read_lesson(source)
    notebook.metadata["kernelspec"] = {"name": KERNEL, "display_name": "oldest"}
    execute(notebook, OFFLINE, timeout=CELL_SECONDS)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    text = "".join(output.get("text", "") for output in outputs)
    clean(notebook)  # of progress bars, and of widgets that have a picture
    return re.findall(r"TensorFlow [\d.]+, Keras [\d.]+", text), complaints(notebook, 0)


def try_exercise():
    """Put the exercise on trial: its solution, its untouched notebook, and each wrong solution.

    Returns:
        what the self-test says.
    Raises:
        OldestError: it fails.
    """
    done = subprocess.run(
        [PYTHON, "-m", "course", "exercises", "selftest", EXERCISE],
        cwd=ROOT,
        env=with_settings(OFFLINE),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise OldestError(done.stdout + done.stderr)
    return done.stdout.strip()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lesson", nargs="*", help=f"numbers; none: {' and '.join(LESSONS)}")
    options = parser.parse_args()
    try:
        sources = chosen(options.lesson or LESSONS, lessons())
    except ValueError as error:
        parser.error(str(error))
    try:
        versions = make_environment()
    except (OldestError, FileNotFoundError) as error:
        sys.exit(f"build/oldest was not made: {error}")
    print("\n".join(f"{name:20} {version}" for name, version in versions.items()), flush=True)
    wanted = next(versions[name] for name in versions if name.startswith("tensorflow"))
    expected = f"TensorFlow {wanted}, Keras {versions['keras']}"
    os.environ["JUPYTER_PATH"] = str(name_kernel())
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # an old kernel's debugger warns otherwise
    sound = True
    for source in sources:
        begin = time.perf_counter()
        try:
            said, problems = try_lesson(source)
        except Exception as error:  # the other lessons are still worth knowing about
            said, problems = [], [str(error)]
        if said != [expected] and not problems:
            problems = [f"it ran with {said}, not with {expected}"]
        sound &= not problems
        seconds = time.perf_counter() - begin
        print(f"{source.stem}: {'FAILED' if problems else 'passes'}, {seconds:.0f} s", flush=True)
        print("".join(f"  {problem}\n" for problem in problems), end="")
    try:
        print(try_exercise())
    except OldestError as error:
        sound = False
        print(f"exercise {EXERCISE} FAILED\n{error}")
    sys.exit(0 if sound else 1)


def _line(need):
    """A requirement without its marker: uv would look at the marker again."""
    return f"{need.name}{need.specifier}"


def _uv(*arguments):
    """What uv prints.

    Raises:
        OldestError: it fails.
    """
    done = uv.run(*arguments)
    if done.returncode:
        raise OldestError(f"uv {' '.join(map(str, arguments[:2]))} failed:\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main()
