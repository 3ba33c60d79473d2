"""The recipe for a classroom without the internet, in docs/instructors.md, run as it is written.

What is large has a stand-in. The lock names three small packages: two made here, one of which
leads to this environment's packages, and setuptools, packed anew. MNIST is noise, and the photos
are 20. Addresses are those of a server on this machine, which is closed when class begins.
"""

import base64
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from faulty_server import FaultyServer, mnist_bytes
from small_photos import make_set, write, zip_of

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "instructors.md"
HEADING = "A classroom without the internet"
PLACE = "STICK=/media/stick\n"

pytestmark = pytest.mark.skipif(
    os.name == "nt"
    or not (shutil.which("git") and shutil.which("bash"))
    or not importlib.util.find_spec("ensurepip")
    or not importlib.util.find_spec("pip"),
    reason="the recipe is for bash, and needs git, pip and python3 -m venv",
)


def recipe():
    """The two blocks of commands: what is done before, and in class."""
    _, section = PAGE.read_text(encoding="utf-8").split(f"## {HEADING}\n")
    before, in_class = re.findall(r"^```sh\n(.*?)^```", section.split("\n## ")[0], re.M | re.S)
    return before, in_class


# ---- stand-ins ----------------------------------------------------------------------------------


def make_wheel(folder, name, version, files):
    """A wheel of these files, {path: bytes}; returns its line for a lock."""
    info = f"{name}-{version}.dist-info"
    tag = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {
        **files,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": tag.encode(),
    }
    rows = [f"{path},sha256={_digest(content)},{len(content)}" for path, content in files.items()]
    files[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""]).encode()
    path = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for name_inside, content in files.items():
            wheel.writestr(name_inside, content)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"{name}=={version} --hash=sha256:{digest}\n"


def _digest(content):
    digest = hashlib.sha256(content).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def installed_files(name):
    """Version of an installed package, and {path: bytes} of what its wheel held."""
    package = metadata.distribution(name)
    return package.version, {
        path.as_posix(): path.locate().read_bytes()
        for path in package.files
        if ".." not in path.parts and "__pycache__" not in path.parts and path.locate().is_file()
        and not re.search(r"\.dist-info/(METADATA|WHEEL|RECORD|INSTALLER|REQUESTED)$", str(path))
    }  # fmt: skip


def small_index(folder):
    """A folder with the wheels that the stand-in of the lock names; returns the lock."""
    folder.mkdir()
    here = sysconfig.get_path("purelib")
    leads_here = f"import site; site.addsitedir({here!r})\n".encode()
    lock = make_wheel(folder, "leads_here", "1.0", {"zz_leads_here.pth": leads_here})
    lock += make_wheel(folder, "in_the_lock", "1.0", {"in_the_lock.py": b"THERE = True\n"})
    return lock + make_wheel(folder, "setuptools", *installed_files("setuptools"))


def course_folder(folder, lock, url):
    """The course's folder, in git, with that lock, and data sets that are at that address."""
    for name in ("course", "course_utils"):
        shutil.copytree(ROOT / name, folder / name, ignore=lambda _, names: [
            name for name in names if name == "__pycache__" or name.endswith(".h5")
        ])  # fmt: skip
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    write(folder / "requirements.lock", lock.encode())
    write(folder / ".gitignore", b".venv\n")
    digest = hashlib.sha256(mnist_bytes()).hexdigest()
    with (folder / "course" / "data" / "arrays.py").open("a") as file:
        file.write(f"""
_mnist, _pets = DATASETS["mnist"], dataclasses.replace(DATASETS["pets"], hosts=({url!r},))
_file = dataclasses.replace(_mnist.files[0], known_hash="sha256:{digest}")
_sizes = dict(zip(_mnist.shapes, [(200, 28, 28), (200,), (20, 28, 28), (20,)]))
_mnist = dataclasses.replace(_mnist, hosts=({url!r},), files=(_file,), shapes=_sizes)
DATASETS.clear()
DATASETS.update(mnist=_mnist, pets=_pets)
pets.DATASETS.update(pets=_pets)
pets.WHOLE.update(pets=dict.fromkeys(pets.WHOLE["pets"], 4))
""")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost", "-C", str(folder)]
    subprocess.run([*git, "init", "--quiet"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message", "the course"], check=True)


def installed_course(folder):
    """An environment as `make lab` leaves it: the course's packages and the `course` command."""
    venv.create(folder / ".venv", symlinks=True)
    python = folder / ".venv" / "bin" / "python"
    packages = sysconfig.get_path("purelib", vars={"base": str(folder / ".venv")})
    here = f"{folder}\nimport site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    write(Path(packages) / "here.pth", here.encode())
    command = f'#!/bin/sh\nexec "{python}" -m course "$@"\n'
    write(folder / ".venv" / "bin" / "course", command.encode()).chmod(0o755)


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    """What both blocks did: everything that tests look at."""
    place = tmp_path_factory.mktemp("classroom")
    stick, teacher, student = place / "the stick", place / "teacher", place / "student"
    for folder in (stick, teacher, student, place / "bin"):
        folder.mkdir()
    (place / "bin" / "python3").symlink_to(sys._base_executable)
    before, in_class = (
        block.replace(PLACE, f"STICK='{stick}'\n") if block.startswith(PLACE) else ""
        for block in recipe()
    )
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("PIP_", "COURSE_", "PYTHON", "UV_"))
                   and not name.lower().endswith("_proxy")}  # fmt: skip
    environment |= {
        "HOME": str(place / "home"),
        "XDG_CACHE_HOME": str(place / "cache"),
        "PATH": f"{place / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_COMPILE": "1",  # which takes seconds
    }

    def run(commands, folder, **settings):
        return subprocess.run(
            ["bash", "-e", "-c", commands], cwd=folder, env=environment | settings, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300,
        )  # fmt: skip

    server = FaultyServer()
    try:
        server.files["mnist.npz"] = mnist_bytes()
        photos = zip_of(make_set(place / "photos"), "cats_and_dogs_filtered")
        server.files["cats_and_dogs_filtered.zip"] = photos
        course_folder(teacher, small_index(place / "index"), server.url)
        installed_course(teacher)
        index = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(place / "index")}  # in place of PyPI
        done_before = run(before, teacher, **index)
    finally:
        server.close()
    nowhere = "http://127.0.0.1:9"  # nobody answers there
    environment |= dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), nowhere)
    environment |= {"XDG_CACHE_HOME": str(student / "cache")}
    shutil.rmtree(place / "index")
    done_in_class = run(in_class, student)
    return SimpleNamespace(
        stick=stick, teacher=teacher, student=student, run=run, server=server,
        before=done_before, in_class=done_in_class, commands=in_class,
    )  # fmt: skip


# ---- what came of it ----------------------------------------------------------------------------


def test_the_recipe_says_first_where_the_stick_is():
    for block in recipe():
        assert block.startswith(PLACE)
        assert "/media" not in block.removeprefix(PLACE)


def test_before(classroom):
    assert classroom.before.returncode == 0, classroom.before.stdout
    assert {status for _, _, status in classroom.server.log} == {200}
    stick = classroom.stick
    assert {path.name.split("-")[0] for path in (stick / "wheels").iterdir()} == {
        "leads_here", "in_the_lock", "setuptools",
    }  # fmt: skip
    assert (stick / "course" / "requirements.lock").is_file()
    assert not (stick / "course" / ".venv").exists()
    assert {path.name for path in (stick / "data").iterdir()} == {"mnist", "pets"}


def test_in_class(classroom):
    assert classroom.in_class.returncode == 0, classroom.in_class.stdout
    told = classroom.in_class.stdout
    for name in ("mnist", "pets"):
        (line,) = (line for line in told.splitlines() if re.search(rf"\b{name}: here", line))
        assert "the mirror" in line
    folder = classroom.student / "deep-vision-course"
    code = "import course, in_the_lock; print(course.__file__)"
    found = classroom.run(f".venv/bin/python -c '{code}'", folder)
    assert Path(found.stdout.strip()) == folder / "course" / "__init__.py"
    status = classroom.run(".venv/bin/course data status", folder).stdout
    assert [line.split()[:2] for line in status.splitlines()[1:3]] == [
        ["mnist", "all"],
        ["pets", "all"],
    ]


def test_a_lesson_takes_its_data_from_the_stick(classroom, tmp_path):
    code = f"""if True:
        import os
        from course import data
        load = lambda: [data.load_mnist(), data.load_pets(n_train=4, n_validation=2)]
        load()
        os.environ["COURSE_MIRROR"] = {str(classroom.stick / "data")!r}
        load()"""
    write(tmp_path / "lesson.py", code.encode())
    folder = classroom.student / "deep-vision-course"
    settings = {"COURSE_DATA_DIR": str(tmp_path / "new")}
    done = classroom.run(f".venv/bin/python '{tmp_path / 'lesson.py'}'", folder, **settings)
    assert done.returncode == 0, done.stdout
    told = re.findall(r"(?:MNIST|Cats and dogs): .*", done.stdout)
    digits, animals, real_digits, photos = told
    assert "embedded" in digits and "drawn" in animals  # so there really is no network
    assert "200 training and 20 test digits, from the mirror" in real_digits
    assert "4 training and 2 validation photos, from the mirror" in photos


def test_a_wheel_that_was_changed_is_refused(classroom, tmp_path):
    """The lock has hashes, and pip looks at them."""
    shutil.copytree(classroom.stick / "wheels", tmp_path / "wheels")
    (wheel,) = (tmp_path / "wheels").glob("in_the_lock*")
    with zipfile.ZipFile(wheel, "a") as changed:
        changed.writestr("in_the_lock_too.py", b"evil")
    (line,) = (line for line in classroom.commands.splitlines() if "-r requirements.lock" in line)
    line = f"STICK='{tmp_path}'; {line} --target '{tmp_path / 'target'}'"
    done = classroom.run(line, classroom.student / "deep-vision-course")
    assert done.returncode != 0 and "sha256" in done.stdout
    assert not (tmp_path / "target").exists()
