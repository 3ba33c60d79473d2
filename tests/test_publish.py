"""Publishing: the address in one place, every link from it, the way back, the cell for Colab."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import nbformat
import pytest
import yaml

from course.exercises import load_exercise
from course.exercises.reach import is_aside
from course.grader.hand_ins import read_cells
from course.grader.nbgrader_export import assignment
from course.workspace import copies, places
from tools import build_exercises, build_lessons, colab, publish
from tools.address import Address, AddressError, parse, published
from tools.build_lessons import finished, read_lesson, shown_mark, text_of
from tools.staleness import ROOT, lessons

SMALL = Path(__file__).parent / "small_exercise"
FIRST, SECOND = Address("ada", "course"), Address("Some-Org", "deep.vision_2", "trunk/x")
WITH_LINKS = ["pyproject.toml", "CITATION.cff", "README.md", "docs/hosts.md"]
# The glossary, a page to read, opens nowhere.
NOTEBOOKS = {p.relative_to(ROOT).as_posix() for p in (ROOT / "notebooks").rglob("*.ipynb")}
NOTEBOOKS = sorted(NOTEBOOKS - {"notebooks/glossary.ipynb"})


# ---- addresses --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "ada/course",
        " ada/course/ ",
        "ada/course.git",
        "github.com/ada/course",
        "https://github.com/ada/course",
        "https://github.com/ada/course.git",
        "https://www.github.com/ada/course/",
        "https://ada:ghp_secret@github.com/ada/course.git",
        "HTTPS://GitHub.com/ada/course",
        "git://github.com/ada/course.git",
        "git@github.com:ada/course.git",
        "ssh://git@github.com/ada/course.git",
        "ssh://git@ssh.github.com:443/ada/course.git",
    ],
)
def test_an_address_is_taken_in_every_form(text):
    assert parse(text) == Address("ada", "course", "main")


@pytest.mark.parametrize(
    "text",
    ["a/b", "A-1/b.c_d-e", "jo_acme/x", "a/.github", "a" * 39 + "/" + "b" * 100, "a/git", "1/2"],
)
def test_github_s_names_are_taken(text):
    assert str(parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "course",
        "",
        "/",
        "ada/",
        "/course",
        "ada/course/tree/main",
        "https://github.com/ada",
        "https://gitlab.com/ada/course",
        "https://github.com.evil.org/ada/course",
        "git@gitlab.com:ada/course.git",
        "-ada/course",
        "ada-/course",
        "a--b/course",
        "a.b/course",
        "a" * 40 + "/course",
        "ada/..",
        "ada/.",
        "ada/" + "b" * 101,
        "ada/co urse",
        "ada/course?x=1",
        "ada/course#readme",
        "ada/курс",
        'ada/course"\n[x]',
        "ada/a.git.git",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(AddressError, match="https://github.com/owner/name") as refused:
        parse(text)
    parts = [text, *text.removesuffix(".git").split("/")]
    assert any(repr(part)[1:-1] in str(refused.value) for part in parts if part or not text)


def test_a_remote_s_password_is_shown_to_nobody():
    with pytest.raises(AddressError) as refused:
        parse("https://ada:ghp_secret@gitlab.com/ada/course")
    assert "secret" not in str(refused.value)
    assert "secret" not in parse("https://ada:ghp_secret@github.com/ada/course").url


def test_links_are_what_each_place_documents():
    path = "notebooks/02_mnist.ipynb"
    assert FIRST.binder(path) == (
        "https://mybinder.org/v2/gh/ada/course/HEAD?urlpath=lab/tree/my_course/02_lesson_mnist.ipynb"
    )
    assert SECOND.colab(path) == (
        "https://colab.research.google.com/github/Some-Org/deep.vision_2/blob/trunk/x/" + path
    )
    assert FIRST.codespaces == "https://codespaces.new/ada/course?quickstart=1"
    assert FIRST.pages == "https://ada.github.io/course/"
    assert SECOND.pages == "https://some-org.github.io/deep.vision_2/"
    assert Address("Ada", "ada.github.io").pages == "https://ada.github.io/"
    link = urlsplit(SECOND.hub(path, "https://hub.school.edu/"))
    assert (link.netloc, link.path) == ("hub.school.edu", "/hub/user-redirect/git-pull")
    assert parse_qs(link.query) == {
        "repo": ["https://github.com/Some-Org/deep.vision_2.git"],
        "branch": ["trunk/x"],
        "urlpath": [f"lab/tree/deep.vision_2/{path}"],
    }


# ---- pyproject.toml and CITATION.cff -----------------------------------------------------------

PROJECT = """\
[project]
name = "x"  # a reason

[project.scripts]
x = "x:y"

# What follows is said here.
[tool.ruff]
line-length = 100
"""


def test_the_project_s_table_comes_and_goes(tmp_path):
    once = publish.project_with(PROJECT, SECOND)
    assert publish.project_with(once, SECOND) == once
    (tmp_path / "pyproject.toml").write_text(once)
    assert published(tmp_path) == SECOND
    assert tomllib.loads(once)["project"]["urls"]["Repository"] == SECOND.url
    assert "# a reason" in once and "\n\n# What follows is said here.\n[tool.ruff]" in once
    other = publish.project_with(once, FIRST)
    assert other == publish.project_with(PROJECT, FIRST) and str(SECOND) not in other
    assert publish.project_with(other, None) == PROJECT == publish.project_with(PROJECT, None)


def test_other_links_of_a_project_stay():
    theirs = PROJECT.replace("# What", '[project.urls]\nHome = "https://x.org"  # ours\n\n# What')
    once = publish.project_with(theirs, FIRST)
    urls = tomllib.loads(once)["project"]["urls"]
    assert urls["Home"] == "https://x.org" and urls["Repository"] == FIRST.url
    assert publish.project_with(once, None) == theirs


def test_a_project_without_other_tables():
    text = '[project]\nname = "x"\n'
    once = publish.project_with(text, FIRST)
    assert tomllib.loads(once)["project"]["urls"]["Repository"] == FIRST.url
    assert publish.project_with(once, FIRST) == once
    assert publish.project_with(once, None) == text


def test_a_wrong_address_in_the_project_is_named(tmp_path):
    text = PROJECT + '[project.urls]\nRepository = "https://example.org/ada"\n'
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(AddressError, match="example.org/ada"):
        published(tmp_path)


# ---- all files ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def unpublished(tmp_path_factory):
    """A copy of all that has links, with no address."""
    folder = tmp_path_factory.mktemp("course")
    for name in [*WITH_LINKS, *NOTEBOOKS]:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    publish.write(publish.files_that_change(None, folder), folder)
    return folder


@pytest.fixture
def course(unpublished, tmp_path):
    shutil.copytree(unpublished, tmp_path / "course")
    return tmp_path / "course"


def put(course, address):
    """Publish; returns the names of the files that changed."""
    changed = publish.files_that_change(address, course)
    publish.write(changed, course)
    return {path.relative_to(course).as_posix() for path in changed}


def all_bytes(folder):
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_unpublished_nothing_has_a_link_to_the_repository(unpublished):
    for name, content in all_bytes(unpublished).items():
        for place in (b"mybinder.org/v2", b"colab.research", b"codespaces.new", b"ORG/REPO"):
            assert place not in content, name


def test_all_links_come_change_and_go(course):
    before = all_bytes(course)
    assert put(course, FIRST) == {*WITH_LINKS, *NOTEBOOKS}
    once = all_bytes(course)
    assert put(course, FIRST) == set() and all_bytes(course) == once
    assert put(course, SECOND) == {*WITH_LINKS, *NOTEBOOKS}
    for name, content in all_bytes(course).items():
        assert b"ada/course" not in content and b"ada.github.io" not in content, name
        assert b"deep.vision_2" in content, name
    assert put(course, FIRST) == {*WITH_LINKS, *NOTEBOOKS} and all_bytes(course) == once
    assert put(course, None) == {*WITH_LINKS, *NOTEBOOKS}
    assert all_bytes(course) == before


def links_in(text):
    return re.findall(r"https://[^\s)>\"|]+", text)


def test_every_link_is_well_formed_and_opens_a_file_that_is_there(course, tmp_path):
    put(course, SECOND)
    mine = copies.make(tmp_path / places.NAME).folder  # as binder/postBuild does
    (mine / places.FIRST_PAGE).touch()
    opened = {"mybinder.org": [], "colab.research.google.com": [], "hub.example.org": []}
    for name in ("README.md", "docs/hosts.md", "CITATION.cff", "pyproject.toml"):
        for link in links_in((course / name).read_text(encoding="utf-8")):
            parts = urlsplit(link)
            assert re.fullmatch(r"[a-z0-9.-]+\.[a-z]+", parts.netloc), link
            if parts.netloc == "mybinder.org" and parts.path.startswith("/v2/gh/"):
                assert parts.path == f"/v2/gh/{SECOND}/HEAD"
                (path,) = parse_qs(parts.query)["urlpath"]
                opened[parts.netloc].append(path.removeprefix("lab/tree/"))
            elif parts.netloc in opened and parts.path.startswith("/github/"):
                before = f"/github/{SECOND}/blob/{SECOND.branch}/"
                assert parts.path.startswith(before)
                opened[parts.netloc].append(unquote(parts.path).removeprefix(before))
            elif parts.netloc == "hub.example.org":
                (path,) = parse_qs(parts.query)["urlpath"]
                opened[parts.netloc].append(path.removeprefix(f"lab/tree/{SECOND.name}/"))
    for place, paths in opened.items():
        top = tmp_path if place == "mybinder.org" else ROOT
        assert paths and all((top / path).is_file() for path in paths), place
    names = [source.stem for source in lessons()]
    every_lesson = {f"notebooks/{name}.ipynb" for name in names}
    assert every_lesson <= set(opened["colab.research.google.com"])
    own = {f"{places.NAME}/{copies.name_of(name, 'lesson')}" for name in names}
    assert own | {f"{places.NAME}/{places.FIRST_PAGE}"} <= set(opened["mybinder.org"])


def test_the_citation_is_one(course):
    put(course, FIRST)
    citation = yaml.safe_load((course / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["repository-code"] == "https://github.com/ada/course"
    assert citation["url"] == "https://ada.github.io/course/"


def test_a_lost_file_and_a_lost_mark_are_named(course):
    readme = course / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8").replace("<!-- clone -->", ""))
    with pytest.raises(publish.PublishError, match=r"README\.md.*<!-- clone -->"):
        publish.files_that_change(FIRST, course)
    (course / "CITATION.cff").unlink()
    with pytest.raises(publish.PublishError, match="CITATION.cff"):
        publish.files_that_change(FIRST, course)


def test_for_make_the_project_stays_as_old_as_it_is(course):
    """Or `make lab` would install everything anew, and that needs a network."""
    before = (course / "pyproject.toml").stat().st_mtime_ns
    put(course, FIRST)
    assert (course / "pyproject.toml").stat().st_mtime_ns == before


# ---- where the address comes from ----------------------------------------------------------------


@pytest.fixture
def repository(tmp_path):
    """A function that runs git in a new repository, on the branch trunk."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PROJECT)

    def git(*arguments):
        subprocess.run(["git", "-C", folder, *arguments], check=True, capture_output=True)
        return folder

    git("init", "--initial-branch", "trunk")
    return git


needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git")


@needs_git
def test_the_remote_s_address_is_taken(repository):
    root = repository("remote", "add", "origin", "git@github.com:ada/course.git")
    assert publish.address_meant(None, root=root) == Address("ada", "course", "trunk")
    assert publish.address_meant("a/b", "x", root=root) == Address("a", "b", "x")
    (root / "pyproject.toml").write_text(publish.project_with(PROJECT, FIRST))
    assert publish.address_meant("", root=root) == FIRST  # the branch that its links have
    assert publish.address_meant("a/b", root=root).branch == "trunk"
    (root / "below").mkdir()
    shutil.copy(root / "pyproject.toml", root / "below")
    with pytest.raises(publish.PublishError, match="no git remote"):  # it is another repository's
        publish.address_meant(None, root=root / "below")


@needs_git
def test_without_an_address_it_is_asked_for(repository):
    root = repository("status")
    with pytest.raises(publish.PublishError, match="ADDRESS=owner/name"):
        publish.address_meant(None, root=root)
    repository("remote", "add", "origin", "https://gitlab.com/ada/course")
    with pytest.raises(publish.PublishError, match=r"(?s)origin.*gitlab.*ADDRESS=owner/name"):
        publish.address_meant(None, root=root)
    with pytest.raises(publish.PublishError, match="'a b'"):
        publish.address_meant("a/b", "a b", root=root)
    todo = "\n".join(publish.left_to_do(FIRST, root))
    assert f"git remote set-url origin {FIRST.url}.git" in todo and FIRST.binder() in todo


@pytest.mark.parametrize("arguments", [["a/b/c"], ["--withdraw", "a/b"], ["a/b", "--branch", ".."]])
def test_a_bad_command_changes_nothing(arguments, monkeypatch, capsys):
    monkeypatch.setattr(publish, "write", None)  # calling it would fail
    monkeypatch.setattr(sys, "argv", ["publish", *arguments])
    with pytest.raises(SystemExit) as ended:
        publish.main()
    said = f"{ended.value}{capsys.readouterr().err}"
    assert ended.value.code and (arguments[0] in said or arguments[-1] in said)


@pytest.mark.parametrize("branch", ['a"b', "a$b", "a{b}", "a`b`", "a;b", "a#b", "a@b", "-b", "a b"])
def test_a_branch_that_colab_s_cell_cannot_name(tmp_path, branch):
    """The cell is a line for IPython, the shell and pip; git allows most of these."""
    (tmp_path / "pyproject.toml").write_text(PROJECT)
    with pytest.raises(publish.PublishError) as refused:
        publish.address_meant("ada/course", branch, root=tmp_path)
    assert repr(branch) in str(refused.value)
    good = "topic/ü-2_0.1"
    assert publish.address_meant("ada/course", good, root=tmp_path).branch == good


def test_what_is_stale_is_not_published(monkeypatch, capsys):
    monkeypatch.setattr(publish.staleness, "stale", lambda: ["exercises/solutions/02_mnist.ipynb"])
    monkeypatch.setattr(publish, "write", None)  # calling it would fail
    monkeypatch.setattr(sys, "argv", ["publish", "ada/course"])
    with pytest.raises(SystemExit) as refused:
        publish.main()
    text = str(refused.value)
    assert (
        "notebooks/exercises/solutions/02_mnist.ipynb is stale: make exercises EXERCISE=02" in text
    )


def test_results_that_somebody_saved_are_not_published(monkeypatch, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    (tmp_path / "notebooks").mkdir()
    path = tmp_path / "notebooks" / "01_x.ipynb"
    (tmp_path / "lessons").mkdir()
    (tmp_path / "lessons" / "01_x.py").touch()
    for module in (publish, publish.staleness):
        monkeypatch.setattr(module, "ROOT", tmp_path)
        monkeypatch.setattr(module, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setattr(publish.staleness, "LESSONS", tmp_path / "lessons")
    monkeypatch.setattr(publish.staleness, "stale", list)
    monkeypatch.setattr(publish.staleness, "stale_releases", list)
    for name in ("_faults_of_readme", "_faults_of_the_lock"):
        monkeypatch.setattr(publish, name, list)
    monkeypatch.setattr(publish, "exercise_ids", list)
    monkeypatch.setattr(publish.build_exercises, "leftovers", list)
    nbformat.write(finished(notebook, "mark"), path)
    assert publish.faults() == []
    notebook.cells[-1].outputs = [nbformat.v4.new_output("stream", text="mine")]
    nbformat.write(notebook, path)
    nbformat.write(notebook, path.with_name("01_x-Copy1.ipynb"))
    path.with_name("Untitled.ipynb").write_text("{")
    (fault,) = publish.faults()
    assert "notebooks/01_x.ipynb" in fault and "make lessons LESSON=01" in fault


def test_notebooks_of_one_s_own_stay_as_they_are(course):
    """As JupyterLab makes them, whose first folder is notebooks/."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    own = course / "notebooks" / "Untitled.ipynb"
    nbformat.write(notebook, own)
    torn = own.with_name("torn.ipynb")
    torn.write_text('{"nbformat": 3}')
    before = own.read_bytes()
    assert "notebooks/01_convolution.ipynb" in put(course, FIRST)
    assert own.read_bytes() == before and torn.read_text() == '{"nbformat": 3}'


def test_the_lock_has_what_the_project_asks_for(monkeypatch, tmp_path):
    assert publish._faults_of_the_lock() == []
    (tmp_path / "requirements.lock").write_text("numpy==1.0 \\\n    --hash=sha256:00\n")
    monkeypatch.setattr(publish, "LOCK", tmp_path / "requirements.lock")
    assert any("no numpy>=" in fault for fault in publish._faults_of_the_lock())


# ---- the cell for Colab --------------------------------------------------------------------------


def cell_of(address):
    (cell,) = colab.with_cell(nbformat.v4.new_notebook(), address).cells
    return cell


RUN = """\
import json, sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

absent, site, source = json.loads(sys.argv[1])
if absent:  # no way to the installed course is left, but a folder for the stand-in is
    sys.meta_path = [f for f in sys.meta_path if "editable" not in repr(f).lower()]
    sys.path = [p for p in sys.path if not (Path(p) / "course_utils").is_dir()] + [site]
asked = []

def pip(line):
    asked.append(line)
    (Path(site) / "course_utils.py").write_text("HERE = 1")

shell = InteractiveShell()
shell.register_magic_function(pip, "line", "pip")
shell.system = asked.append
with capture_output() as shown:
    outcomes = [shell.run_cell(code).success for code in (source, "import course_utils")]
imported = getattr(sys.modules["course_utils"], "HERE", 0)
print(json.dumps([asked, shown.stdout + shown.stderr, outcomes, imported]))
"""


@pytest.mark.parametrize("absent", [False, True])
def test_the_cell_installs_the_course_where_it_is_absent_only(tmp_path, absent):
    (tmp_path / "site").mkdir()
    given = json.dumps([absent, str(tmp_path / "site"), cell_of(FIRST).source])
    command = [sys.executable, "-c", RUN, given]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    asked, shown, outcomes, imported = json.loads(run.stdout.splitlines()[-1])
    install = 'install -q "git+https://github.com/ada/course@main"'
    assert asked == ([install, "course lab --prepare"] if absent else [])
    assert (shown, outcomes, imported) == ("", [True, True], int(absent))


def test_the_cell_is_folded_valid_and_on_top():
    notebook = colab.with_cell(read_lesson(lessons()[0]), FIRST)
    nbformat.validate(notebook)
    cell = notebook.cells[0]
    assert cell.metadata == {"jupyter": {"source_hidden": True}, "tags": ["colab"]}
    assert notebook.cells[1:] == read_lesson(lessons()[0]).cells
    assert len(colab.with_cell(notebook, SECOND).cells) == len(notebook.cells)
    assert colab.with_cell(notebook, None).cells == read_lesson(lessons()[0]).cells


def test_builders_put_the_cell_in_once_there_is_an_address(monkeypatch):
    monkeypatch.setattr(build_lessons, "published", lambda: None)
    plain = finished(read_lesson(lessons()[1]), "mark")
    assert [cell.source for cell in plain.cells] == [
        cell.source for cell in read_lesson(lessons()[1]).cells
    ]
    monkeypatch.setattr(build_lessons, "published", lambda: FIRST)
    notebook = finished(read_lesson(lessons()[1]), "mark")
    assert FIRST.url in notebook.cells[0].source
    assert notebook.metadata["course"]["built_from"] == "mark"
    assert notebook.metadata["course"]["shows"] == shown_mark(plain) == shown_mark(notebook)


def hand_in(exercise, path, address):
    """The notebook that a learner hands in: as it was handed out, or with the solutions."""
    notebook = build_exercises.solutions_notebook(exercise)
    path.write_text(text_of(colab.with_cell(notebook, address)), encoding="utf-8")
    return path


def test_graders_don_t_see_the_cell(tmp_path):
    exercise = load_exercise(SMALL)
    with_it = hand_in(exercise, tmp_path / "with.ipynb", FIRST)
    without = hand_in(exercise, tmp_path / "without.ipynb", None)
    assert "git+https" in with_it.read_text(encoding="utf-8")
    assert read_cells(with_it) == read_cells(without)
    cells, _ = read_cells(with_it)
    graded = [cell for cell in cells if not is_aside(cell)]
    assert graded == exercise.solution_cells()


def test_nbgrader_s_edition_takes_the_pictures_and_not_the_cell(tmp_path):
    exercise = load_exercise(SMALL)
    editions = []
    for address in (None, FIRST):
        solved = build_exercises.solutions_notebook(exercise)
        for cell in solved.cells:
            if cell.cell_type == "code":
                picture = {"image/png": "AAAA", "text/plain": "A figure."}
                cell.outputs = [nbformat.v4.new_output("display_data", picture)]
        given = build_exercises.student_notebook(exercise, solved)
        path = tmp_path / f"{exercise.id}.ipynb"
        path.write_text(text_of(colab.with_cell(given, address)), encoding="utf-8")
        editions.append(assignment(exercise, seed=1, notebooks=tmp_path)[0])
    assert editions[0] == editions[1]
    assert any(cell.get("attachments") for cell in editions[1].cells)


def test_an_exercise_with_the_cell_is_not_stale(tmp_path, monkeypatch):
    exercise = load_exercise(SMALL)
    monkeypatch.setattr(build_exercises, "NOTEBOOKS", tmp_path)
    monkeypatch.setattr(build_exercises, "RELEASED", tmp_path / "exercises")
    monkeypatch.setattr(build_exercises, "SOLVED", tmp_path / "exercises" / "solutions")
    solved = build_exercises.solutions_notebook(exercise)
    for cell in solved.cells:
        if "expected" in cell.metadata.get("tags", []):
            cell.outputs = [nbformat.v4.new_output("stream", text="0")]
    both = [build_exercises.student_notebook(exercise, solved), solved]
    for path, notebook in zip(build_exercises.targets_of(exercise), both, strict=True):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text_of(colab.with_cell(notebook, FIRST)), encoding="utf-8")
    assert build_exercises.stale(exercise) == []


def test_stored_notebooks_have_the_cell_that_belongs_to_the_address():
    wrong = [path.relative_to(ROOT).as_posix() for path in publish.files_that_change(published())]
    assert wrong == [], "make publish"
