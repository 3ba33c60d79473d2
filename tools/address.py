"""The repository's address on GitHub, and every link that is made from it.

It stands in one place, `[project.urls]` in pyproject.toml, where `make publish` writes it. While
the course is not published there is no such table, and nothing has a link to it.
"""

import dataclasses
import re
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlencode

from course.workspace import copies, places
from tools.declared import ROOT, project

START = "notebooks/00_start_here.ipynb"
HUB = "https://hub.example.org"  # stands for a class's own hub, in docs/hosts.md
BRANCH = "main"
# GitHub's rules. An underscore stands only in names that a company manages: jo_acme.
_OWNER = r"(?=[^/]{1,39}\Z)[A-Za-z0-9](?:-?[A-Za-z0-9])*(?:_[A-Za-z0-9]+)?"
_NAME = r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}"
# What may stand before owner/name: in a browser's address line, and in a git remote.
_BEFORE = (
    r"(?:(?:https?|git)://(?:[^/@\s]*@)?(?:www\.)?github\.com/"
    r"|ssh://git@(?:github\.com(?::22)?|ssh\.github\.com:443)/"
    r"|git@github\.com:/?"
    r"|(?:www\.)?github\.com/)"
)


class AddressError(ValueError):
    """Something isn't the address of a repository on GitHub; the text says what one looks like."""


@dataclasses.dataclass(frozen=True)
class Address:
    """A repository on GitHub, and where each place opens it.

    Args:
        owner: a user or an organisation.
        name: of the repository.
        branch: where its files are looked up.
    Example:
        >>> Address("ada", "course").colab("notebooks/02_mnist.ipynb")
        'https://colab.research.google.com/github/ada/course/blob/main/notebooks/02_mnist.ipynb'
    """

    owner: str
    name: str
    branch: str = BRANCH

    def __str__(self):
        return f"{self.owner}/{self.name}"

    @property
    def url(self):
        """Its page on GitHub."""
        return f"https://github.com/{self}"

    @property
    def pages(self):
        """The HTML edition on GitHub Pages.

        Source: GitHub's documentation, "Types of GitHub Pages sites".
        """
        host = f"{self.owner.lower()}.github.io"
        return f"https://{host}/" if self.name.lower() == host else f"https://{host}/{self.name}/"

    @property
    def codespaces(self):
        """Where GitHub makes a codespace of it, or resumes one.

        Source: GitHub's documentation, "Facilitating quick creation of codespaces".
        """
        return f"https://codespaces.new/{self}?quickstart=1"

    def file(self, path, *, folder=False):
        """A file or folder on GitHub."""
        return f"{self.url}/{'tree' if folder else 'blob'}/{quote(self.branch)}/{quote(path)}"

    def binder(self, path=None):
        """Where Binder opens the reader's own copy of a notebook in JupyterLab.

        Args:
            path: of the notebook, such as "notebooks/02_mnist.ipynb"; None: the first page.
        Source: Binder's documentation, "Customizing the user interface": `urlpath`.
        """
        opened = f"{places.NAME}/{places.FIRST_PAGE}"
        if path:
            kind = "exercises" if "/exercises/" in path else "lesson"
            opened = f"{places.NAME}/{copies.name_of(PurePosixPath(path).stem, kind)}"
        return f"https://mybinder.org/v2/gh/{self}/HEAD?urlpath={quote(f'lab/tree/{opened}')}"

    def colab(self, path=START):
        """Where Colab opens a notebook.

        Source: Colab's own notebook on GitHub, colab-github-demo.ipynb.
        """
        at = f"{self}/blob/{quote(self.branch)}/{quote(path)}"
        return f"https://colab.research.google.com/github/{at}"

    def hub(self, path=START, hub=HUB):
        """Where nbgitpuller brings the course to a JupyterHub and opens a notebook.

        Args:
            path: of the notebook.
            hub: the hub's own address.
        Source: nbgitpuller's documentation, "Options in an nbgitpuller URL"; the query is encoded
            as its link generator does it.
        """
        query = {
            "repo": f"{self.url}.git",
            "urlpath": f"lab/tree/{self.name}/{path}",
            "branch": self.branch,
        }
        return f"{hub.rstrip('/')}/hub/user-redirect/git-pull?{urlencode(query)}"


def parse(text, *, branch=BRANCH):
    """The address that somebody wrote, or that git has of a remote.

    Args:
        text: owner/name, an address such as https://github.com/owner/name, or what `git clone`
            takes: with .git, or as git@github.com:owner/name.
        branch: str.
    Returns:
        Address.
    Raises:
        AddressError: it is none of these; the message tells what was given.
    Example:
        >>> str(parse("git@github.com:ada/course.git"))
        'ada/course'
    """
    found = re.fullmatch(
        rf"{_BEFORE}?(?P<owner>[^/:@\s]+)/(?P<name>[^/:@?#\s]+?)(?:\.git)?/?",
        text.strip(),
        re.IGNORECASE,
    )
    if not found:
        raise AddressError(f"{_shown(text)} isn't the address of a repository on GitHub. {_WANTED}")
    if not re.fullmatch(_OWNER, found["owner"]):
        raise AddressError(
            f"{found['owner']!r} can't be an owner on GitHub: letters, digits and single hyphens "
            f"between them, 39 at most. {_WANTED}"
        )
    if not re.fullmatch(_NAME, found["name"]) or found["name"].lower().endswith(".git"):
        raise AddressError(
            f"{found['name']!r} can't be a repository's name on GitHub: letters, digits, '-', '_' "
            f"and '.', 100 at most. {_WANTED}"
        )
    return Address(found["owner"], found["name"], branch)


_WANTED = "Expected is owner/name, as in the address line: https://github.com/owner/name"


def _shown(text):
    """A text in quotes, without a password that a remote may have in it."""
    return repr(re.sub(r"(?<=//)[^/@\s]*@", "", text.strip())[:200])


def published(root=ROOT):
    """The address that the course is published at.

    Args:
        root: the course's folder.
    Returns:
        Address, or None while it isn't published.
    Raises:
        AddressError: what stands in pyproject.toml isn't one.
    """
    urls = project(root).get("urls", {})
    if "Repository" not in urls:
        return None
    address = parse(urls["Repository"])
    before = f"{address.url}/tree/"
    branch = urls.get("Notebooks", "").removeprefix(before).removesuffix("/notebooks")
    return dataclasses.replace(address, branch=unquote(branch)) if branch else address
