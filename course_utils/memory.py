"""How much memory may still be used, and by what. At the top, the standard library only."""

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["available", "limits", "other_kernels", "release", "shortage"]

GB = 2**30  # of memory, as systems and Binder count it
LESSON = 0.7 * GB, 1.5 * GB  # what the lessons' kernels take at their peaks, quick size, real data
CGROUP, OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
USE_OF = {"memory.max": "memory.current", "memory.limit_in_bytes": "memory.usage_in_bytes"}
LENT = {"inactive_file", "active_file", "total_inactive_file", "total_active_file"}  # to files
KERNELS = {"ipykernel_launcher", "ipykernel", "colab_kernel_launcher"}  # modules that start one


def available() -> float:
    """Bytes that can still be taken: what the machine has free, or is left of a limit.

    Returns:
        bytes, >= 0. Of a container's limit, what its processes have in use is taken; of MEM_LIMIT,
        what the user's have. Infinity where the system doesn't tell, as in a sandbox without /proc.
    """
    import psutil

    try:
        memory = psutil.virtual_memory()
    except (psutil.Error, OSError):
        return math.inf
    return max(0.0, min([float(memory.available), *_left_of_limits(memory.total)]))


def other_kernels() -> list[tuple[str, float]]:
    """This user's other notebooks that have a kernel, and the bytes it takes, the largest first.

    Returns:
        pairs of a notebook's file name, "another notebook" where that is not told, and bytes.
    """
    import psutil

    kernels = []
    for process, size in _own_processes():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and KERNELS & set(process.cmdline()):
                name = ""
                with contextlib.suppress(psutil.Error, OSError):  # as macOS may forbid it
                    name = process.environ().get("JPY_SESSION_NAME", "")  # Jupyter's server sets it
                kernels.append((Path(name).name or "another notebook", size))
    return sorted(kernels, key=lambda kernel: -kernel[1])


def shortage() -> tuple[str, bool]:
    """What to shut down before TensorFlow is imported, where little memory is free.

    Returns:
        a sentence, "" where there is enough for any lesson; and whether a lesson would die: less
        is left of a limit than the smallest lesson takes, and there are kernels to shut down.
    """
    free, (least, most) = available(), LESSON
    if free >= most:
        return "", False
    text = f"{free / GB:.1f} GB of memory are free, and a lesson takes {least / GB:.1f} to "
    text += f"{most / GB:.1f} GB: "
    named, freed = [], free
    for name, size in other_kernels():
        if freed < most and size >= 0.05 * GB:
            named.append(f"{name} ({size / GB:.1f} GB)")
            freed += size
    if not named:
        return f"{text}close other programs, should it stop.", False
    text += f"first shut down the kernel of {' and '.join(named)}. In JupyterLab that is done in "
    text += 'the left sidebar, under "Running Terminals and Kernels".'
    return text, min(_left_of_limits(math.inf), default=math.inf) < least


def release() -> None:
    """Give memory back to the system that nothing uses any more, such as that of a deleted model.

    A model and its functions refer to each other, so Python frees them only when it collects; and
    on Linux the C library keeps what is freed until it is asked.
    """
    import ctypes
    import gc

    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # another system, or another C library
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def limits(total: float) -> dict[str, float]:
    """The limits in force that are below the machine's memory.

    Args:
        total: the machine's memory, in bytes.
    Returns:
        bytes by name: "this container's limit" and "MEM_LIMIT", which JupyterHub and Binder set.
    """
    groups = min((limit for limit, _ in _control_groups()), default=math.inf)
    found = {"this container's limit": groups}
    with contextlib.suppress(KeyError, ValueError):
        found["MEM_LIMIT"] = float(os.environ["MEM_LIMIT"])
    return {name: limit for name, limit in found.items() if 0 < limit < total}


def _left_of_limits(total: float) -> list[float]:
    """What is left of each limit that is below the machine's memory, in bytes."""
    left = [limit - _group_use(use) for limit, use in _control_groups() if limit < total]
    own = limits(total).get("MEM_LIMIT")
    return left if own is None else [*left, own - sum(size for _, size in _own_processes())]


def _own_processes() -> Iterator[tuple]:
    """This user's processes that can be looked at, and what each takes for itself, in bytes."""
    import psutil

    with contextlib.suppress(psutil.Error, OSError):
        own = psutil.Process().username()
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.username() == own:
                    used = process.memory_info()
                    # libraries' pages can be dropped; only Linux tells which they are
                    yield process, used.rss - getattr(used, "shared", 0)


def _control_groups() -> Iterator[tuple[float, Path]]:
    """Of this process's control groups and those above: the limit in bytes, the file of the use."""
    with contextlib.suppress(OSError, ValueError):
        for line in OWN_CGROUPS.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            top = CGROUP / controllers  # the first version has a tree for each controller
            folder = top / path.lstrip("/")
            for group in (folder, *folder.parents):
                for name, use in USE_OF.items():
                    with contextlib.suppress(OSError, ValueError):
                        yield float((group / name).read_text()), group / use  # or "max": no limit
                if group in (top, CGROUP):
                    break


def _group_use(use: Path) -> float:
    """Bytes in use in a control group, without pages of files, which can be dropped."""
    try:
        lines = use.with_name("memory.stat").read_text().splitlines()
        lent = {name: float(value) for name, value in map(str.split, lines) if name in LENT}
        if lent.keys() == LENT:  # the first version: the group's own, and those of groups within
            lent = {name: value for name, value in lent.items() if name.startswith("total")}
        return float(use.read_text()) - sum(lent.values())
    except (OSError, ValueError):
        return sum(size for _, size in _own_processes())
