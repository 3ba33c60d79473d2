"""How much memory this process may still use, and how much a network takes.

Only the standard library is imported at the top, for `course.cli.doctor`.
"""

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path

__all__ = ["available", "check_forward_pass", "limits", "needed", "release"]

GB = 2**30  # of memory, as systems and Binder count it
CGROUP, OWN_CGROUPS = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
# A forward pass beside its three largest neighbouring feature maps: see `needed`.
MORE, OTHER = 1.25, 100e6  # times as much; bytes


def available() -> float:
    """Bytes that can still be taken: what the machine has free, or is left of a limit.

    Returns:
        bytes, >= 0. Within a limit, what this process has in use already counts as taken.
        Infinity where the system doesn't tell, as in a sandbox without /proc.
    """
    import psutil

    try:
        memory, used = psutil.virtual_memory(), psutil.Process().memory_info()
    except (psutil.Error, OSError):
        return math.inf
    own = used.rss - getattr(used, "shared", 0)  # libraries' pages can be dropped: Linux only
    left = [limit - own for limit in limits(memory.total).values()]
    return max(0.0, min([float(memory.available), *left]))


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
    found = {"this container's limit": _control_group_limit()}
    with contextlib.suppress(KeyError, ValueError):
        found["MEM_LIMIT"] = float(os.environ["MEM_LIMIT"])
    return {name: limit for name, limit in found.items() if 0 < limit < total}


def needed(model, batch_size: int) -> float:
    """Estimate the memory that a forward pass takes, beside the weights.

    Args:
        model: keras.Model whose layers run one after the other, more or less.
        batch_size: images at once, >= 1.
    Returns:
        bytes: what the three largest neighbouring layers put out, in float32, a quarter more for
        copies of the images and buffers, and 100 MB for code. Measured beside it: VGG16 at 224
        pixels takes 1.18 GB for 32 images (estimate 1.26), 0.31 GB for 8 (0.39); at 224 pixels
        and 32 images ResNet50 .47 (.49), InceptionV3 .37 (.47), EfficientNetV2B0 .31 (.29) and
        MobileNetV2 .57 (.68).
    """
    sizes = [math.prod(layer.output.shape[1:]) for layer in model.layers]
    most = max(sum(sizes[i : i + 3]) for i in range(len(sizes)))
    return MORE * 4 * batch_size * most + OTHER


def check_forward_pass(model, title: str, batch_size: int) -> None:
    """Make sure that a forward pass fits into the memory that is free.

    Args:
        model: keras.Model of images.
        title: its name, for the message.
        batch_size: images at once, >= 1.
    Raises:
        MemoryError: it does not fit; the message says what is needed and free, and what to do.
    """
    need, free, side = needed(model, batch_size), available(), model.input_shape[1]
    if need > free:
        raise MemoryError(
            f"{title} needs about {need / GB:.1f} GB for {batch_size} images of {side} x {side} "
            f"pixels at once, and {free / GB:.1f} GB are free. Take a smaller batch_size, a "
            "smaller size, or MobileNetV2; or close other notebooks"
        )


def control_values(*names: str) -> Iterator[list[str]]:
    """Words of the control files so named, in this process's control groups and those above."""
    with contextlib.suppress(OSError, ValueError):
        for line in OWN_CGROUPS.read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            top = CGROUP / controllers  # the first version has a tree for each controller
            folder = top / path.lstrip("/")
            for group in (folder, *folder.parents):
                for name in names:
                    with contextlib.suppress(OSError):
                        yield (group / name).read_text().split()
                if group in (top, CGROUP):
                    break


def _control_group_limit() -> float:
    """Bytes that the control groups allow; infinity without a limit."""
    values = control_values("memory.max", "memory.limit_in_bytes")
    return min((float(value) for value, *_ in values if value != "max"), default=float("inf"))
