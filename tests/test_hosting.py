"""What stands around the course for those who host it: workflows, forms, licences, a dev container.

Also the two tools that look at other people's servers, here with a server of this machine's.
"""

import itertools
import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib

import pytest
import yaml
from click.testing import CliRunner
from project import PROJECT, PYTHONS

from course import data
from course.data.sources import DataFile, Dataset
from course.workspace import copies, places
from tools import data_addresses, linkcheck
from tools.build_lessons import read_lesson
from tools.readme import heading_of
from tools.staleness import ROOT, lessons

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
FORMS = sorted((GITHUB / "ISSUE_TEMPLATE").glob("[0-9]*.yml"))
SCHEMAS = {
    "vendor.github-workflows": WORKFLOWS,
    "custom.github-workflows-require-timeout": WORKFLOWS,
    "vendor.dependabot": [GITHUB / "dependabot.yml"],
    "vendor.github-issue-forms": FORMS,
    "vendor.github-issue-config": [GITHUB / "ISSUE_TEMPLATE" / "config.yml"],
    "vendor.citation-file-format": [ROOT / "CITATION.cff"],
}
LICENCES = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def tracked(*patterns):
    """The paths that git knows, as str."""
    command = ["git", "ls-files", "-z", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for path in done.stdout.split("\0") if path]


def read(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def jobs():
    """(workflow's name, job's name, job) of all."""
    return [
        (path.stem, name, job) for path in WORKFLOWS for name, job in read(path)["jobs"].items()
    ]


def targets():
    """The Makefile's targets that are for people."""
    return set(re.findall(r"^([a-z-]+):.*## ", MAKEFILE, re.MULTILINE))


# ---- the schemas of GitHub's files ------------------------------------------------------------


def held_to(schema, *paths):
    """What check-jsonschema says of files: (whether they are valid, its words)."""
    reason = "check-jsonschema isn't in this environment yet; tools/dev.lock has it"
    checker = pytest.importorskip("check_jsonschema", reason=reason)
    said = CliRunner().invoke(checker.main, ["--builtin-schema", schema, *map(str, paths)])
    return said.exit_code == 0, said.output


@pytest.mark.parametrize("schema", SCHEMAS)
def test_a_file_of_githubs_fits_its_schema(schema):
    assert SCHEMAS[schema]
    valid, words = held_to(schema, *SCHEMAS[schema])
    assert valid, words


@pytest.mark.parametrize(
    ("schema", "file", "old", "new"),
    [
        ("vendor.github-workflows", "workflows/tests.yml", "runs-on:", "run-on:"),
        ("custom.github-workflows-require-timeout", "workflows/weekly.yml", "timeout-", "# "),
        ("vendor.github-issue-forms", "ISSUE_TEMPLATE/3-idea.yml", "type: textarea", "type: text"),
    ],
)
def test_a_fault_in_such_a_file_is_found(tmp_path, schema, file, old, new):
    text = (GITHUB / file).read_text(encoding="utf-8")
    assert old in text
    (faulty := tmp_path / "faulty.yml").write_text(text.replace(old, new), encoding="utf-8")
    valid, words = held_to(schema, faulty)
    assert not valid
    assert "faulty.yml" in words


# ---- workflows --------------------------------------------------------------------------------


def filled(text, values):
    """A command with the values of one combination of its matrix."""
    for name, value in values.items():
        text = text.replace(f"${{{{ matrix.{name} }}}}", value)
    return text


def commands_of(job):
    """A job's commands, each as often as its matrix has combinations."""
    matrix = dict(job.get("strategy", {}).get("matrix", {}))
    combinations = matrix.pop("include", [])
    if matrix:
        ((name, values),) = matrix.items()  # the workflows need no product of two lists
        assert len(set(values)) == len(values), f"{name}: {values}"
        combinations = [{name: value} for value in values]
    for values in combinations or [{}]:
        for step in job["steps"]:
            command = filled(step.get("run", ""), values)
            for name, value in step.get("env", {}).items():
                command = command.replace(f'"${name}"', filled(str(value), values))
            yield command


def made(workflow):
    """The make commands of a workflow, each as a list of words."""
    found = []
    for _, _, job in [job for job in jobs() if job[0] == workflow]:
        for command in commands_of(job):
            found += [shlex.split(line) for line in command.splitlines() if line.startswith("make")]
    return found


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_calls_targets_that_there_are(path):
    commands = made(path.stem)
    assert commands
    assert {command[1] for command in commands} <= targets()
    assert not [command for command in commands if any("$" in word for word in command)]


def test_every_test_runs_in_one_job_on_linux():
    """Whatever marks a test has: its place is in one part of `make test`, and in no other."""
    (quick,) = re.findall(r"^QUICK +:= (.*)$", MAKEFILE, re.MULTILINE)
    parts = []
    for command in made("tests"):
        if command[:2] == ["make", "test"]:
            (only,) = [word.removeprefix("ONLY=") for word in command if word.startswith("ONLY=")]
            parts.append(only)
    assert len(parts) == len(set(parts)) >= 4
    assert ["make", "check"] in made("tests")
    declared = {"proof", "sandbox", "browser", "notebook", "own"}
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    marks = {line.split(":")[0] for line in settings["pytest"]["ini_options"]["markers"]}
    assert marks == declared | {"real"}, "a new mark needs a part in .github/workflows/tests.yml"
    for chosen in itertools.product((False, True), repeat=len(declared)):
        has = dict(zip(sorted(declared), chosen, strict=True), real=False)
        taken = [part for part in [quick, *parts] if eval(part, {}, has)]
        assert len(taken) == 1, f"a test marked {[name for name in has if has[name]]}: {taken}"


def test_all_pythons_are_tried():
    parts = read(GITHUB / "workflows" / "tests.yml")["jobs"]["linux"]["strategy"]["matrix"]
    tried = [part["python"] for part in parts["include"] if part["run"] == "make check"]
    assert tried == PYTHONS


def test_windows_runs_the_lines_of_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = readme.split("Windows, or without make")[1].split("```")[1].removeprefix("sh\n")
    asked = block.strip().splitlines()
    assert asked.pop() == "course lab"
    (job,) = [job for _, name, job in jobs() if name == "windows"]
    lines = next(step["run"] for step in job["steps"] if step.get("name") == "As README says")
    run = [line.removesuffix(" || exit /b") for line in lines.strip().splitlines()]
    assert [line.removeprefix("call ") for line in run] == asked


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_and_nothing_more(path):
    workflow = read(path)
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["concurrency"]["group"]
    more = {
        name: job["permissions"] for name, job in workflow["jobs"].items() if "permissions" in job
    }
    pages = {"publish": {"pages": "write", "id-token": "write"}}
    assert more == (pages if path.stem == "pages" else {})
    assert "secrets." not in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(("workflow", "name", "job"), jobs())
def test_actions_are_githubs_own_and_pinned(workflow, name, job):
    for step in job["steps"]:
        if used := step.get("uses"):
            assert re.fullmatch(r"actions/[a-z-]+@(v\d+|[0-9a-f]{40})", used), used
        for pattern in step.get("with", {}).get("cache-dependency-path", "").split():
            assert list(ROOT.glob(pattern)), pattern


def test_nothing_here_names_the_repository():
    files = tracked(".github", ".devcontainer")
    assert len(files) > 8
    for name in files:
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"github\.com/|github\.io|mybinder\.org/v2", text), name


def test_forms_ask_for_lesson_cell_and_the_doctors_report():
    assert len(FORMS) == 3
    headings = [heading_of(read_lesson(source))[0] for source in lessons()]
    for form in FORMS[:2]:
        (places,) = [part for part in read(form)["body"] if part.get("id") == "lesson"]
        options = places["attributes"]["options"]
        for heading, option in zip(headings, options, strict=False):
            assert heading.startswith(option), f"{form.name}: {option!r}, the lesson's: {heading!r}"
        assert places["validations"]["required"]
    asked = {part["id"]: part["attributes"]["label"] for part in read(FORMS[0])["body"]}
    assert {"lesson", "cell", "doctor"} <= set(asked)
    (command,) = re.findall(r"`course (.*?)`", asked["doctor"])

    from typer.main import get_command

    from course.cli.cli import app

    name, option = command.split()
    known = get_command(app).commands[name].params
    assert option in {text for parameter in known for text in parameter.opts}


# ---- the dev container ------------------------------------------------------------------------


def dev_container():
    text = (ROOT / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8")
    return json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))


def test_dev_container():
    from jupyter_server.serverapp import DEFAULT_JUPYTER_SERVER_PORT

    container = dev_container()
    image, python = container["image"].rsplit(":", 1)
    assert image.startswith("mcr.microsoft.com/devcontainers/") and python in PYTHONS
    assert container["forwardPorts"] == [DEFAULT_JUPYTER_SERVER_PORT]
    assert list(container["portsAttributes"]) == [str(DEFAULT_JUPYTER_SERVER_PORT)]
    memory = container["hostRequirements"]["memory"]
    assert int(memory.removesuffix("gb")) >= 4
    own = container["customizations"]
    assert {"ms-toolsai.jupyter", "ms-python.python"} <= set(own["vscode"]["extensions"])
    lesson = copies.name_of("00_start_here", "lesson")
    assert own["codespaces"]["openFiles"] == [f"{places.NAME}/{lesson}"]


@pytest.mark.skipif(not shutil.which("make"), reason="a dev container has make")
def test_dev_containers_commands_exist():
    command = dev_container()["postCreateCommand"]
    make, *others = (shlex.split(part) for part in command.split("&&"))
    assert others[0][2:] == ["course", "lab", "--prepare"]
    assert make[0] == "make"
    done = subprocess.run(["make", "-n", *make[1:]], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    environment = make[1].split("/")[0]
    for other in others:
        assert other[0] == f"{environment}/bin/python"
        asked = [sys.executable, *other[1:], "--help"]
        assert subprocess.run(asked, cwd=ROOT, capture_output=True).returncode == 0


# ---- licences, citation, versions -------------------------------------------------------------


def test_licence_names_every_folder():
    folders = {path.split("/")[0] for path in tracked() if "/" in path}
    assert len(folders) >= 10
    text = (ROOT / "LICENSE").read_text(encoding="utf-8").split("BSD 3-Clause License")[0]
    text = re.sub(r"https:\S+", "", text)
    named = set(re.findall(r"(?<![\w/])([\w.]+)/", text))
    assert folders <= named
    assert not [name for name in named if not (ROOT / name).is_dir()]


@pytest.mark.parametrize("name", data.DATASETS)
def test_the_licence_of_each_data_set_and_base_is_listed(name):
    rows = [line for line in LICENCES.splitlines() if line.startswith(f"| `{name}` |")]
    assert len(rows) == 1, f"docs/licences.md needs one row for {name}"
    assert data.DATASETS[name].title in rows[0]
    assert re.search(r"CC BY|MIT|Apache|non-commercial|nothing stated", rows[0])


def photographs():
    """The names of scikit-image's and scikit-learn's photographs that are shown or drawn upon."""
    from course.drawn import scenery

    found = set(scenery._SCENES)
    texts = {
        path: (ROOT / path).read_text("utf-8") for path in tracked("lessons/*.py", "exercises/*.py")
    }
    for text in texts.values():
        for names in re.findall(r"from skimage\.data import (.*)", text):
            found |= {name.strip() for name in names.split(",")}
    source = (ROOT / "course" / "drawn" / "scenery.py").read_text(encoding="utf-8")
    for names in re.findall(r'_textured\(rng, (?:pick\(rng, \((.*?)\)\)|(".*?"))', source):
        found |= set(re.findall(r'"(\w+)"', "".join(names)))
    return sorted(found)


def test_the_licence_of_each_photograph_is_listed():
    names = photographs()
    assert {"chelsea", "coffee", "camera", "china", "grass", "brick", "gravel"} <= set(names)
    assert not [name for name in names if f"`{name}`" not in LICENCES]


def test_each_picture_and_weight_in_the_repository_is_listed():
    kinds = (
        "png",
        "jpg",
        "jpeg",
        "gif",
        "svg",
        "webp",
        "h5",
        "keras",
        "npz",
        "ttf",
        "otf",
        "woff2",
    )
    files = tracked(*(f"*.{kind}" for kind in kinds))
    assert len(files) > 8
    listed = re.findall(r"`([\w./]+)`", LICENCES)
    for path in files:
        places = [path, *(f"{path[: cut.start()]}/" for cut in re.finditer("/", path))]
        assert set(places) & set(listed), f"docs/licences.md says nothing of {path}"


def test_the_package_carries_both_licences():
    for name in PROJECT["license-files"]:
        assert (ROOT / name).is_file()
    assert PROJECT["license-files"] == ["LICENSE", "docs/licences.md"]


def test_citation_agrees_with_the_project():
    citation = read(ROOT / "CITATION.cff")
    title = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()[0]
    assert f"# {citation['title']}" == title
    assert citation["license"] == PROJECT["license"]
    assert "version" not in citation  # it stands in pyproject.toml alone
    address = PROJECT.get("urls", {}).get("Repository")
    assert citation.get("repository-code") == address


def test_changelog_has_this_version_and_what_comes():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[0] == "Unreleased"
    released = [heading.split(" - ") for heading in headings[1:]]
    assert released[0][0] == PROJECT["version"]
    dates = [date for _, date in released]
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\d", date) for date in dates)
    assert dates == sorted(dates, reverse=True)


# ---- other people's servers -------------------------------------------------------------------


def test_every_address_of_data_is_looked_at():
    listed = dict(data_addresses.addresses(data.DATASETS.values()))
    hosts = {host for dataset in data.DATASETS.values() for host in dataset.hosts}
    assert all(any(url.startswith(host) for url in listed) for host in hosts)
    names = {file.name for dataset in data.DATASETS.values() for file in dataset.files}
    assert {url.rsplit("/", 1)[1] for url in listed} == names
    assert min(listed.values()) > 0


@pytest.mark.parametrize(
    ("fault", "megabytes", "said"),
    [
        (None, 0.03, ""),
        (None, 0.04, "29,515 bytes"),
        (None, 29.5, "29,515 bytes"),
        ("missing", 0.03, "404"),
        ("busy", 0.03, "503"),
        ("portal", 0.03, "HTML"),
        ("no length", 0.03, "how long"),
    ],
)
def test_what_an_address_answers(faulty_server, fault, megabytes, said):
    faulty_server.files["labels.gz"] = bytes(29_515)
    faulty_server.faults["labels.gz"] = [fault]
    url = f"{faulty_server.url}labels.gz"
    found = data_addresses.look_at(url, megabytes)
    assert found[:2] == (url, megabytes)
    assert bool(found.fault) == bool(said) and said in found.fault


def test_an_address_at_which_nobody_answers(faulty_server):
    faulty_server.close()
    assert "ConnectionError" in data_addresses.look_at(f"{faulty_server.url}a", 1.0).fault


def test_addresses_at_fault_are_all_named(faulty_server, monkeypatch, capsys):
    faulty_server.files["here.npz"] = bytes(1_200_000)
    files = tuple(DataFile(name, "", 1.2, ()) for name in ("here.npz", "gone.npz"))
    dataset = Dataset("Two files", "things", {}, (faulty_server.url,), "", files)
    monkeypatch.setattr(data, "DATASETS", {"two": dataset})
    assert data_addresses.main() == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == ["status 404", "ok"]
    faulty_server.files["gone.npz"] = bytes(1_200_000)
    assert data_addresses.main() == 0


def test_links_to_other_sites_are_followed(faulty_server, tmp_path):
    faulty_server.files["here.html"] = b"<html>Here</html>"
    here, gone = faulty_server.url + "here.html", faulty_server.url + "gone.html"
    pages = {
        "docs/a.md": f"[here]({here}) and [there](../b.md), ![a picture](c.png)",
        "notebooks/b.ipynb": f"# Heading\n\n$x < y$\n\n| a |\n|---|\n| <{gone}> |",
    }
    found = linkcheck.check(pages, tmp_path / "work")
    assert [link[:3] for link in found] == [
        ("docs/a.md", here, "working"),
        ("notebooks/b.ipynb", gone, "broken"),
    ]
    assert "404" in found[1].info


def test_documents_lessons_and_exercises_are_read_for_links():
    texts = linkcheck.texts()
    assert {"README.md", "docs/hosts.md"} <= set(texts)
    assert {f"notebooks/{source.stem}.ipynb" for source in lessons()} <= set(texts)
    assert any(name.startswith("notebooks/exercises/") for name in texts)
