"""Writing files so that nobody ever sees half of one."""

import os
import tempfile
from pathlib import Path


def write_whole(path, content, *, lasting=False):
    """Write a file so that others see the old one or the new one, never a part of it.

    Args:
        path: where to; folders above it are made.
        content: str, written as UTF-8 with its own line ends, or bytes.
        lasting: wait until it is on the disk, for a power cut to do it no harm.
    Raises:
        OSError: it can't be written. What was there is as it was, and nothing is left beside it.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    data = content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")
    # A short name of its own: the file's may be as long as names can be.
    handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=".writing-")
    try:
        with open(handle, "wb") as file:
            file.write(data)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        os.chmod(fresh, path.stat().st_mode if path.exists() else 0o666 & ~_umask())
        os.replace(fresh, path)
    except BaseException:
        os.unlink(fresh)
        raise


def _umask():
    mask = os.umask(0)  # the only way to read it is to set it
    os.umask(mask)
    return mask
