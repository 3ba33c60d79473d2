"""JupyterLab or Notebook as a process of its own, for tests that talk to it."""

import contextlib
import re
import subprocess
import sys
import time

START_SECONDS = 90
TOKEN = "secret"


@contextlib.contextmanager
def served(arguments, *, folder, home, environment, python=sys.executable):
    """The address of a Jupyter server, with no browser opened; it ends with the block.

    Args:
        arguments: list, after "jupyter".
        folder: where it is started.
        home: an empty folder for its log; also its home and runtime folder.
        environment: dict of environment variables.
        python: the interpreter whose JupyterLab or Notebook it is.
    """
    options = ["--no-browser", "--port=0", "--allow-root", f"--IdentityProvider.token={TOKEN}"]
    own = {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}
    with (home / "log").open("w+") as log:
        process = subprocess.Popen(
            [python, "-m", "jupyter", *arguments, *options],
            cwd=folder,
            stdout=log,
            stderr=log,
            env=environment | own,
        )
        try:
            deadline = time.monotonic() + START_SECONDS
            while not (
                found := re.search(r"http://127\S+?(?=/(?:lab|tree))", (home / "log").read_text())
            ):
                assert process.poll() is None, (home / "log").read_text()
                assert time.monotonic() < deadline, (home / "log").read_text()
                time.sleep(0.2)
            yield found[0]
        finally:
            process.terminate()
            process.wait(30)
