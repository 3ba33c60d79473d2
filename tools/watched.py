"""Watch what processes take; run a command offline, as a learner without network and data would."""

import contextlib
import subprocess
import sys
import threading
import time

from tools.build_lessons import OFFLINE, with_settings


def memory_of(process):
    """Bytes that a process and all that it started take together; what they share counts once.

    Args:
        process: a psutil.Process.
    Returns:
        int. Where the system can't tell what is shared, it counts for each.
    """
    import psutil

    total, family = 0, [process]
    with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
        family += process.children(recursive=True)
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            try:
                taken = member.memory_full_info()
            except psutil.AccessDenied:
                taken = member.memory_info()
            total += getattr(taken, "pss", 0) or taken.rss  # pss: Linux only
    return total


class Watch:
    """Looks at the memory of a process until it is left; `most()` gives the peak.

    Args:
        process: a psutil.Process.
        every: seconds between two looks.
        memory_of: function that gives the bytes that it takes now.
    """

    def __init__(self, process, *, every, memory_of=memory_of):
        self._process, self._memory_of, self._every = process, memory_of, every
        self._peak, self._lock = 0, threading.Lock()
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *exception):
        self._done.set()
        self._thread.join()

    def most(self):
        """The most bytes taken since the last call."""
        with self._lock:
            peak, self._peak = self._peak, 0
        return peak

    def _look(self):
        while not self._done.wait(self._every):
            now = self._memory_of(self._process)  # takes its time, in which most() may be called
            with self._lock:
                self._peak = max(self._peak, now)


def run(command, *, every, memory_of=memory_of, settings=None):
    """Run a command to its end; if it fails, so does this program.

    Args:
        command: list of str.
        every, memory_of: as of `Watch`.
        settings: dict of further environment variables.
    Returns:
        seconds, and the most bytes that it took.
    """
    import psutil

    environment = with_settings(OFFLINE | (settings or {}))
    begin = time.perf_counter()
    process = psutil.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    with Watch(process, every=every, memory_of=memory_of) as watch:
        output, _ = process.communicate()
        seconds = time.perf_counter() - begin
    if process.returncode:
        sys.exit(f"{' '.join(command[:5])} failed:\n{output[-3000:]}")
    return seconds, watch.most()
