"""Give the course an address on GitHub: every link to it, in every file, from one place.

    python -m tools.publish [owner/name] [--branch main]   (no address: the git remote origin's)
    python -m tools.publish --withdraw                     (no address and no links any more)

The address goes into pyproject.toml, and from there into what depends on it: README.md's badges,
clone line and table, docs/hosts.md, CITATION.cff, and the cell for Colab in every notebook. (The
HTML edition reads it when it is built.) Nothing is executed, nothing is sent: that is `git push`.
A course with something stale in it isn't published.
"""

import argparse
import dataclasses
import os
import re
import subprocess
import sys

import nbformat
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from course.exercises import ExerciseError, exercise_ids, load_exercise
from course_utils.files import write_whole
from tools import build_exercises, colab, readme, staleness
from tools.address import AddressError, parse, published
from tools.build_lessons import shows_what_was_built, text_of
from tools.declared import pins, project
from tools.staleness import LOCK, NOTEBOOKS, ROOT, rebuild

TABLE = "[project.urls]"
COMMENT = "# Written by `make publish`, which brings all links in line; tools/address.py reads it."
OWN_LINE = re.compile(rf"(?:Repository|Notebooks) = .*|{re.escape(COMMENT)}")
CITED = re.compile(r"^(?:repository-code|url):.*\n", re.MULTILINE)
# What git refuses, and what the shell, IPython or pip would take for more in Colab's cell.
NOT_IN_A_BRANCH = re.compile(r"[\s~^:?*\[\\\x00-\x1f]|\.\.|^[-/]|[/.]$|[\"'`$;&|<>(){}#@!%]")


class PublishError(Exception):
    """The course can't be published; the text says why and what to do."""


# ---- what depends on the address --------------------------------------------------------------


def files_that_change(address, root=ROOT):
    """What every file that depends on the address holds for this one.

    Args:
        address: Address, or None for a course that isn't published.
        root: the course's folder.
    Returns:
        dict from a path to its text, of the files that don't have it yet.
    Raises:
        PublishError: a file is missing, or a mark in it.
    """
    makers = {
        root / "pyproject.toml": project_with,
        root / "CITATION.cff": citation_with,
        root / "README.md": lambda text, to: readme.rendered(readme.README, text, to),
        root / "docs" / "hosts.md": lambda text, to: readme.rendered(readme.HOSTS, text, to),
    }
    notebooks = notebooks_in(root / "notebooks")
    makers |= {path: notebook_with for path in notebooks if staleness.kept_mark(path)}
    changed = {}
    for path, make in makers.items():
        try:
            before = path.read_text(encoding="utf-8")
            after = make(before, address)
        except FileNotFoundError:
            raise PublishError(f"{path} isn't there, and it has links that depend on it") from None
        except ValueError as error:
            raise PublishError(f"{path.relative_to(root)}: {error}") from error
        if after != before:
            changed[path] = after
    return changed


def notebooks_in(folder):
    """The notebooks in a folder, without those that JupyterLab sets aside: list of paths."""
    found = sorted(folder.rglob("*.ipynb"))
    return [path for path in found if ".ipynb_checkpoints" not in path.relative_to(folder).parts]


def project_with(text, address):
    """pyproject.toml with this address, or with none; all else stays as it is."""
    lines = text.split("\n")
    here = lines.index(TABLE) if TABLE in lines else None
    others = []
    if here is not None:
        end = next((n for n in range(here + 1, len(lines)) if lines[n].startswith("[")), len(lines))
        if end < len(lines):
            end = _with_what_is_said_above(lines, end)
        others = [line for line in lines[here + 1 : end] if not OWN_LINE.fullmatch(line)]
        while others and not others[-1].strip():
            others.pop()
        del lines[here:end]
    else:
        here = next((n for n, line in enumerate(lines) if line.startswith("[tool.")), len(lines))
        if here < len(lines):
            here = _with_what_is_said_above(lines, here)
    own = []
    if address:
        notebooks = address.file("notebooks", folder=True)
        own = [COMMENT, f'Repository = "{address.url}"', f'Notebooks = "{notebooks}"']
    table = [TABLE, *own, *others, ""] if own or others else []
    return "\n".join(lines[:here] + table + lines[here:])


def _with_what_is_said_above(lines, table):
    """The number of a table's first line, or of its comments' if it has some above it."""
    while table and lines[table - 1].startswith("#"):
        table -= 1
    return table


def citation_with(text, address):
    """CITATION.cff with this address, or with none."""
    text = CITED.sub("", text)
    if address:
        text += f"repository-code: {address.url}\nurl: {address.pages}\n"
    return text


def notebook_with(text, address):
    """A stored notebook with the cell for Colab, or without; it is not executed."""
    notebook = nbformat.reads(text, as_version=4)
    before = list(notebook.cells)
    colab.with_cell(notebook, address)
    return text if notebook.cells == before else text_of(notebook)


def write(changed, root=ROOT):
    """Write what `files_that_change` gives, each file whole or not at all."""
    for path, text in changed.items():
        written = path.stat()
        write_whole(path, text)
        if path == root / "pyproject.toml":
            # For make, this file's time says whether to install anew, and an address doesn't.
            os.utime(path, ns=(written.st_atime_ns, written.st_mtime_ns))


# ---- what must not be published ---------------------------------------------------------------


def faults():
    """What is stale in the course: list of texts, each with what to do about it."""
    old = staleness.stale()
    found = [f"notebooks/{name} is stale: {rebuild(name)}" for name in old]
    for name in staleness.stale_releases():
        found.append(f"course/exercises/released/{name} is stale: make exercises")
    for name in exercise_ids():
        if not {f"exercises/{name}.ipynb", f"exercises/solutions/{name}.ipynb"} & set(old):
            try:
                found += build_exercises.stale(load_exercise(name))
            except ExerciseError as error:
                found.append(str(error))
    for path in build_exercises.leftovers(exercise_ids()):
        found.append(f"{path.relative_to(ROOT)} belongs to no exercise: make exercises")
    own = {source.stem for source in staleness.lessons()} | set(exercise_ids())
    for path in notebooks_in(NOTEBOOKS):
        name = path.relative_to(NOTEBOOKS).as_posix()
        if name in old or path.stem not in own:  # somebody's, or a copy under another name
            continue
        if not shows_what_was_built(nbformat.read(path, as_version=4)):
            found.append(
                f"notebooks/{name} shows other results than it was built with: {rebuild(name)}"
            )
    return found + _faults_of_readme() + _faults_of_the_lock()


def _faults_of_readme():
    old = []
    for path in (readme.README, readme.HOSTS):
        try:
            text = path.read_text(encoding="utf-8")
            if readme.rendered(path, text, published()) != text:
                old.append(f"{path.relative_to(ROOT)} has old generated parts: make readme")
        except (FileNotFoundError, ValueError) as error:
            old.append(str(error))
    for source in staleness.lessons():
        picture = readme.THUMBNAILS / f"{source.stem}.png"
        stored = NOTEBOOKS / f"{source.stem}.ipynb"
        if not stored.exists():
            continue  # stale, and said to be
        if not picture.exists() or picture.read_bytes() != readme.make_thumbnail(stored):
            old.append(f"{picture.relative_to(ROOT)} is not its notebook's: make readme")
    return old


def _faults_of_the_lock():
    """What pyproject.toml asks of learners' environments and the lock doesn't have."""
    table = project()
    extras = table["optional-dependencies"]
    asked = [*table["dependencies"], *extras.get("tensorflow", []), *extras.get("lab", [])]
    locked = pins(LOCK.read_text(encoding="utf-8"))
    missing = []
    for requirement in map(Requirement, asked):
        name = canonicalize_name(requirement.name)
        versions = [version for pinned, version in locked if pinned == name]
        if not any(map(requirement.specifier.contains, versions)):
            missing.append(
                f"{LOCK.name} has no {requirement.name}{requirement.specifier}: make lock"
            )
    return missing


# ---- the command ------------------------------------------------------------------------------


def git(*arguments, root=ROOT):
    """What git says in the course's folder; None where it says no, or there is no git."""
    try:
        run = subprocess.run(
            ["git", "-C", root, *arguments], capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return run.stdout.strip()


def origin_of(root=ROOT):
    """The address of the git remote origin, or None.

    Where the course's folder lies within another repository, it would be that one's: None, too.
    """
    if git("rev-parse", "--show-prefix", root=root) != "":
        return None
    return git("remote", "get-url", "origin", root=root)


def address_meant(given, branch=None, root=ROOT):
    """The address that the course is to have.

    Args:
        given: what somebody wrote, or nothing: then the git remote origin counts.
        branch: of the links; None for the one that there was, or that git is on.
        root: the course's folder.
    Returns:
        Address.
    Raises:
        PublishError: there is no address, or it isn't one on GitHub.
    """
    origin = origin_of(root)
    if not given and not origin:
        raise PublishError(
            "No address was given, and this folder has no git remote origin to take it from. "
            "Expected is the repository's address on GitHub: make publish ADDRESS=owner/name"
        )
    try:
        address = parse(given or origin)
    except AddressError as error:
        where = "" if given else "The git remote origin: "
        raise PublishError(f"{where}{error}; so: make publish ADDRESS=owner/name") from None
    branch = branch or _branch(address, origin, root)
    if NOT_IN_A_BRANCH.search(branch):
        raise PublishError(f"{branch!r} can't be a branch; expected is a name such as main")
    return dataclasses.replace(address, branch=branch)


def _branch(address, origin, root):
    """The branch of a course published there already, or the remote's main one, or git's."""
    there = published(root)
    if there and str(there) == str(address):
        return there.branch
    remote = None
    if _leads_to(origin, address):
        remote = git("symbolic-ref", "--short", "refs/remotes/origin/HEAD", root=root)
    here = git("symbolic-ref", "--short", "HEAD", root=root)
    return (remote or "").removeprefix("origin/") or here or address.branch


def _leads_to(remote, address):
    try:
        return bool(remote) and str(parse(remote)).lower() == str(address).lower()
    except AddressError:  # on another host
        return False


def left_to_do(address, root=ROOT):
    """What publishing needs besides, for people to do by hand: list of texts."""
    todo = ["Look at the changes with `git diff`, and commit them."]
    origin = origin_of(root)
    if not _leads_to(origin, address):
        set_it = "set-url" if origin else "add"
        todo.append(f"Tell git where to push: git remote {set_it} origin {address.url}.git")
    return [
        *todo,
        f"Push: git push --set-upstream origin {address.branch}. Binder, Colab and hubs read only "
        "public repositories.",
        f"On {address.url}/settings/pages choose GitHub Actions as the source; the pages will be "
        f"at {address.pages}",
        f"Open {address.binder()} once: Binder's first build takes some ten minutes, and then "
        "everybody's start is quick.",
        f"Open {address.colab()} and {address.codespaces} to see that they work.",
        "The rest is in docs/hosts.md, in 'Publish on GitHub'.",
    ]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("address", nargs="?", help="owner/name; none: the git remote origin")
    parser.add_argument("--branch", help="where links look files up; none: the one git is on")
    parser.add_argument("--withdraw", action="store_true", help="take address and links away")
    options = parser.parse_args()
    if options.withdraw and (options.address or options.branch):
        parser.error("--withdraw takes all links away: give it alone")
    try:
        address = None if options.withdraw else address_meant(options.address, options.branch)
        if address and (found := faults()):
            listed = "\n".join(f"  {text}" for text in found)
            raise PublishError(
                f"Not published, and nothing was changed. First mend this:\n{listed}"
            )
        changed = files_that_change(address)
        write(changed)
    except (AddressError, PublishError) as error:
        sys.exit(str(error))
    names = [path.relative_to(ROOT).as_posix() for path in changed]
    at = f"has the address {address}, branch {address.branch}" if address else "has no address"
    print(f"The course {at}. {_changed(names)}")
    if address:
        print("What is left to do:")
        for number, text in enumerate(left_to_do(address), 1):
            print(f"  {number}. {text}")


def _changed(names):
    if not names:
        return "All links had it already: nothing was changed."
    return "\n".join(["Changed:", *(f"  {name}" for name in names)])


if __name__ == "__main__":
    main()
