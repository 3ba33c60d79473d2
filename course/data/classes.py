"""What the two classes of a folder of photos are called, whoever named them."""

from pathlib import Path

__all__ = ["class_names"]


def class_names(folder: str | Path, *, most: int | None = None) -> list[str]:
    """The names of the class folders, in the order of their labels: 0, then 1.

    Args:
        folder: as of `load_pets`: train/ in it holds the class folders.
        most: characters that there is room for, >= 4, as in a title. A longer name is cut, to a
            part by which it can be told from the other. None: whole.
    Returns:
        list of str.
    Raises:
        FileNotFoundError: there is no train/ in the folder.
    Source: keras.utils.image_dataset_from_directory, which sorts the folders' names.
    """
    classes = (path for path in (Path(folder) / "train").iterdir() if path.is_dir())
    names = sorted(path.name for path in classes if not path.name.startswith("."))
    return names if most is None else _shortened(names, most)


def _shortened(names: list[str], most: int) -> list[str]:
    """Names that are cut to so many characters, and still differ."""
    alike = next((i for i, pair in enumerate(zip(*names, strict=False)) if len({*pair}) > 1), None)
    if alike is None:  # one begins as the other, to its end
        alike = min(map(len, names))
    begin = 0 if alike < most - 1 else alike - (most - 2) // 2
    return [name if len(name) <= most else _part(name, begin, most) for name in names]


def _part(name: str, begin: int, most: int) -> str:
    part = "…" * bool(begin) + name[begin:]
    return part if len(part) <= most else part[: most - 1].rstrip() + "…"
