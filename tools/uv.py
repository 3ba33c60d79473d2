"""uv, which resolves and installs for `make lock`, `make platforms` and `make oldest`."""

import os
import shutil
import subprocess

from tools.declared import ROOT

OWN = ROOT / "build" / "uv" / "bin"  # where the Makefile puts one, if there is none on the PATH
MISSING = "no uv found on the PATH or in build/uv; `make platforms` brings one"


def find():
    """The path of uv, or None."""
    return shutil.which("uv", path=os.pathsep.join([os.environ.get("PATH", ""), str(OWN)]))


def run(*arguments, text="", **variables):
    """Run uv.

    Args:
        arguments: its arguments.
        text: what it reads from its standard input.
        variables: environment variables to set.
    Returns:
        subprocess.CompletedProcess with `stdout` and `stderr` as str; `returncode` is for the
        caller to look at.
    Raises:
        FileNotFoundError: there is no uv.
    """
    program = find()
    if not program:
        raise FileNotFoundError(MISSING)
    return subprocess.run(
        [program, *map(str, arguments)],
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=False,
        cwd=ROOT,
        env=os.environ | variables,
    )
