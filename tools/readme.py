"""Refresh what README.md takes from elsewhere: the table of lessons, thumbnails, Binder links.

    python -m tools.readme

Titles and questions come from the lessons, times from docs/benchmarks/results.json, thumbnails from
the notebook cells tagged "thumbnail", the repository's address from pyproject.toml; the sheet of
cats and dogs is drawn anew.
"""

import base64
import io
import json
import tomllib

from tools.build_lessons import read_lesson
from tools.staleness import LESSONS, NOTEBOOKS, ROOT

README = ROOT / "README.md"
THUMBNAILS = ROOT / "docs" / "thumbnails"
THUMBNAIL_WIDTH = 260
KINDS = "image/png", "image/jpeg"  # of pictures in notebooks
SHEET = ROOT / "docs" / "drawn_pets.png"
SHEET_ROWS, SHEET_COLUMNS, SHEET_SEED = 4, 8, 3


def repository():
    """The repository as "OWNER/NAME"."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"].removeprefix("https://github.com/")


def binder_link(notebook="00_start_here.ipynb"):
    """Where Binder opens a notebook in JupyterLab."""
    return f"https://mybinder.org/v2/gh/{repository()}/HEAD?urlpath=lab/tree/notebooks/{notebook}"


def heading_of(source):
    """Title and question of a lesson."""
    lines = read_lesson(source).cells[0].source.splitlines()
    return lines[0].removeprefix("# "), next(line for line in lines[1:] if line).strip("*")


def lesson_table():
    """The table of lessons, in Markdown."""
    lessons = json.loads((ROOT / "docs" / "benchmarks" / "results.json").read_text())["lessons"]
    rows = ["| | lesson | quick size | open |", "|---|---|---|---|"]
    for source in sorted(LESSONS.glob("[0-9][0-9]_*.py")):
        title, question = heading_of(source)
        measured = lessons[source.stem]
        rows.append(
            f"| ![A figure of lesson {int(source.stem[:2])}](docs/thumbnails/{source.stem}.png) "
            f"| [**{title}**](notebooks/{source.stem}.ipynb)<br>{question} "
            f"| {measured['seconds']:.0f} s, {measured['peak_mb'] / 1000:.1f} GB "
            f"| [Binder]({binder_link(source.stem + '.ipynb')}) |"
        )
    return "\n".join(rows)


def badge():
    return f"[![Open the course on Binder](https://mybinder.org/badge_logo.svg)]({binder_link()})"


def render(text):
    """README's text with its generated parts made anew.

    Args:
        text: Markdown with `<!-- NAME -->` ... `<!-- /NAME -->` around each generated part.
    Returns:
        the text, refreshed.
    Raises:
        ValueError: a part's marks are missing.
    """
    for name, content in (("lessons", lesson_table()), ("badge", badge())):
        opening, closing = f"<!-- {name} -->", f"<!-- /{name} -->"
        if text.count(opening) != 1 or text.count(closing) != 1:
            raise ValueError(f"README.md needs one {opening} and one {closing}")
        before, rest = text.split(opening)
        text = f"{before}{opening}\n{content}\n{closing}{rest.split(closing)[1]}"
    return text


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
    for source in sorted(LESSONS.glob("[0-9][0-9]_*.py")):
        path = THUMBNAILS / f"{source.stem}.png"
        path.write_bytes(make_thumbnail(NOTEBOOKS / f"{source.stem}.ipynb"))
    SHEET.write_bytes(make_contact_sheet())
    README.write_text(render(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
