"""What pyproject.toml declares, and which versions a lock or `pip freeze` has."""

import re
import tomllib
from pathlib import Path

from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent


def project(root=ROOT):
    """The table `project` of pyproject.toml.

    Args:
        root: the course's folder.
    """
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins(text):
    """The pinned packages in a text.

    Args:
        text: of a lock, or what `pip freeze` prints.
    Returns:
        list of (canonical name, version); a lock may have several versions, for several systems.
        Packages that came from an address of their own have no version there, and are left out.
    """
    found = re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^\s;\\]+)", text)
    return [(canonicalize_name(name), version) for name, version in found]
