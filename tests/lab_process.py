"""JupyterLab or Notebook as a process of its own, for tests that talk to it."""

import contextlib
import re
import subprocess
import sys
import time

START_SECONDS = 90
TOKEN = "secret"


def served(arguments, *, python=sys.executable, **where):
    """The address of a Jupyter server, with no browser opened; it ends with the block.

    Args:
        arguments: list, after "jupyter".
        python: the interpreter whose JupyterLab or Notebook it is.
        where: as of `started`.
    """
    options = ["--no-browser", "--allow-root"]
    return started([python, "-m", "jupyter", *arguments, *options], **where)


@contextlib.contextmanager
def started(command, *, folder, home, environment):
    """The address of the Jupyter server that a command starts; it ends with the block.

    Args:
        command: list; a port and the token are added.
        folder: where it is started.
        home: an empty folder for its log; also its home and runtime folder.
        environment: dict of environment variables.
    """
    options = ["--port=0", f"--IdentityProvider.token={TOKEN}"]
    own = {"HOME": str(home), "JUPYTER_RUNTIME_DIR": str(home / "runtime")}
    with (home / "log").open("w+") as log:
        process = subprocess.Popen(
            [*command, *options],
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
