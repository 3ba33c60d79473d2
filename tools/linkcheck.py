"""Do the links to other sites, in documents, lessons and exercises, still lead somewhere?

    python -m tools.linkcheck        (make linkcheck; once a week in .github/workflows)

Sphinx's linkcheck does the asking. Links within the repository are tested elsewhere, offline.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat

from tools.staleness import ROOT

BUILD = ROOT / "build" / "linkcheck"
SETTINGS = {
    "extensions": "myst_parser",
    "suppress_warnings": "myst,image,toc",  # pages are alone here, without their neighbours
    "exclude_patterns": "",
    "linkcheck_timeout": "30",
    "linkcheck_retries": "3",
    "linkcheck_workers": "5",
    "linkcheck_anchors": "0",  # many pages make their anchors by script
    "linkcheck_report_timeouts_as_broken": "0",
}
TROUBLE = {"broken", "timeout"}


class Link(NamedTuple):
    """One link to another site, and what became of it."""

    page: str
    uri: str
    status: str  # Sphinx's word: "working", "redirected", "broken", "timeout", "ignored", ...
    info: str


def texts() -> dict[str, str]:
    """The Markdown of all tracked documents, lessons and exercises, by path."""
    listed = ["git", "ls-files", "-z", "*.md", "notebooks/*.ipynb"]
    done = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True)
    found = {}
    for name in filter(None, done.stdout.split("\0")):
        path = ROOT / name
        if path.suffix == ".ipynb":
            cells = nbformat.read(path, as_version=4).cells
            found[name] = "\n\n".join(c.source for c in cells if c.cell_type == "markdown")
        else:
            found[name] = path.read_text(encoding="utf-8")
    return found


def check(pages: dict[str, str], folder: Path) -> list[Link]:
    """Follow every link to another site.

    Args:
        pages: Markdown by name.
        folder: emptied and used for Sphinx's work.
    Returns:
        list of Links, by page.
    Raises:
        RuntimeError: Sphinx could not read the pages; with what it said.
    """
    shutil.rmtree(folder, ignore_errors=True)
    source, out = folder / "source", folder / "out"
    source.mkdir(parents=True)
    names = {f"page{number:03}": name for number, name in enumerate(sorted(pages))}
    for page, name in names.items():
        (source / f"{page}.md").write_text(f"# {name}\n\n{pages[name]}\n", encoding="utf-8")
    contents = "\n".join(names)
    index = f"# Links\n\n```{{toctree}}\n{contents}\n```\n"
    (source / "index.md").write_text(index, encoding="utf-8")
    options = [f"-D{name}={value}" for name, value in SETTINGS.items()]
    command = [sys.executable, "-m", "sphinx", "-C", "-q", "-b", "linkcheck", *options]
    done = subprocess.run([*command, source, out], capture_output=True, text=True)
    report = out / "output.json"  # where every link works, Sphinx ends with 0, and else with 1
    if not report.exists():
        raise RuntimeError(f"Sphinx could not read the pages:\n{done.stdout}{done.stderr}")
    lines = [json.loads(line) for line in report.read_text(encoding="utf-8").splitlines()]
    links = [
        Link(names[Path(line["filename"]).stem], line["uri"], line["status"], line["info"])
        for line in lines
        if line["uri"].startswith(("http:", "https:"))
    ]
    return sorted(links)


def main() -> int:
    """Follow the links; print those in trouble. Returns 1 if there are any."""
    links = check(texts(), BUILD)
    trouble = [link for link in links if link.status in TROUBLE]
    for link in trouble:
        print(f"{link.page}: {link.uri}: {link.status}: {link.info}")
    print(f"{len({link.uri for link in links})} addresses, {len(trouble)} in trouble")
    return int(bool(trouble))


if __name__ == "__main__":
    sys.exit(main())
