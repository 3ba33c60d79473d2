"""The README and the pages in docs/ name only what there is."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import typer

from course.cli.cli import app

ROOT = Path(__file__).parent.parent
PAGES = [
    *("README.md", "CHANGELOG.md", "CODE_OF_CONDUCT.md", "SECURITY.md"),
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
]
WITHOUT_LINKS = "CODE_OF_CONDUCT.md", "docs/benchmarks/README.md"  # to other pages
FENCED = re.compile(r"^```[a-z]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
START = r"(?m)(?:^|[;&|] *)(?:[A-Z_]+=\S+ +)*"  # of a command: settings may come first
WORD = r"[a-z][a-z-]*(?![\w./-])"


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def code_in(text):
    """All code of a page, less comments: fenced blocks and what stands between backticks."""
    inline = re.findall(r"`([^`\n]+)`", FENCED.sub("", text))
    return [re.sub(r"(?m)(^| )#.*$", "", code) for code in FENCED.findall(text) + inline]


def make_targets(text):
    """What the code of a page has `make` do."""
    found = [re.findall(rf"{START}make (?:[A-Z_]+=\S+ )*({WORD})", code) for code in code_in(text)]
    return set(sum(found, []))


def course_calls(text):
    """The words that follow each `course` in the code of a page, up to the first odd one."""
    found = [re.findall(rf"{START}(?:\S*/)?course((?: {WORD})+)", code) for code in code_in(text)]
    return [words.split() for words in sum(found, [])]


def is_command(words):
    """Whether the `course` command has such a subcommand; what follows it are arguments."""
    command = typer.main.get_command(app)
    for word in words:
        inside = getattr(command, "commands", None)
        if inside is None:
            return True
        if word not in inside:
            return False
        command = inside[word]
    return True


def anchors_of(text):
    """The anchors that GitHub gives to a page's headings."""
    heads = re.findall(r"(?m)^#+ (.+)$", FENCED.sub("", text))
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", [*PAGES, "docs/benchmarks/README.md"])
def test_local_links_lead_somewhere(name):
    links = re.findall(r"\]\(([^)\s]+)\)", FENCED.sub("", read(name)))
    local = [link for link in links if not urlsplit(link).scheme]
    assert local or name in WITHOUT_LINKS
    for target, anchor in (link.partition("#")[::2] for link in local):
        page = (ROOT / name).parent / target if target else ROOT / name
        assert page.exists(), f"{name} links to {target}, which isn't there"
        if anchor:
            assert anchor in anchors_of(page.read_text(encoding="utf-8")), f"{target}#{anchor}"


@pytest.mark.parametrize("name", PAGES)
def test_make_targets_exist(name):
    there = set(re.findall(r"(?m)^([a-z-]+):.*## ", read("Makefile")))  # those for people
    assert make_targets(read(name)) <= there


@pytest.mark.parametrize("name", PAGES)
def test_commands_exist(name):
    unknown = [" ".join(words) for words in course_calls(read(name)) if not is_command(words)]
    assert not unknown, f"{name} names what `course` doesn't have"


@pytest.mark.parametrize("name", PAGES)
def test_settings_exist(name):
    """Environment variables of ours that a page names are read by the course; makers', by tests."""
    readers = ["course", "course_utils", *["tests"] * (name == "docs/CONTRIBUTING.md")]
    sources = [path.read_text(encoding="utf-8") for folder in readers
               for path in (ROOT / folder).rglob("*.py") if path != Path(__file__)]  # fmt: skip
    for setting in set(re.findall(r"\bCOURSE_[A-Z_]+", read(name))):
        assert any(f'"{setting}"' in source for source in sources), f"{name} names {setting}"


def test_the_pages_are_read_as_meant():
    text = "make sure of `make lab`, `X=1 make PYTHON=/p test`\n```sh\nmake lint  # make so\n```\n"
    assert make_targets(text) == {"lab", "test", "lint"}
    text = "course work, `course data status`, `.venv/bin/course doctor --json`, `import course`\n"
    text += "```sh\nA=b course data remove pets --yes\n```\n"
    assert course_calls(text) == [["data", "remove", "pets"], ["data", "status"], ["doctor"]]
    assert course_calls("`course/data/arrays.py`, `from course import data`") == []
    assert is_command(["data", "remove", "pets"]) and is_command(["grade", "all"])
    assert not is_command(["date"]) and not is_command(["data", "clean"])
    assert anchors_of("# What's on it, then?\n```sh\n# no\n```\n") == {"whats-on-it-then"}
