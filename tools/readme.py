"""Refresh what README.md and docs/hosts.md take from elsewhere: tables, links, thumbnails.

    python -m tools.readme

Titles and questions come from the lessons, thumbnails from the notebook cells tagged "thumbnail",
links from the repository's address in pyproject.toml; the sheet of cats and dogs is drawn anew.
"""

import base64
import io

from course.workspace.first_page import study_time
from tools.address import published
from tools.build_lessons import read_lesson
from tools.staleness import NOTEBOOKS, ROOT, lessons

README = ROOT / "README.md"
HOSTS = ROOT / "docs" / "hosts.md"
THUMBNAILS = ROOT / "docs" / "thumbnails"
THUMBNAIL_WIDTH = 260
KINDS = "image/png", "image/jpeg"  # of pictures in notebooks
SHEET = ROOT / "docs" / "drawn_pets.png"
SHEET_ROWS, SHEET_COLUMNS, SHEET_SEED = 4, 8, 3


def heading_of(notebook):
    """Title and question of a lesson: its first cell's first two paragraphs.

    Raises:
        ValueError: they aren't there.
    """
    lines = [line for line in notebook.cells[0].source.splitlines() if line.strip()]
    if len(lines) < 2 or not lines[0].startswith("# "):
        raise ValueError(f"a lesson begins with '# ' and its title, this one with {lines[:2]}")
    return lines[0].removeprefix("# "), lines[1].strip("*")


def lesson_table(address):
    """The table of lessons, in Markdown; with links that open each one, once there is an address.

    Raises:
        ValueError: a lesson has no file of questions.
    """
    rows = ["| | lesson | time |", "|---|---|---|"]
    if address:
        rows = ["| | lesson | time | open in |", "|---|---|---|---|"]
    for source in lessons():
        title, question = heading_of(read_lesson(source))
        path = f"notebooks/{source.stem}.ipynb"
        row = (
            f"| ![A figure of lesson {int(source.stem[:2])}](docs/thumbnails/{source.stem}.png) "
            f"| [**{title}**]({path})<br>{question} | {study_time(source.stem)} |"
        )
        if address:
            row += f" [Binder]({address.binder(path)}), [Colab]({address.colab(path)}) |"
        rows.append(row)
    return "\n".join(rows)


def badges(address):
    """Where the course opens without installing; nothing while it isn't published."""
    if not address:
        return ""
    pictures = (
        ("Binder", "https://mybinder.org/badge_logo.svg", address.binder()),
        ("Colab", "https://colab.research.google.com/assets/colab-badge.svg", address.colab()),
        ("GitHub Codespaces", "https://github.com/codespaces/badge.svg", address.codespaces),
    )
    lines = [f"[![Open the course in {name}]({badge})]({to})" for name, badge, to in pictures]
    heading = "Open it in your browser, with nothing to install:"
    pages = f"Only to read it, there are [web pages of the course]({address.pages})."
    return "\n".join([heading, "", *lines, "", pages])


def clone_lines(address):
    """How to get the course's folder."""
    if not address:
        return "In the course's folder, the one with README.md in it:"
    return (
        "First get the course's folder. With git, type these two lines. Without git, choose "
        f"*Code*, *Download ZIP* on [its page]({address.url}), unpack it, and `cd` into the folder "
        f"`{address.name}-{address.branch.replace('/', '-')}`.\n\n"
        f"```sh\ngit clone {address.url}.git\ncd {address.name}\n```\n\nThen, in that folder:"
    )


def host_links(address):
    """The links that somebody hands to a class."""
    if not address:
        return (
            "The course isn't published yet, so there are no links to hand out. "
            "`make publish ADDRESS=owner/name`, with the repository's address on GitHub, writes "
            "them here and everywhere else where they belong."
        )
    places = (
        ("Binder", address.binder()),
        ("Colab", address.colab()),
        ("GitHub Codespaces", address.codespaces),
        ("a JupyterHub with nbgitpuller (put your hub's address at its front)", address.hub()),
        ("the pages, to read", address.pages),
    )
    return "\n".join(["| where | link |", "|---|---|", *(f"| {w} | <{to}> |" for w, to in places)])


def render(text, parts, *, name="README.md"):
    """A text with its generated parts made anew.

    Args:
        text: Markdown with `<!-- NAME -->` ... `<!-- /NAME -->` around each generated part.
        parts: dict from a part's name to its Markdown.
        name: of the file, for the message.
    Returns:
        the text, refreshed.
    Raises:
        ValueError: a part's marks are missing, or not one of each, in order.
    """
    for part, content in parts.items():
        opening, closing = f"<!-- {part} -->", f"<!-- /{part} -->"
        if text.count(opening) != 1 or text.count(closing) != 1:
            raise ValueError(f"{name} needs one {opening} and one {closing}")
        before, rest = text.split(opening)
        if closing not in rest:
            raise ValueError(f"{name} has {closing} before {opening}; it belongs after it")
        inside = f"\n{content}\n" if content else "\n"
        text = f"{before}{opening}{inside}{closing}{rest.split(closing)[1]}"
    return text


def rendered(path, text, address):
    """README.md or docs/hosts.md with its generated parts made anew.

    Args:
        path: which of the two.
        text: what it holds.
        address: Address, or None while the course isn't published.
    Raises:
        ValueError: as of `render`.
    """
    if path.name == HOSTS.name:
        parts = {"links": host_links(address)}
    else:
        parts = {
            "open": badges(address),
            "clone": clone_lines(address),
            "lessons": lesson_table(address),
        }
    return render(text, parts, name=path.name)


def make_thumbnail(notebook):
    """PNG bytes of the picture in the cell tagged "thumbnail"."""
    import nbformat
    from PIL import Image

    for cell in nbformat.read(notebook, as_version=4).cells:
        if "thumbnail" in cell.metadata.get("tags", []):
            pictures = [
                o.data[kind] for o in cell.outputs for kind in KINDS if kind in o.get("data", {})
            ]
            picture = Image.open(io.BytesIO(base64.b64decode(pictures[0]))).convert("RGB")
            picture.thumbnail((THUMBNAIL_WIDTH, THUMBNAIL_WIDTH), Image.Resampling.LANCZOS)
            buffer = io.BytesIO()
            picture.save(buffer, "png", optimize=True)
            return buffer.getvalue()
    raise ValueError(f'{notebook.name} has no cell tagged "thumbnail"; tag one with a picture')


def make_contact_sheet():
    """PNG bytes of a sheet of drawn cats and dogs."""
    from PIL import Image
    from skimage.util import montage

    from course.drawn import draw_pets

    images, _ = draw_pets(SHEET_ROWS * SHEET_COLUMNS, size=96, seed=SHEET_SEED)
    sheet = montage(images, grid_shape=(SHEET_ROWS, SHEET_COLUMNS), channel_axis=-1)
    buffer = io.BytesIO()
    Image.fromarray(sheet).quantize(256).save(buffer, "png", optimize=True)
    return buffer.getvalue()


def main():
    THUMBNAILS.mkdir(parents=True, exist_ok=True)
    for source in lessons():
        path = THUMBNAILS / f"{source.stem}.png"
        path.write_bytes(make_thumbnail(NOTEBOOKS / f"{source.stem}.ipynb"))
    SHEET.write_bytes(make_contact_sheet())
    for path in (README, HOSTS):
        text = path.read_text(encoding="utf-8")
        path.write_text(rendered(path, text, published()), encoding="utf-8")


if __name__ == "__main__":
    main()
