"""Write down which versions Colab has of what the course needs: tests/colab.txt.

    git clone --depth 1 https://github.com/googlecolab/backend-info build/backend-info
    python -m tools.colab_versions build/backend-info

Colab's makers publish there what a notebook finds installed. Of these 700 packages, the file gets
those that the course's dependencies lead to, directly or not, with Colab's versions. It ends with 1
where the ranges in pyproject.toml don't go together with them: an install on Colab would replace
something there.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.requirements import Requirement

from course_utils.files import write_whole
from tools import uv
from tools.declared import ROOT, pins, project

FILE = ROOT / "tests" / "colab.txt"
ADDRESS = "https://github.com/googlecolab/backend-info"
PLATFORM = "x86_64-unknown-linux-gnu"
HEADER = """\
# What Colab has of the packages that the course needs, directly or not; tools/colab_versions.py
# wrote this, from {address}/blob/{commit}/pip-freeze.txt
# date: {date}
# python: {python}
"""


def needs():
    """What the course needs on a platform with a TensorFlow of its own: a list of Requirement.

    The last one is TensorFlow, in its usual build, with the range of the extra `tensorflow`.
    """
    builds = map(Requirement, project()["optional-dependencies"]["tensorflow"])
    (range_,) = {str(build.specifier) for build in builds}
    return [*map(Requirement, project()["dependencies"]), Requirement(f"tensorflow{range_}")]


def resolve(constraints, python):
    """All that the course needs, resolved beside packages whose versions are given.

    Args:
        constraints: {name: version} of what is installed and must stay.
        python: version of Python.
    Returns:
        {name: version}, of what is installed and of what would come.
    Raises:
        RuntimeError: the ranges don't go together with these versions; it has uv's reasons.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "constraints.txt")
        file.write_text("".join(f"{name}=={version}\n" for name, version in constraints.items()))
        done = uv.run(
            *("pip", "compile", "-", "--constraints", file, "--quiet", "--python", sys.executable),
            *("--python-version", python, "--python-platform", PLATFORM, "--only-binary", ":all:"),
            text="\n".join(map(str, needs())),
        )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return dict(pins(done.stdout))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clone", type=Path, help=f"a clone of {ADDRESS}")
    clone = parser.parse_args().clone

    def git(*arguments):
        command = ["git", "-C", str(clone), *arguments]
        return subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stdout

    there = dict(pins(git("show", "HEAD:pip-freeze.txt")))
    (python,) = re.findall(r"(?m)^Python (\S+)", git("show", "HEAD:os-info.txt"))
    try:
        resolved = resolve(there, python)
    except RuntimeError as error:
        sys.exit(f"Colab's versions don't go together with the ranges in pyproject.toml:\n{error}")
    commit, date = git("log", "-1", "--format=%H %cs").split()
    header = HEADER.format(address=ADDRESS, commit=commit, date=date, python=python)
    kept = [f"{name}=={there[name]}\n" for name in sorted(resolved.keys() & there.keys())]
    write_whole(FILE, header + "".join(kept))
    new = sorted(resolved.keys() - there.keys())
    print(f"{len(kept)} packages of {date} in {FILE.relative_to(ROOT)}")
    print(f"Not on Colab, so they would come with the course: {', '.join(new) or 'none'}")


if __name__ == "__main__":
    main()
