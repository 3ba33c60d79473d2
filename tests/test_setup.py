"""Set-up, on machines of many kinds: stand-ins for Python and uv, and nothing else on the PATH.

Each test runs `make` itself, in a copy of what set-up consists of. A stand-in notes its arguments;
asked to make an environment, it puts another stand-in there.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = [
    *("Makefile", "tools/set_up.sh", ".ci/run"),
    *("pyproject.toml", "requirements.lock", "tools/dev.lock"),
]
COMMANDS = (
    *("awk", "bash", "cat", "cp", "dirname", "env", "id", "make", "mkdir", "rm", "sed"),
    *("sh", "touch", "uname"),
)
ODD_NAMES = ["two words", "Müllers Kurs", "it's here", "a (1) & [b], #c; 50%", "cost $x"]

pytestmark = pytest.mark.skipif(
    os.name == "nt" or not shutil.which("make"), reason="no make: README.md gives plain commands"
)

PYTHON = """#!/bin/sh
# Noted, less the answers to questions.
if [ "$1" = -c ]; then
  exec '{real}' -I -S -c 'import sys
class platform:
    machine = staticmethod(lambda: "{machine}")
    system = staticmethod(lambda: "{platform}")
    python_implementation = staticmethod(lambda: "CPython")
    python_version = staticmethod(lambda: ".".join(map(str, {version})))
sys.version_info, sys.executable, sys.platform = {version}, sys.argv[2], "{platform}"
sys.modules["platform"] = platform
sys.modules["ensurepip"] = sys.modules["venv"] = platform if {whole} else None
exec(sys.argv[1])' "$2" "$0"
fi
echo "${{0##*/}} $*" >>'{log}'
case $2 in
venv) for folder; do :; done; mkdir -p "$folder/bin"; cp '{inside}' "$folder/bin/python" ;;
pip) {pip} ;;
tools.record) echo "mirror $COURSE_MIRROR" >>'{log}'; echo "keras $KERAS_HOME" >>'{log}' ;;
esac
"""
UV = """#!/bin/sh
echo "uv $*" >>'{log}'
case $1 in
venv) for folder; do :; done; mkdir -p "$folder/bin"; cp '{inside}' "$folder/bin/python" ;;
pip) {pip} ;;
esac
"""


class Machine:
    """A machine with a copy of the course, and a PATH of its own."""

    def __init__(self, folder, name="course"):
        self.path, self.course, self.log = folder / "bin", folder / name, folder / "log"
        self.inside = folder / "python in an environment"
        self.pip = ":"  # what an installer does: a line of shell
        self.path.mkdir()
        for command in COMMANDS:
            (self.path / command).symlink_to(shutil.which(command))
        for file in FILES:
            (self.course / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / file, self.course / file)
        self._write(self.inside, PYTHON, (3, 12, 3))

    def python(self, name="python3", version=(3, 12, 3), **kind):
        self._write(self.path / name, PYTHON, version, **kind)
        return self

    def uv(self):
        self._write(self.path / "uv", UV)
        return self

    def command(self, name, script):
        (self.path / name).unlink(missing_ok=True)
        self._write(
            self.path / name, f"#!/bin/sh\n{script}\n".replace("{", "{{").replace("}", "}}")
        )
        return self

    def _write(
        self, path, text, version=(), machine="x86_64", platform="linux", whole=True, pip=None
    ):
        # The installer's line is looked up when it runs: a test may change it in between.
        (self.log.parent / "pip.sh").write_text("")
        text = text.format(
            real=sys.executable,
            version=version,
            machine=machine,
            platform=platform,
            whole=whole,
            log=self.log,
            inside=self.inside,
            pip=f". '{self.log.parent}/pip.sh'",
        )
        path.write_text(text)
        path.chmod(0o755)

    def when_installing(self, script):
        (self.log.parent / "pip.sh").write_text(script)

    def make(self, *arguments, **variables):
        """(exit status, what was said, what was noted since the last time)"""
        return self.run("make", *arguments, **variables)

    def run(self, *command, **variables):
        self.log.write_text("")
        done = subprocess.run(
            [self.path / command[0], *command[1:]],
            cwd=self.course,
            env={"PATH": str(self.path), "HOME": str(self.log.parent), **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr, self.log.read_text().splitlines()


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


LOCK = "--require-hashes -r requirements.lock"
COURSE = "--no-deps --no-build-isolation --editable ."
BY_UV = [f"uv pip install --quiet --python .venv/bin/python {what}" for what in (LOCK, COURSE)]
BY_PIP = [
    f"python -m pip install --quiet --disable-pip-version-check {what}" for what in (LOCK, COURSE)
]


def opens(noted):
    """Whether the last that happened is that the course was opened."""
    return noted[-1].startswith("python -m course lab")


# ---- whose Python, and who installs -------------------------------------------------------------


def test_uv_brings_a_python_where_none_suits(machine):
    status, said, noted = machine.python(version=(3, 14, 2)).uv().make("lab")
    assert status == 0, said
    assert noted[0] == "uv venv --quiet --seed --allow-existing --python 3.12 .venv"
    assert noted[1:3] == BY_UV
    assert opens(noted) and len(noted) == 4


def test_uv_brings_a_python_where_there_is_none(machine):
    _, _, noted = machine.uv().make("lab")
    assert "--python 3.12" in noted[0]
    assert opens(noted)


def test_uv_cannot_fetch_a_python(machine):
    machine.uv().command("uv", "exit 2")
    status, said, noted = machine.make("lab")
    assert status != 0 and noted == []
    assert "github.com" in said and "python.org" in said
    _, said, _ = machine.python().make("lab")
    assert "make UV=" in said


def test_uv_takes_the_suitable_python_that_is_there(machine):
    python = machine.path / "python3"
    _, _, noted = machine.python(version=(3, 13, 0)).uv().make("lab")
    assert noted[0] == f"uv venv --quiet --seed --allow-existing --python {python} .venv"
    assert noted[1:3] == BY_UV
    assert opens(noted)


def test_pip_installs_where_there_is_no_uv(machine):
    status, said, noted = machine.python(version=(3, 11, 0)).make("lab")
    assert status == 0, said
    assert noted[0] == "python3 -m venv .venv"
    assert noted[1:3] == BY_PIP
    assert opens(noted) and len(noted) == 4


def test_pip_installs_where_uv_is_not_wanted(machine):
    _, _, noted = machine.python().uv().make("UV=", "lab")
    assert noted[:3] == ["python3 -m venv .venv", *BY_PIP]


@pytest.mark.parametrize(
    "kind", [{"version": (3, 14, 2)}, {"version": (3, 10, 9)}, {"version": (2, 7, 18)}, None]
)
def test_neither_a_suitable_python_nor_uv(machine, kind):
    if kind:
        machine.python(**kind)
    status, said, noted = machine.make("lab")
    assert status != 0 and noted == []
    assert not (machine.course / ".venv").exists()
    for hint in ("3.11, 3.12 or 3.13", "python.org", "docs.astral.sh/uv", "make PYTHON="):
        assert hint in said
    if kind:
        assert ".".join(map(str, kind["version"])) in said


def test_the_first_suitable_python_that_can_make_environments(machine):
    """Debian's comes without ensurepip, which pip's way needs, and uv's doesn't."""
    machine.python("python3.12", whole=False).python("python3", (3, 11, 2))
    _, _, noted = machine.make("lab")
    assert noted[0] == "python3 -m venv .venv"
    shutil.rmtree(machine.course / ".venv")
    _, _, noted = machine.uv().make("lab")
    assert noted[0].endswith(f"--python {machine.path / 'python3.12'} .venv")


def test_no_python_can_make_environments(machine):
    status, said, noted = machine.python("python3.12", whole=False).make("lab")
    assert status != 0 and noted == []
    assert "python3.12" in said and "apt install python3-venv" in said


@pytest.mark.parametrize("with_uv", [False, True])
def test_the_python_that_is_named(machine, with_uv):
    machine.python().python("own", (3, 13, 1))
    if with_uv:
        machine.uv()
    _, _, noted = machine.make(f"PYTHON={machine.path}/own", "lab")
    assert ("own -m venv" in noted[0]) or (f"--python {machine.path}/own" in noted[0])
    shutil.rmtree(machine.course / ".venv")
    machine.python("own", (3, 9, 1))
    status, said, noted = machine.make("lab", PYTHON=f"{machine.path}/own")
    assert status != 0 and noted == []
    assert f"{machine.path}/own" in said and "3.9.1" in said


@pytest.mark.parametrize("with_uv", [False, True])
def test_a_mac_with_an_intel_processor(machine, with_uv):
    """Said before gigabytes are fetched, of which the last would not be there."""
    machine.command("uname", "case $1 in -s) echo Darwin ;; *) echo x86_64 ;; esac")
    machine.python(platform="darwin", machine="x86_64")
    if with_uv:
        machine.uv()
    status, said, noted = machine.make("lab")
    assert status != 0 and noted == []
    assert "Intel" in said and "docs/hosts.md" in said


def test_a_mac_with_apple_silicon_and_one_python_for_intel(machine):
    machine.command("uname", "case $1 in -s) echo Darwin ;; *) echo arm64 ;; esac")
    machine.python("python3.12", platform="darwin", machine="x86_64")
    machine.python("python3", (3, 11, 2), platform="darwin", machine="arm64")
    status, said, noted = machine.make("lab")
    assert status == 0, said
    assert noted[0] == "python3 -m venv .venv"


# ---- again and again ----------------------------------------------------------------------------


@pytest.mark.parametrize("with_uv", [False, True])
def test_the_second_time_nothing_is_set_up(machine, with_uv):
    machine.python()
    if with_uv:
        machine.uv()
    machine.make("lab")
    status, _, noted = machine.make("lab")
    assert status == 0
    assert opens(noted) and len(noted) == 1


def test_another_lock_is_installed(machine):
    machine.python().make("lab")
    touch_later(machine.course / "requirements.lock")
    _, _, noted = machine.make("lab")
    assert noted[:2] == BY_PIP and opens(noted)


def test_makers_get_more_and_learners_do_not(machine):
    machine.python()
    _, _, noted = machine.make("lab")
    assert not any("dev.lock" in line for line in noted)
    status, said, noted = machine.make("lessons")
    assert status == 0, said
    options = "--quiet --disable-pip-version-check --no-deps --require-hashes"
    install = f"python -m pip install {options} -r tools/dev.lock"
    assert noted == [install, "python -m tools.build_lessons"]
    _, _, noted = machine.make("lessons")
    assert noted == ["python -m tools.build_lessons"]


@pytest.mark.parametrize("with_uv", [False, True])
def test_a_set_up_that_was_killed_begins_anew(machine, with_uv):
    machine.python()
    if with_uv:
        machine.uv()
    half = machine.course / ".venv" / "half"
    machine.when_installing("touch .venv/half; kill -9 $PPID")
    status, _, _ = machine.make("lab")
    assert status != 0 and half.exists()
    machine.when_installing("")
    status, said, noted = machine.make("lab")
    assert status == 0, said
    assert "venv" in noted[0] and opens(noted) and not half.exists()


def test_an_environment_killed_while_it_was_made_begins_anew(machine):
    """Its Python is there, and nothing else: not pip."""
    machine.python()
    (machine.path / "cp").unlink()
    machine.command("cp", f'{shutil.which("cp")} "$@"; kill -9 $PPID')
    killer = machine.path / "python3"
    killer.write_text(killer.read_text().replace("venv) ", "venv) trap 'kill -9 $PPID' EXIT; "))
    status, _, noted = machine.make("lab")
    assert status != 0 and noted == ["python3 -m venv .venv"]
    assert (machine.course / ".venv" / "bin" / "python").exists()
    machine.command("cp", f'exec {shutil.which("cp")} "$@"')
    _, _, noted = machine.python().make("lab")
    assert noted[:3] == ["python3 -m venv .venv", *BY_PIP] and opens(noted)


@pytest.mark.parametrize("there", ["notes", "an environment", "a broken environment"])
def test_what_the_course_did_not_make_is_never_removed(machine, there):
    """A folder that VENV names, and a set-up that is killed."""
    elsewhere = machine.log.parent / "elsewhere"
    own, inside = elsewhere / "own", elsewhere / "bin" / "python"
    inside.parent.mkdir(parents=True)
    own.touch()
    if there == "a broken environment":
        inside.symlink_to("/nowhere/python3.12")
    elif there == "an environment":
        machine._write(inside, PYTHON, (3, 12, 3))
    machine.python().when_installing("kill -9 $PPID")
    for _ in range(2):
        status, said, _ = machine.make("lab", f"VENV={elsewhere}")
        assert status != 0 and own.exists()
        assert there == "an environment" or str(elsewhere) in said
    machine.when_installing("")
    status, said, noted = machine.make("lab", f"VENV={elsewhere}")
    assert (status == 0) == (there == "an environment"), said
    assert own.exists() and (status != 0 or opens(noted))


def test_somebody_else_s_settings_name_no_environment(machine):
    elsewhere = machine.log.parent / "elsewhere"
    elsewhere.mkdir()
    for target in ("lab", "clean"):
        status, said, _ = machine.python().make(target, VENV=str(elsewhere))
        assert status == 0, said
        assert list(elsewhere.iterdir()) == []
        assert (machine.course / ".venv").exists() == (target == "lab")


def test_the_list_of_commands(machine):
    status, said, _ = machine.make("help")
    assert status == 0, said
    lines = dict(line.split(maxsplit=1) for line in said.splitlines())
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert lines == dict(re.findall(r"(?m)^([a-z-]+):.*?## (.+)$", text))
    assert len({len(line) - len(lines[line.split()[0]]) for line in said.splitlines()}) == 1


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a clone")
def test_a_clone_made_on_windows(machine):
    """Used in WSL or in a dev container: there, too, a shell and make read their own lines."""
    git = ["git", "-C", str(ROOT), "-c", "core.autocrlf=true"]
    tree = [*git, "archive", "HEAD", "--", *FILES]
    subprocess.run(
        ["tar", "-x", "-C", machine.course], input=subprocess.check_output(tree), check=True
    )
    assert b"\r\n" in (machine.course / "pyproject.toml").read_bytes()
    status, said, noted = machine.python().make("lab")
    assert status == 0 and opens(noted), said


def test_settings_that_lead_python_elsewhere(machine):
    """PYTHONHOME and PYTHONPATH, as other programs set them: they don't count here."""
    asks = 'echo "home=${PYTHONHOME-} path=${PYTHONPATH-}" >>' + shlex.quote(str(machine.log))
    machine.python().when_installing(asks)
    _, _, noted = machine.make("lab", PYTHONHOME="/nowhere", PYTHONPATH="/elsewhere")
    assert (
        opens(noted) and [line for line in noted if line.startswith("home=")] == ["home= path="] * 2
    )


def test_without_a_network_a_working_environment_stays(machine):
    """The lock has changed, and can't be installed now: what is there is kept, and tried again."""
    machine.python().make("lab")
    kept = machine.course / ".venv" / "kept"
    kept.touch()
    touch_later(machine.course / "requirements.lock")
    machine.when_installing("echo 'no network' >&2; exit 1")
    for _ in range(2):
        status, said, noted = machine.make("lab")
        assert status != 0 and "no network" in said
        assert noted == BY_PIP[:1] and kept.exists()
    machine.when_installing("")
    status, _, noted = machine.make("lab")
    assert status == 0 and noted[:2] == BY_PIP and kept.exists()


def test_two_set_ups_at_once(machine):
    machine.python()
    unfinished = machine.course / ".venv" / ".unfinished"
    unfinished.parent.mkdir()
    unfinished.write_text(f"{os.getpid()}\n")
    status, said, noted = machine.make("lab")
    assert status != 0 and noted == []
    assert str(os.getpid()) in said and unfinished.exists()


def test_the_python_below_an_environment_is_gone(machine):
    """As after an update of the system."""
    machine.python().make("lab")
    inside = machine.course / ".venv" / "bin" / "python"
    inside.unlink()
    inside.symlink_to("/nowhere/python3.12")
    touch_later(machine.course / "requirements.lock")
    status, said, noted = machine.make("lab")
    assert status == 0, said
    assert noted[0] == "python3 -m venv .venv" and opens(noted)


def test_an_environment_of_another_python_is_not_touched(machine):
    machine.python()
    inside = machine.course / ".venv" / "bin" / "python"
    inside.parent.mkdir(parents=True)
    machine._write(inside, PYTHON, (3, 9, 1))
    status, said, noted = machine.make("lab")
    assert status != 0 and noted == []
    assert "3.9.1" in said and "make clean" in said and inside.exists()


def touch_later(path):
    """As if it had changed after everything else; the clocks of some disks tick in seconds."""
    later = path.stat().st_mtime + 10
    os.utime(path, (later, later))
    ready = path.parent / ".venv" / ".ready"
    os.utime(ready, (later - 5, later - 5))


# ---- any folder ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_folder_of_any_name(tmp_path, name):
    machine = Machine(tmp_path, name).python().uv()
    status, said, noted = machine.make("lab")
    assert status == 0, said
    editable = "--editable ."  # with a dollar, setuptools is to build elsewhere
    assert noted[1] == BY_UV[0] and noted[2].endswith(editable) and opens(noted)
    status, said, noted = machine.make("lessons", "UV=" if "$" not in name else "JOBS=2")
    assert status == 0, said
    assert len(noted) == 2 and noted[-1] == "python -m tools.build_lessons"


def test_pip_and_a_dollar_in_the_folders_name(tmp_path):
    """Setuptools would take it for a variable, gigabytes later."""
    machine = Machine(tmp_path, "cost $x").python()
    status, said, noted = machine.make("lab")
    assert status != 0 and noted == []
    assert "cost $x" in said and "docs.astral.sh/uv" in said


@pytest.mark.parametrize("with_uv", [False, True])
def test_a_folder_that_moved(tmp_path, with_uv):
    machine = Machine(tmp_path, "deep-vision-course-main").python()
    if with_uv:
        machine.uv()
    machine.make("lab")
    kept = Path(".venv", "kept")
    (machine.course / kept).touch()
    machine.course = machine.course.rename(tmp_path / "it's my course")
    status, said, noted = machine.make("lab")
    assert status == 0, said
    assert "venv" in noted[0] and "--editable ." in noted[-2] and opens(noted)
    assert (machine.course / kept).exists(), "what is installed can stay"
    _, _, noted = machine.make("lab")
    assert opens(noted) and len(noted) == 1


@pytest.mark.parametrize("name", ["shared", "it's all & more data", "../next door"])
def test_a_local_copy_of_the_data_in_any_folder(tmp_path, name):
    machine = Machine(tmp_path, "my course").python()
    (machine.course / name).mkdir()
    status, said, noted = machine.make("record", "LESSON=02", f"SHARED={name}")
    assert status == 0, said
    shared = (machine.course / name).resolve()
    assert noted[-2:] == [f"mirror {shared}/data", f"keras {shared}/keras_home"]
    status, said, noted = machine.make("record", "LESSON=02", "SHARED=nowhere")
    assert status != 0 and "nowhere" in said
    assert not any("tools.record" in line for line in noted)


def test_an_environment_elsewhere(machine):
    _, _, noted = machine.python().make("lab", f"VENV={machine.log.parent}/environment")
    assert noted[0] == f"python3 -m venv {machine.log.parent}/environment" and opens(noted)
    status, said, noted = machine.make("lab", "VENV=two words")
    assert status != 0 and noted == [] and "two words" in said


# ---- the build for graphics cards ---------------------------------------------------------------


@pytest.fixture
def with_card(machine):
    return machine.python().command("uname", "echo Linux")


def cuda():
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    (version,) = re.findall(r"(?m)^tensorflow==([\d.]+)", text)
    return f"tensorflow[and-cuda]=={version}"


@pytest.mark.parametrize("with_uv", [False, True])
def test_gpu_swaps_the_builds(with_card, with_uv):
    if with_uv:
        with_card.uv()
    with_card.make("lab")
    status, said, noted = with_card.make("gpu")
    assert status == 0, said
    assert [" uninstall " in line for line in noted] == [True, False, False]
    assert noted[0].endswith(" tensorflow-cpu tensorflow")
    assert noted[1].endswith(f" {cuda()}")
    assert noted[2] == "python -m course doctor"


def test_gpu_stays_when_the_lock_changes(with_card):
    """The lock brings tensorflow-cpu back, into the other's folder."""
    with_card.make("gpu")
    touch_later(with_card.course / "requirements.lock")
    _, _, noted = with_card.make("lab")
    assert noted[:2] == BY_PIP
    assert "uninstall" in noted[2] and noted[3].endswith(cuda()) and opens(noted)


def test_gpu_that_does_not_install(with_card):
    with_card.make("lab")
    with_card.when_installing("case $* in *and-cuda*) exit 1 ;; esac")
    status, said, noted = with_card.make("gpu")
    assert status != 0 and "tensorflow-cpu" in said
    assert noted[-1] == BY_PIP[0]
    with_card.when_installing("")
    touch_later(with_card.course / "requirements.lock")
    _, _, noted = with_card.make("lab")
    assert noted[:2] == BY_PIP and opens(noted) and len(noted) == 3


def test_gpu_elsewhere_than_on_linux(machine):
    machine.python().command("uname", "echo Darwin")
    machine.make("lab")
    status, said, noted = machine.make("gpu")
    assert status != 0 and "WSL" in said and noted == []


# ---- continuous integration ---------------------------------------------------------------------


@pytest.fixture
def runner(machine):
    """A machine that has make, and neither browser nor sandbox."""
    note = f'echo "${{0##*/}} $*" >>"{machine.log}"'
    for name in ("make", "apt-get"):
        machine.command(name, note)
    machine.command("sudo", f'{note}\nexec "$@"')
    machine.python()
    (machine.course / ".ci" / "run").chmod(0o755)
    return machine


def ci(machine, user):
    machine.command("id", f"echo {user}")
    return machine.run("bash", ".ci/run")


def test_ci_installs_as_root(runner):
    status, said, noted = ci(runner, 0)
    assert status == 0, said
    install = next(line for line in noted if "install" in line)
    assert install.startswith("apt-get ") and install.endswith(" chromium bubblewrap")
    assert noted[-2:] == ["make nbgrader", "make test"]
    assert not any(line.startswith("sudo") for line in noted)


def test_ci_installs_with_sudo(runner):
    status, said, noted = ci(runner, 1000)
    assert status == 0, said
    installs = [line for line in noted if "apt-get" in line]
    assert installs and all(line.startswith("sudo") for line in installs[::2]), (
        "each apt-get is started by sudo"
    )
    assert noted[-1] == "make test"


@pytest.mark.parametrize("absent", ["sudo", "apt-get"])
def test_ci_where_it_cannot_install(runner, absent):
    (runner.path / absent).unlink()
    status, said, noted = ci(runner, 1000)
    assert status != 0 and noted == []
    assert absent in said and "chromium bubblewrap" in said


def test_ci_where_nothing_is_missing(runner):
    for name in ("google-chrome", "bwrap"):
        runner.command(name, "")
    (runner.path / "apt-get").unlink()
    status, said, noted = ci(runner, 1000)
    assert status == 0, said
    assert noted == ["make nbgrader", "make test"]


def test_ci_ends_with_the_first_failure(runner):
    runner.command("make", f'echo "make $*" >>"{runner.log}"; exit 3')
    status, _, noted = ci(runner, 0)
    assert status == 3
    assert noted[-1] == "make nbgrader"
