"""The `course` command: `course doctor`, and `course data status`, `fetch`, `add`, `remove`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Check this machine, and fetch the course's data.")
data_app = typer.Typer(no_args_is_help=True, help="The data sets: what is here, and fetching them.")
app.add_typer(data_app, name="data")
_FETCH_HELP = (
    "Data sets, and weights of pretrained networks; none: all of them but pets-all, vgg16, "
    "resnet50, inceptionv3 and efficientnetv2b0."
)


@app.callback()
def _course() -> None:
    """Check this machine, and fetch the course's data."""


@app.command()
def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="A report for programs, as JSON.")
    ] = False,
) -> None:
    """Check this machine: what runs, what does not, and what to do about it."""
    from course_utils.doctor import run_doctor

    raise typer.Exit(run_doctor(as_json=as_json))


@data_app.command("status")
def data_status() -> None:
    """Show which data sets are here, and what a lesson would use now."""
    from course_utils import data

    rows = [("data set", "here", "from", "MB", "verified", "a lesson would use")]
    for record in data.status():
        megabytes = f"{record.megabytes:,.1f}" if record.megabytes else "-"
        verified = "yes" if record.verified else "-"
        source = record.source or "-"
        rows.append((record.name, record.here, source, megabytes, verified, record.would_use))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
    typer.echo(f"\nkept in {data.data_folder()}")


@data_app.command("fetch")
def data_fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help=_FETCH_HELP),
    ] = None,
) -> None:
    """Bring data sets into the cache: from COURSE_MIRROR if it is set, or by download."""
    from course_utils import data, pets, sources

    unknown = [name for name in names or () if name not in data.DATASETS]
    if unknown:
        there = ", ".join(data.DATASETS)
        typer.echo(f"There is no data set {', '.join(unknown)}. There are: {there}.", err=True)
        raise typer.Exit(2)
    failed = False
    usual = [name for name, dataset in data.DATASETS.items() if not dataset.on_request]
    for name in names or usual:
        before = sources.stamp(name)
        try:
            record = data.fetch(name)
        except data.DataError as error:
            failed = True
            typer.echo(f"{name}: {error}", err=True)
        else:
            here = "already here" if sources.stamp(name) == before else "here"
            size = f"{record.megabytes:,.1f} MB from {record.source}"
            typer.echo(f"{name}: {here} and verified, {size}")
            for line in pets.remarks(name):
                typer.echo(line)
            if name == "pets" and pets.own_in_use():
                typer.echo("  lessons use your own photos until: course data remove pets")
    if failed:
        raise typer.Exit(1)


@data_app.command("add")
def data_add(
    name: Annotated[str, typer.Argument(metavar="pets", help="The data set: pets.")],
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A folder with two class folders of photos.")
    ],
) -> None:
    """Use photos of your own, of any two classes, in the lessons on cats and dogs.

    They are checked and copied to the data folder, in place of any added before.
    Nothing in PATH is changed. It holds two class folders, of any names, and a
    fifth of each becomes validation:

    \b
      PATH/cats/  a.jpg, b.jpg, ...
      PATH/dogs/  c.jpg, d.jpg, ...

    or two parts, each with the same two class folders:

    \b
      PATH/train/cats/       PATH/train/dogs/
      PATH/validation/cats/  PATH/validation/dogs/

    Each class needs 5 photos or more; with parts, 5 in train, 1 in validation.
    """
    from course_utils import data

    _refuse_all_but_pets(name)
    try:
        data.add_pets(path)
    except data.DataError as error:
        typer.echo(f"pets: {error}", err=True)
        raise typer.Exit(1) from error


@data_app.command("remove")
def data_remove(
    name: Annotated[str, typer.Argument(metavar="pets", help="The data set: pets.")],
    yes: Annotated[bool, typer.Option("--yes", help="Also if these are the only copies.")] = False,
) -> None:
    """Forget the photos that you added: only their copies in the cache are deleted.

    The folder that they were copied from is not touched.
    """
    from course_utils import data

    _refuse_all_but_pets(name)
    try:
        removed = data.remove_pets(yes=yes)
    except data.DataError as error:
        typer.echo(f"pets: {error}", err=True)
        raise typer.Exit(1) from error
    if removed is None:
        typer.echo("pets: no photos of your own were added, so there is nothing to remove")
    elif not removed.photos:
        typer.echo("pets: what an interrupted course data add pets had left is removed")
    elif removed.source and removed.source.is_dir():
        typer.echo(f"pets: the copies of your photos are removed; {removed.source} was not touched")
    else:
        typer.echo("pets: the copies of your photos are removed; their folder was gone before")


def _refuse_all_but_pets(name: str) -> None:
    if name != "pets":
        text = f"Photos of your own can take the place of pets only, not of {name}."
        typer.echo(text, err=True)
        raise typer.Exit(2)
