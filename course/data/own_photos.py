"""The learner's own folder of photos: where its two classes are, or what is wrong with it."""

import zipfile
from pathlib import Path

from course.data import photos
from course.data.download import DataError
from course_utils.texts import counted, printable

__all__ = ["find_classes"]

_TRAIN_NAMES, _VALIDATION_NAMES = ("train", "training"), ("validation", "val", "valid", "test")


def find_classes(
    path: Path,
) -> tuple[dict[str, list[Path]], dict[str, str], list[tuple[str, str]]]:
    """Find the two classes in a folder, and their files.

    Args:
        path: holds two class folders, or train/ and validation/ with the same two each.
    Returns:
        groups: "cats" or "train/cats" -> its files.
        part_names: {"train": "train", "validation": "val"}, as they are called; {} without parts.
        unused: (name, why) of images and folders that lie elsewhere in it.
    Raises:
        DataError: the folder is not as described; the message says how, and shows a good one.
    """
    if not path.exists():
        raise _wrong(path, "there is no such folder", "Check the path", layout=False)
    if not path.is_dir():
        what = "an archive; unpack it first" if zipfile.is_zipfile(path) else "a file, not a folder"
        raise _wrong(path, f"it is {what}", "Give the folder with the class folders")
    try:
        folders, loose = _look_in(path)
    except OSError as error:
        reason = f"it cannot be read ({error.strerror})"
        raise _wrong(path, reason, "Make it readable", layout=False) from error
    if not folders and not loose:
        raise _wrong(path, "it is empty", "Put the photos there first")
    parts = {folder.name.lower(): folder for folder in folders}
    train = next((parts[name] for name in _TRAIN_NAMES if name in parts), None)
    validation = next((parts[name] for name in _VALIDATION_NAMES if name in parts), None)
    if train and not validation:
        reason = f"there is {train.name}/, but no validation/ beside it"
        raise _wrong(path, reason, _one_part(train, folders))
    if validation and not train:
        reason = f"there is {validation.name}/, but no train/ beside it"
        raise _wrong(path, reason, _one_part(validation, folders))
    if not train:
        groups = {folder.name: files for folder, files in _class_folders(path, path).items()}
        return groups, {}, _outside(path, [path])
    of_train = _class_folders(train, path)
    of_validation = _class_folders(validation, path)
    names, others = (sorted(folder.name for folder in part) for part in (of_train, of_validation))
    if names != others:
        reason = (
            f"{train.name}/ has the classes {' and '.join(names)}, "
            f"but {validation.name}/ has {' and '.join(others)}"
        )
        raise _wrong(path, reason, "Give both the same two class folders, in the same spelling")
    groups = {f"train/{folder.name}": files for folder, files in of_train.items()}
    groups |= {f"validation/{folder.name}": files for folder, files in of_validation.items()}
    unused = [(f"{folder.name}/", f"only {train.name}/ and {validation.name}/ are used")
              for folder in folders if folder not in (train, validation)]  # fmt: skip
    unused += _outside(path, [path, train, validation])
    return groups, {"train": train.name, "validation": validation.name}, unused


def _one_part(part: Path, folders: list[Path]) -> str:
    advice = "Add it, or give the folder with the two class folders alone"
    return f"{advice}, or rename {part.name}/ if it is a class" if len(folders) == 2 else advice


def _outside(path: Path, folders: list[Path]) -> list[tuple[str, str]]:
    """The images that lie beside the class folders."""
    loose = [file for folder in folders for file in _look_in(folder)[1]]
    return [
        (printable(file.relative_to(path).as_posix(), instead="?"), "outside the class folders")
        for file in loose
        if file.suffix.lower() in photos.SUFFIXES
    ]


def _look_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """The folders and the files in a folder, hidden ones passed over."""
    inside = sorted(path for path in folder.iterdir() if not photos.is_hidden(path.name))
    folders = [path for path in inside if path.is_dir()]
    return folders, [path for path in inside if path not in folders]


def _class_folders(folder: Path, path: Path) -> dict[Path, list[Path]]:
    """The two class folders in a folder, with their files."""
    folders, loose = _look_in(folder)
    place = "it" if folder == path else f"{folder.name}/"
    names = ", ".join(f"{cls.name}/" for cls in folders[:6]) + (", ..." if folders[6:] else "")
    if not folders:
        if not loose:
            raise _wrong(path, f"{place} is empty", "Put the photos there first")
        files = counted(len(loose), "loose file")
        reason = f"{place} holds {files}, as {loose[0].name}, and no class folders"
        if folder == path and len(_folders_beside(path)) == 2:
            advice = f"If {path.name} is one of the classes, give {path.parent}"
            raise _wrong(path, reason, advice, top=path.parent.name)
        raise _wrong(path, reason, "Make a folder for each of the two classes")
    if len(folders) == 1:
        advice = "Add a folder for the second class"
        inner = _look_in(folders[0])[0]
        if len(inner) == 2:
            advice = f"If {folders[0].name}/ holds the photos, give {folders[0]}"
        raise _wrong(path, f"{place} has one class folder only, {names}", advice)
    if len(folders) > 2:
        reason = f"{place} has {len(folders)} class folders ({names}); there must be two"
        raise _wrong(path, reason, "Give a folder that holds two of them only")
    if folders[0].name.lower() == folders[1].name.lower():
        reason = f"{folders[0].name}/ and {folders[1].name}/ differ in capital letters only"
        advice = "Rename one of them: on many disks they would be one folder"
        raise _wrong(path, reason, advice)
    classes = {cls: photos.files_below(cls) for cls in folders}
    for cls, files in classes.items():
        if not files:
            there = cls.relative_to(path).as_posix()
            raise _wrong(path, f"there are no photos in {there}/", "Put some there")
    return classes


def _folders_beside(path: Path) -> list[Path]:
    """The folders where this one is, itself included."""
    try:
        return _look_in(path.parent)[0]
    except OSError:
        return []


def _wrong(
    path: Path, reason: str, advice: str, *, layout: bool = True, top: str = ""
) -> DataError:
    """The error for a folder that is not as it should be, with a picture of one that is."""
    top = top or ("FOLDER" if path.is_file() else path.name)
    tree = (
        ".\nExpected, with your own names for the two classes:"
        f"\n  {top}/"
        "\n    cats/  a.jpg, b.jpg, ..."
        "\n    dogs/  c.jpg, d.jpg, ..."
        "\nor train/ and validation/, each with two such folders"
    )
    return DataError(f"Adding the photos in {path}", reason, advice + tree * layout)
