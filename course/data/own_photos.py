"""The learner's own folder of photos: where its two classes are, or what is wrong with it.

What people have, and what is made of it:

    cats/  dogs/                                   a fifth of each becomes validation
    train/cats/  train/dogs/  validation/...       as it is; parts go by many names, see `_role`
    train/...  val/...  test/...                   test is left alone: nobody chooses by it
    train/...  test/...                            without a val, test is the validation
    train/...  test/a.jpg                          test tells no classes: a fifth of train
    cats/train/  cats/test/  dogs/train/  ...      the parts in the classes, as well
    cats_train/  dogs_train/  cats_test/  ...      both in the folders' names, as well
    cat.0.jpg  cat.1.jpg  dog.0.jpg  ...           the classes are in the files' names

each of it also inside folders that hold nothing else (PetImages/PetImages/...), and each part
too (training_set/training_set/...). What could be meant in two ways is refused, with both.
"""

import errno
import os
import re
import shlex
import stat
import zipfile
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from course.data import photos
from course.data.download import DataError
from course_utils.texts import counted, printable

__all__ = ["Found", "find_classes", "folder_given"]

DEEPEST = 50  # folders in one another that hold nothing else

# The words of folders' names that say what a part is for, and what may hang on to such a word.
_ROLES = {
    "train": ("training", "train", "trn",
              "trainings", "entrainement", "entraînement", "entrenamiento", "treinamento",
              "treino", "addestramento", "trening", "eğitim", "обучение", "обучающая", "训练",
              "訓練", "学習", "학습", "훈련"),
    "validation": ("validation", "validate", "valid", "val", "development", "dev", "evaluation",
                   "eval",
                   "validierung", "validierungs", "validación", "validacion", "validação",
                   "validacao", "validazione", "walidacja", "doğrulama", "валидация",
                   "валидационная", "验证", "驗證", "検証", "검증"),
    "test": ("testing", "test", "tst", "prediction", "predict", "pred",
             "prueba", "pruebas", "teste", "testes", "тест", "тестовая", "测试", "測試", "テスト",
             "테스트"),
}  # fmt: skip
_HANGS_ON = ("set", "sets", "data", "dataset", "images", "image", "imgs", "img", "photos", "pics",
             "pictures", "folder", "split", "part", "daten", "datensatz", "bilder", "выборка",
             "集", "数据", "データ", "用", "데이터", "")  # fmt: skip
_WRAPPERS = {"images", "imgs", "photos", "pictures", "pics", "data", "dataset", "jpg", "jpeg"}

# How cameras and programs begin the names of all their files, so that it tells no class.
_CAMERAS = {"img", "dsc", "dscn", "dscf", "dcim", "pxl", "mvi", "vid", "gopr", "sam", "wp", "imag",
            "image", "images", "photo", "photos", "picture", "pic", "file", "frame", "scan",
            "screenshot", "whatsapp", "signal", "untitled", "download", "unnamed", "wa", "at", "am",
            "pm", "edited", "burst", "pano", "hdr", "copy", "fb", "snapchat", "instagram", "inshot",
            "telegram", "viber", "kakaotalk", "mmexport", "foto", "fotos", "bild",
            "bildschirmfoto", "captura", "imagen", "снимок", "фото"}  # fmt: skip
_NO_PHOTOS = {".txt", ".csv", ".tsv", ".json", ".xml", ".yaml", ".yml", ".md", ".rst", ".html",
              ".htm", ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".py", ".ipynb", ".log", ".mat",
              ".npy", ".npz", ".h5", ".pkl", ".db", ".ini", ".exe"}  # fmt: skip
_ARCHIVES = {".zip", ".gz", ".tgz", ".tar", ".rar", ".7z", ".xz", ".bz2"}
_NO_PHOTOS |= _ARCHIVES
_NUMBER = re.compile(r"[\s._-]*(?:\(\d+\)|\[\d+\]|\d+|\bcopy)$|^\d+[\s._-]+", re.IGNORECASE)


class Found(NamedTuple):
    """The two classes in a folder.

    Args:
        groups: "cats" or "train/cats" -> its files; the names are fit for folders anywhere.
        part_names: {"train": "train", "validation": "val"}, as they are called; {} without parts.
        unused: (name, why) of images, folders and links in it of which nothing is used.
        note: how an unusual layout was understood; "" for a plain one.
    """

    groups: dict[str, list[Path]]
    part_names: dict[str, str]
    unused: list[tuple[str, str]]
    note: str


def folder_given(path: str | Path) -> Path:
    """The whole path of a folder as somebody typed it, with ~ and without "..".

    Raises:
        DataError: it is no path: empty, an address, the home of nobody, ...
    """
    text = os.fsdecode(path)
    shown = printable(text)
    if not text.strip():
        raise DataError("Adding photos", "no folder was given", "Give one: add pets FOLDER")
    if "\0" in text:
        raise _wrong(shown, "a path has no NUL character", "Check the path", layout=False)
    address = re.match(r"([a-z][a-z0-9+.-]+):/+(?:localhost/)?", text, re.IGNORECASE)
    if address and not os.path.lexists(text):
        advice = "Download the photos, unpack them, and give their folder"
        if address[1].lower() == "file":
            advice = f"Give the path alone: /{unquote(text[address.end() :])}"
        raise _wrong(shown, "it is an address, not a folder", advice, layout=False)
    bare = text.strip(" \t\r\n'\"‘’“”„«»")
    there = os.path.lexists(os.path.expanduser(bare))
    if (
        bare
        and bare != text
        and not os.path.lexists(text)
        and (there or text[0] == text[-1] in set("'\""))
    ):
        what = "quotes" if text.strip() != bare else "spaces or line breaks"
        reason = f"the {what} at its ends are taken for a part of it"
        raise _wrong(printable(repr(text)), reason, f"Give it without them: {bare}", layout=False)
    full = os.path.expandvars(text)
    if full != text and os.path.lexists(full) and not os.path.lexists(text):
        advice = f"Give the whole path: {full}"
        raise _wrong(shown, "the variable in it stays as it is here", advice, layout=False)
    drive = re.match(r"([a-z]):[/\\]+", text, re.IGNORECASE)
    if drive and os.name != "nt" and not os.path.lexists(text):
        advice = f"In WSL it is /mnt/{drive[1].lower()}/{text[drive.end() :]}".replace("\\", "/")
        raise _wrong(shown, "it is a path of Windows, and this is another system", advice,
                     layout=False)  # fmt: skip
    try:
        return Path(os.path.abspath(Path(text).expanduser()))
    except RuntimeError as error:  # ~somebody, or no home at all
        home = Path(text).parts[0]
        reason = f"{home} is nobody's home folder here"
        raise _wrong(shown, reason, "Give the whole path", layout=False) from error
    except FileNotFoundError as error:
        reason = "the folder where you are, from which it counts, is gone"
        raise _wrong(shown, reason, "Give the whole path", layout=False) from error


def find_classes(path: Path) -> Found:
    """Find the two classes in a folder, and their files; see the module for the layouts.

    Raises:
        DataError: the folder is not as described; the message says how, and shows a good one.
    """
    try:
        _check_folder(path)
        found = _find(path, path, [], 0)
        return found._replace(note=printable(found.note))
    except OSError as error:
        there = error.filename if isinstance(error.filename, (str, Path)) else path
        what = "it" if Path(there) == path else printable(there)
        reason = f"{what} cannot be read ({error.strerror})"
        advice = "Check that its disk is there, and make it readable"
        raise _wrong(path, reason, advice, layout=False) from error


def _check_folder(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG):
            raise
        reason, advice = "there is no such folder", "Check the path"
        if error.errno == errno.ENAMETOOLONG:
            reason += " (file name too long)"
            advice += ": no disk takes such a name"
        elif path.is_symlink():
            reason = f"it is a link to {os.readlink(path)}, which is not there"
        raise _wrong(printable(path, most=500), reason, advice, layout=False) from error
    if not stat.S_ISDIR(mode):
        packed = stat.S_ISREG(mode) and (
            zipfile.is_zipfile(path) or path.suffix.lower() in _ARCHIVES
        )
        what = "an archive; unpack it first" if packed else "a file, not a folder"
        raise _wrong(path, f"it is {what}", "Give the folder with the class folders")


# The folder as a whole


def _find(folder: Path, path: Path, unused: list[tuple[str, str]], depth: int) -> Found:
    """Find the classes in a folder, which is `path` or lies in it with nothing else."""
    folders, loose = _look_in(folder, path, unused)
    roles = {part: role for part in folders if (role := _role(part.name))}
    if flat := _parts_in_names(roles):
        _leave_out(unused, path, loose, [])
        return _two_flat_parts(flat, folders, path, unused)
    parts = _parts_of(path, folders, roles) if roles else None
    if parts:
        _leave_out(unused, path, loose, [])
        return _two_parts(parts, folders, path, unused)
    full = [inside for inside in folders if _holds_photos(inside)]
    if len(full) == 1 and depth < DEEPEST and _is_wrapper(full[0], folders):
        _leave_out(unused, path, loose, [f for f in folders if f not in full])
        return _find(full[0], path, unused, depth + 1)
    labelled = _labels(loose) if all(roles.get(part) in ("validation", "test") for part in full) \
        else {}  # fmt: skip
    if len(labelled) == 2:
        unused += [_left(path, part, "its photos are in no class") for part in folders]
        return Found(_cleaned(labelled), {}, unused, _by_names(labelled))
    classes, place = _class_folders(folder, path, unused)
    inside = [_parts_in_class(cls, path) for cls in classes]
    if all(inside):
        return _parts_in_classes(classes, inside, path, unused)
    groups = {cls.name: _files_in(cls, path, unused) for cls in classes}
    note = "" if place == path else f"The class folders are in {_inside(place, path)}"
    inner = [{_key(one.name) for one in _look_in(cls, path, [])[0]} for cls in classes]
    if len(inner[0]) > 1 and inner[0] == inner[1]:
        names = ", ".join(f"{one.name}/" for one in _look_in(classes[0], path, [])[0][:3])
        told = " and ".join(f"{cls.name}/" for cls in classes)
        names += ", ..." * (len(inner[0]) > 3)
        asked = f"{told} are taken for the classes, and both hold {names}"
        asked += ": if those are the classes, call the folders above them train and validation"
        note = f"{note}. {asked}" if note else asked
    return Found(_cleaned(groups), {}, unused, note)


def _parts_in_classes(classes: list[Path], inside: list[dict], path: Path, unused) -> Found:
    """The classes where each holds the parts, and not the parts the classes."""
    names = list(_cleaned({cls.name: None for cls in classes}))
    groups, told = {}, {}
    for part in ("train", "validation"):
        folders = [parts[part] for parts in inside]
        told[part] = " and ".join(dict.fromkeys(folder.name for folder in folders))
        for name, folder in zip(names, folders, strict=True):
            groups[f"{part}/{name}"] = _files_in(folder, path, unused)
    for cls, parts in zip(classes, inside, strict=True):
        unused += [_left(path, other, "only the parts for training and validation are used")
                   for other in _look_in(cls, path, unused)[0]
                   if other not in parts.values()]  # fmt: skip
    return Found(groups, told, unused, _by_parts(*told.values()))


def _two_parts(parts, folders, path: Path, unused) -> Found:
    """The classes of a part for training and one for validation, or of the first alone."""
    train, validation = parts
    of_train, place = _classes_in(train, path, unused)
    used = [part for part in parts if part]
    for part in folders:
        if part not in used:
            why = f"only {' and '.join(f'{one.name}/' for one in used)} are used"
            if not validation:
                why = "its photos are in no class"
            elif _role(part.name) == "test":
                why = "kept for a last test; nothing is chosen by it"
            unused.append(_left(path, part, why))
    if not validation:
        note = f"{train.name}/ is used; a fifth of it becomes validation"
        if all(file.parent == place for files in of_train.values() for file in files):
            note = f"{note}. {_by_names(of_train)}"
        return Found(_cleaned(of_train), {}, unused, note)
    of_validation, other = _classes_in(validation, path, unused)
    names, others = sorted(of_train), sorted(of_validation)
    if names != others:  # as where one part is from a Mac, and the other from Windows
        same = {_key(name): name for name in names}
        of_validation = {same.get(_key(name), name): of_validation[name] for name in others}
    if names != sorted(of_validation):
        reason = (
            f"{train.name}/ has the classes {' and '.join(names)}, "
            f"but {validation.name}/ has {' and '.join(others)}"
        )
        raise _wrong(path, reason, "Give both the same two classes, in the same spelling")
    groups = {}
    for part, classes in (("train", of_train), ("validation", of_validation)):
        groups |= {f"{part}/{name}": files for name, files in _cleaned(classes).items()}
    told = {"train": _inside(place, path), "validation": _inside(other, path)}
    plain = train.name.lower() == "train" and _role(validation.name) == "validation"
    return Found(groups, told, unused, "" if plain else _by_parts(train.name, validation.name))


def _key(name: str) -> str:
    """A class's name without what nobody sees: spaces at its ends, two ways to write an accent."""
    return printable(name).strip()


def _parts_of(path, folders, roles) -> tuple[Path, Path | None] | None:
    """The part for training and that for validation, if any; None if there are no parts."""
    full = [inside for inside in folders if _holds_photos(inside)]
    divided = {part: _divided(part) for part in full}
    of = {
        role: sorted((part for part in roles if roles[part] == role),
                     key=lambda part: (part.name.lower() not in _ROLES[role], part.name))
        for role in _ROLES
    }  # fmt: skip
    trains = [part for part in of["train"] if divided.get(part)]
    others = [part for part in of["validation"] + of["test"] if part in divided]
    if len(full) == 2 and not any(divided.values()) and not _are_two_roles(full, roles):
        return None  # train/ and bus/, valid/ and invalid/: photos in both
    if not trains and not others and len(full) != 2:
        return None
    if trains and others:
        known = [train for train in trains if train.name.lower() in _ROLES["train"]]
        if len(trains) > 1 and len(known) != 1:
            reason = f"{trains[0].name}/ and {trains[1].name}/ both look like the part for training"
            raise _wrong(path, reason, "Put what belongs together into one")
        return trains[0], next((part for part in others if divided[part]), None)
    if len(full) == 1 and (trains or not any(divided.values())):
        return None  # nothing else: it is looked into
    if len(full) == 2 and not any(divided.values()):
        names = " and ".join(f"{part.name}/" for part in full)
        reason = f"{names} look like parts of a set, and hold photos but no class folders"
        advice = "Make two class folders in each; if they are your two classes, rename them"
        raise _wrong(path, reason, advice)
    if of["train"] and others and not trains:
        return of["train"][0], others[0]  # says what is wrong in it
    part = next((part for part in [*trains, *roles] if divided.get(part)), None)
    if not part and len(full) == 2 and max(divided.values()) > 1:
        part = next((part for part in roles if part in full), None)
    if part:
        missing = "validation" if roles[part] == "train" else "train"
        reason = f"there is {part.name}/, but no {missing}/ beside it"
        raise _wrong(path, reason, _one_part(part, full))
    return None


def _one_part(part: Path, folders: list[Path]) -> str:
    advice = "Add it, or give the folder with the two class folders alone"
    return f"{advice}, or rename {part.name}/ if it is a class" if len(folders) == 2 else advice


def _are_two_roles(folders: list[Path], roles: dict[Path, str]) -> bool:
    """Whether both are named like parts: of two roles, or of one with nothing that differs."""
    if any(folder not in roles for folder in folders):
        return False
    first, second = folders
    return roles[first] != roles[second] or _rest(first.name) == _rest(second.name)


def _parts_in_class(cls: Path, path: Path) -> dict[str, Path]:
    """The folders for training and validation in a class folder that holds nothing else."""
    folders, loose = _look_in(cls, path, [])
    roles = {_role(folder.name): folder for folder in folders if _holds_photos(folder)}
    validation = roles.get("validation") or roles.get("test")
    if "train" not in roles or not validation or None in roles or _photos_of(loose):
        return {}
    return {"train": roles["train"], "validation": validation}


def _parts_in_names(roles: dict[Path, str]) -> dict[str, dict[str, Path]]:
    """Folders called by class and part, as cats_train: role -> class -> folder; or {}."""
    parts: dict[str, dict[str, Path]] = {}
    for folder in [folder for folder in roles if _rest(folder.name) and _holds_photos(folder)]:
        if _divided(folder):
            return {}
        words = re.findall(r"[^\W_]+", _spaced(folder.name))
        rest = [word for word in words
                if not _role_of_word(word.lower()) and word.lower() not in _HANGS_ON]  # fmt: skip
        part = parts.setdefault(roles[folder], {})
        if part.setdefault(" ".join(rest), folder) != folder:
            return {}
    classes = set(parts.get("train", ()))
    whole = all(set(part) == classes for part in parts.values())
    return parts if whole and len(parts) > 1 and len(classes) == 2 and all(classes) else {}


def _two_flat_parts(parts: dict[str, dict[str, Path]], folders, path: Path, unused) -> Found:
    """The classes where folders are called by class and part."""
    validation = "validation" if "validation" in parts else "test"
    groups, told = {}, {}
    for part, role in (("train", "train"), ("validation", validation)):
        classes = dict(sorted(parts[role].items()))
        told[part] = " and ".join(folder.name for folder in classes.values())
        groups |= {f"{part}/{name}": _files_in(folder, path, unused)
                   for name, folder in _cleaned(classes).items()}  # fmt: skip
    if validation != "test":
        unused += [_left(path, folder, "kept for a last test; nothing is chosen by it")
                   for folder in parts.get("test", {}).values()]  # fmt: skip
    taken = [folder for part in parts.values() for folder in part.values()]
    unused += [_left(path, folder, "its photos are in no class")
               for folder in folders if folder not in taken and _holds_photos(folder)]  # fmt: skip
    note = f"{told['train']} are for training, {told['validation']} for validation"
    return Found(groups, told, unused, note)


def _words(name: str) -> list[str]:
    """The words of a name: "catdog_train2" and "CatdogTrain" -> "catdog", "train"."""
    return [word.lower() for word in re.findall(r"[^\W\d_]+", _spaced(name))]


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", printable(name, instead=" "))


def _role_of_word(word: str) -> str | None:
    for role, beginnings in _ROLES.items():
        if any(word == begin + end for begin in beginnings for end in _HANGS_ON):
            return role
    return None


def _role(name: str) -> str | None:
    """ "train", "validation" or "test" if a folder's name says that it is such a part."""
    roles = {role for word in _words(name) if (role := _role_of_word(word))}
    return roles.pop() if len(roles) == 1 else None


def _rest(name: str) -> list[str]:
    """What a part's name has besides the word for the part, and what hangs on to it."""
    return [word for word in _words(name) if not _role_of_word(word) and word not in _HANGS_ON]


# One part, or a folder without parts


def _classes_in(folder: Path, path: Path, unused) -> tuple[dict[str, list[Path]], Path]:
    """The two classes of a part, and the folder where they are."""
    place = folder
    for _ in range(DEEPEST):
        folders, loose = _look_in(place, path, [])
        full = [inside for inside in folders if _holds_photos(inside)]
        labelled = _labels(loose) if not full else {}
        if len(labelled) == 2:
            return labelled, place
        if len(full) != 1 or not _is_wrapper(full[0], folders):
            break
        place = full[0]
    classes, place = _class_folders(place, path, unused)
    return {cls.name: _files_in(cls, path, unused) for cls in classes}, place


def _class_folders(folder: Path, path: Path, unused) -> tuple[list[Path], Path]:
    """The two class folders in a folder."""
    folders, loose = _look_in(folder, path, unused)
    place = "it" if folder == path else f"{_inside(folder, path)}/"
    if not folders:
        raise _no_folders(folder, path, place, loose)
    full = [inside for inside in folders if _holds_photos(inside)]
    if len(folders) > 2:  # empty ones are no classes then, nor is the same set once more
        names = {inside.name for inside in full}
        full = [inside for inside in full
                if not (inner := {f.name for f in _look_in(inside, path, [])[0]})
                or not names - {inside.name} <= inner]  # fmt: skip
        if len(full) == 2:
            unused += [
                _left(path, other, "holds the class folders once more" if other.name in names
                      else "no photos in it")
                for other in folders if other not in full
            ]  # fmt: skip
            folders = full
    names = ", ".join(f"{cls.name}/" for cls in folders[:6]) + (", ..." if folders[6:] else "")
    if len(folders) == 1:
        advice = "Add a folder for the second class"
        hidden = [one.name for one in folder.iterdir() if one.name[0] == "." and one.is_dir()]
        if hidden:
            advice += f", or rename it if it is {hidden[0]}/: a name with a dot first is hidden"
        raise _wrong(path, f"{place} has one class folder only, {names}", advice)
    if len(folders) > 2:
        reason = f"{place} has {len(folders)} class folders ({names}); there must be two"
        raise _wrong(path, reason, "Copy two of them into a folder of their own, and give that")
    if folders[0].name.lower() == folders[1].name.lower():
        reason = f"{folders[0].name}/ and {folders[1].name}/ differ in capital letters only"
        advice = "Rename one of them: on many disks they would be one folder"
        raise _wrong(path, reason, advice)
    if os.path.samefile(*folders):
        reason = f"{folders[0].name}/ and {folders[1].name}/ are one folder, by a link"
        raise _wrong(path, reason, "Give two folders with photos of their own")
    _leave_out(unused, path, loose, [])
    return folders, folder


def _no_folders(folder: Path, path: Path, place: str, loose: list[Path]) -> DataError:
    """The error for a folder without folders, whose photos are not in two classes."""
    if not loose:
        return _wrong(path, f"{place} is empty", "Put the photos there first")
    files = counted(len(loose), "loose file")
    reason = f"{place} holds {files}, as {printable(loose[0].name)}, and no class folders"
    labels = _all_labels(loose)
    if any(file.suffix.lower() in _ARCHIVES for file in loose) and not _photos_of(loose):
        return _wrong(path, reason, "Unpack what is in it first")
    if folder == path and len(_folders_beside(path)) == 2:
        advice = f"If {path.name} is one of the classes, give {path.parent}"
        return _wrong(path, reason, advice, top=path.parent.name)
    if len(labels) > 2 and min(map(len, labels.values())) > 1:
        return _wrong(path, reason, _to_sort(folder, list(labels)))
    if len(labels) == 2 and _is_by_camera(labels):
        reason += "; such names are a camera's, and tell no class"
    return _wrong(path, reason, "Make a folder for each of the two classes")


def _to_sort(folder: Path, labels: list[str]) -> str:
    """The command that sorts photos by the beginnings of their names, for a Unix shell or
    PowerShell."""
    told = ", ".join(labels[:6]) + (", ..." if labels[6:] else "")
    new = folder.parent / "two_classes"
    goals = [new / printable(label, instead="_") for label in labels[:2]]
    steps = [f"mkdir {shlex.quote(str(place))}" for place in (new, *goals)]
    steps += [
        f"cp {shlex.quote(str(folder / label))}* {shlex.quote(str(goal))}"
        for label, goal in zip(labels[:2], goals, strict=True)
    ]
    return (
        f"Their names begin with {told}; to make class folders of two of them: {'; '.join(steps)}"
    )


def _divided(folder: Path, depth: int = 0) -> int:
    """How many folders that may be classes a folder holds, or classes in its files' names."""
    folders, loose = _look_in(folder, folder, [])
    full = [inside for inside in folders if _holds_photos(inside)]
    if not full:
        return len(_labels(loose))
    wraps = full[0].name.lower() in _WRAPPERS | {folder.name.lower()} or _role(full[0].name)
    if len(full) == 1 and wraps and depth < DEEPEST:
        return _divided(full[0], depth + 1)
    return 0 if len(full) == 1 and _photos_of(loose) else len(full)


def _is_wrapper(folder: Path, folders: list[Path]) -> bool:
    """Whether a folder, the only one of these with photos, holds the classes, and is none."""
    beside = [other for other in folders if other != folder]
    if not all(photos.files_below(other) for other in beside):
        return False  # an empty folder beside it may be the second class
    inner, loose = _look_in(folder, folder, [])
    return any(map(_holds_photos, inner)) or len(_labels(loose)) == 2


# Files


def _files_in(cls: Path, path: Path, unused) -> list[Path]:
    """All files of a class, those in subfolders and linked folders too."""
    files, left_out = photos.look_below(cls)
    unused += [_left(path, file, why) for file, why in left_out]
    if not files:
        raise _wrong(path, f"there are no photos in {_inside(cls, path)}/", "Put some there")
    return files


def _holds_photos(folder: Path, above: tuple[str, ...] = ()) -> bool:
    """Whether a folder, or one in it, has a file that may be a photo; the first ends the search."""
    above = (*above, os.path.realpath(folder))
    folders, files = _look_in(folder, folder, [])
    if _photos_of(files):
        return True
    failures = []
    for inside in folders:
        try:
            if os.path.realpath(inside) not in above and _holds_photos(inside, above):
                return True
        except OSError as error:  # another one may do
            failures.append(error)
    if failures:
        raise failures[0]
    return False


def _photos_of(files: list[Path]) -> list[Path]:
    """The files that may be photos, by their names."""
    return [file for file in files if file.suffix.lower() not in _NO_PHOTOS]


def _labels(files: list[Path]) -> dict[str, list[Path]]:
    """The two classes in the names of files, if they are there, with their files; or {}."""
    labels = _all_labels(files)
    few = min(map(len, labels.values()), default=0) < 2
    return {} if len(labels) != 2 or few or _is_by_camera(labels) else labels


def _is_by_camera(labels) -> bool:
    """Whether beginnings of names are only a camera's, or differ in nothing else: they tell no
    class."""
    told = [[word for word in _words(label) if word not in _CAMERAS] for label in labels]
    return not all(told) or told[0] == told[-1]


def _all_labels(files: list[Path]) -> dict[str, list[Path]]:
    """What the names of photos begin with, but for numbers; {} if one has numbers only.

    "cat.0.jpg", "Cat (3).jpg" and "12_cat.jpg" -> "cat"; where that makes more than two classes,
    the first word alone counts: "cat_front_1.jpg" and "cat_side_2.jpg" -> "cat".
    """
    found: dict[str, list[Path]] = {}
    for label_of in (_without_number, lambda stem: (_words(stem) or [""])[0]):
        labels: dict[str, list[Path]] = {}
        for file in _photos_of(files):
            labels.setdefault(_key(label_of(file.stem)).casefold(), []).append(file)
        if "" in labels:
            return {}
        found = labels if not found or len(labels) == 2 else found
        if len(labels) == 2:
            break
    return dict(sorted(found.items()))


def _without_number(stem: str) -> str:
    if "\\" in stem:  # a folder's, where a zip of Windows was unpacked elsewhere
        return stem.split("\\")[-2]
    while (shorter := _NUMBER.sub("", stem)) != stem:
        stem = shorter
    return stem.strip(" ._-")


def _look_in(folder: Path, path: Path, unused) -> tuple[list[Path], list[Path]]:
    """The folders and the files in a folder; hidden ones are passed over, as are links that lead
    back to where they lie."""
    folders, files, here = [], [], folder.resolve()
    with os.scandir(folder) as inside:  # which knows what a folder is without asking for each file
        entries = sorted(inside, key=lambda entry: entry.name)
    for entry in entries:
        one = folder / entry.name
        if photos.is_hidden(entry.name):
            continue
        if entry.is_symlink() and os.path.isdir(one) and here.is_relative_to(one.resolve()):
            told = _left(path, one, "a link to a folder that it is in")
            unused += [told] * (told not in unused)
        elif entry.is_dir(follow_symlinks=False) or entry.is_symlink() and os.path.isdir(one):
            folders.append(one)
        else:
            files.append(one)
    return folders, files


def _folders_beside(path: Path) -> list[Path]:
    """The folders where this one is, itself included."""
    try:
        return _look_in(path.parent, path.parent, [])[0]
    except OSError:
        return []


# Telling


def _cleaned(classes: dict) -> dict:
    """The same with names that a folder can have everywhere; equal ones are kept apart."""
    taken: dict[str, int] = {}
    return {photos.clean_name(name, taken): value for name, value in classes.items()}


def _inside(folder: Path, path: Path) -> str:
    return printable(folder.relative_to(path).as_posix(), instead="?") if folder != path else "it"


def _left(path: Path, one: Path, why: str) -> tuple[str, str]:
    return _inside(one, path) + "/" * one.is_dir(), why


def _leave_out(unused, path: Path, loose: list[Path], folders: list[Path]) -> None:
    """Name the images that lie beside the class folders, and folders without photos."""
    told = [_left(path, file, "outside the class folders") for file in loose
            if file.suffix.lower() in photos.SUFFIXES]  # fmt: skip
    told += [_left(path, folder, "no photos in it") for folder in folders]
    unused += [entry for entry in told if entry not in unused]


def _by_names(labels: dict) -> str:
    return f"The classes are the beginnings of the files' names: {' and '.join(labels)}"


def _by_parts(train: str, validation: str) -> str:
    return f"{train}/ is for training, {validation}/ for validation"


def _wrong(
    path: Path | str, reason: str, advice: str, *, layout: bool = True, top: str = ""
) -> DataError:
    """The error for a folder that is not as it should be, with a picture of one that is."""
    advice = printable(advice)
    if layout:
        top = printable(top or ("FOLDER" if Path(path).is_file() else Path(path).name))
        advice += (
            ".\nExpected, with your own names for the two classes:"
            f"\n  {top}/"
            "\n    cats/  a.jpg, b.jpg, ..."
            "\n    dogs/  c.jpg, d.jpg, ..."
            "\nor train/ and validation/, each with two such folders"
        )
    return DataError(f"Adding the photos in {printable(path)}", printable(reason), advice)
