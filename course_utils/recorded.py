"""What a full run of a lesson measured, kept in the repository and shown in the lessons.

Numbers are kept as JSON, and drawn anew; pictures as JPEG, as they were.
"""

import datetime
import io
import json
import os
import platform
from pathlib import Path

from course_utils.files import write_whole

FOLDER = Path(__file__).parent / "recorded"
PICTURE_DPI = 72


def load_run(name):
    """Read what a recorded full run measured.

    Args:
        name: the file's name without its ending, such as "02_mnist".
    Returns:
        dict with "date", "machine", "versions", "seed", "data" and what the lesson kept.
    Raises:
        FileNotFoundError: no such recording; the message lists those there are.
    """
    return json.loads(_find(name, ".json").read_text(encoding="utf-8"))


def _find(name, ending):
    path = FOLDER / f"{name}{ending}"
    if not path.exists():
        there = ", ".join(sorted(file.stem for file in FOLDER.glob(f"*{ending}"))) or "none"
        raise FileNotFoundError(
            f"there is no recorded run {name!r} (there is: {there}). "
            "`make record LESSON=NN` makes one from a lesson."
        )
    return path


def keep_run(name, *, scale, seed, data, **measured):
    """Write down what a full run measured; does nothing unless COURSE_RECORD=1 and in full size.

    Args:
        name: the file's name without its ending.
        scale, seed: what the lesson ran with.
        data: text, which data and how many.
        measured: numbers, lists and dicts, rounded here to five digits.
    Raises:
        ValueError: asked to record in quick size, which would pass for a full run.
    """
    if not _recording(scale):
        return
    run = {
        "date": datetime.date.today().isoformat(),
        "machine": describe_machine(),
        "versions": describe_versions(),
        "seed": seed,
        "data": data,
        **rounded(measured),
    }
    text = json.dumps(run, indent=1, ensure_ascii=False) + "\n"
    write_whole(FOLDER / f"{name}.json", text)


def _recording(scale):
    """Whether to write down what is measured now."""
    if os.environ.get("COURSE_RECORD") != "1":
        return False
    if scale != "full":
        raise ValueError(
            f"only full runs are recorded, and this one is {scale!r}: set COURSE_SCALE=full"
        )
    return True


def keep_picture(name, figure, *, scale):
    """Draw a figure of a full run into a JPEG; does nothing unless COURSE_RECORD=1.

    For pictures that need weights or photos that not every reader has.

    Args:
        name: the file's name without its ending.
        figure: matplotlib Figure.
        scale: what the lesson ran with.
    Raises:
        ValueError: asked to record in quick size.
    """
    if not _recording(scale):
        return
    drawn = io.BytesIO()
    figure.savefig(drawn, format="jpeg", dpi=PICTURE_DPI, pil_kwargs={"quality": 75})
    write_whole(FOLDER / f"{name}.jpg", drawn.getvalue())


def load_picture(name):
    """Show the picture of a recorded full run.

    Args:
        name: the file's name without its ending, such as "06_filters".
    Returns:
        IPython.display.Image.
    Raises:
        FileNotFoundError: no such recording; the message lists those there are.
    """
    from IPython.display import Image

    return Image(data=_find(name, ".jpg").read_bytes(), format="jpeg")


def describe_machine():
    """The machine in one line: processor, cores, memory, system."""
    import psutil

    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = names[0].split(":", 1)[1].strip() if names else model
    memory = psutil.virtual_memory().total / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GB, {platform.system()}"


def describe_versions():
    """Versions of Python and of the libraries that a measurement depends on, as a dict."""
    from importlib.metadata import distributions, version

    watched = ("tensorflow", "tensorflow-cpu", "keras", "numpy")
    names = {distribution.name.replace("_", "-") for distribution in distributions()}
    installed = {name: version(name) for name in watched if name in names}
    return {"python": platform.python_version(), **installed}


def rounded(value):
    """Numbers rounded to five digits, at any depth of lists and dicts, as plain Python numbers."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return round(value, 5) if isinstance(value, float) else value
