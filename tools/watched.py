"""Run a command offline, as a learner without network and data would, and watch its memory."""

import os
import subprocess
import sys
import threading
import time

from tools.build_lessons import OFFLINE


def run(command, *, memory_of, every, settings=None):
    """Run a command to its end; if it fails, so does this program.

    Args:
        command: list of str.
        memory_of: function that gives the bytes that a psutil.Process takes now.
        every: seconds between two looks at its memory.
        settings: dict of further environment variables.
    Returns:
        seconds, and the most bytes that it took.
    """
    import psutil

    own = {name: value for name, value in OFFLINE.items() if value is not None} | (settings or {})
    environment = {k: v for k, v in os.environ.items() if k not in OFFLINE} | own
    peak, done = 0, threading.Event()

    def look(process):
        nonlocal peak
        while not done.wait(every):
            peak = max(peak, memory_of(process))

    begin = time.perf_counter()
    process = psutil.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    watcher = threading.Thread(target=look, args=(process,))
    watcher.start()
    output, _ = process.communicate()
    seconds = time.perf_counter() - begin
    done.set()
    watcher.join()
    if process.returncode:
        sys.exit(f"{' '.join(command[:5])} failed:\n{output[-3000:]}")
    return seconds, peak
