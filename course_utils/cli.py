"""The `course` command: `course doctor`, and `course data status`, `fetch`, `add`, `remove`."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Check this machine, and fetch the course's data.")
data_app = typer.Typer(no_args_is_help=True, help="The data sets: what is here, and fetching them.")
app.add_typer(data_app, name="data")


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
        typer.Argument(metavar="[NAME]...", help="Data sets; none: all of them but pets-all."),
    ] = None,
) -> None:
    """Bring data sets into the cache: from COURSE_MIRROR if it is set, or by download."""
    from course_utils import data, pets

    unknown = [name for name in names or () if name not in data.DATASETS]
    if unknown:
        there = ", ".join(data.DATASETS)
        typer.echo(f"There is no data set {', '.join(unknown)}. There are: {there}.", err=True)
        raise typer.Exit(2)
    failed = False
    usual = [name for name, dataset in data.DATASETS.items() if not dataset.on_request]
    for name in names or usual:
        try:
            record = data.fetch(name)
        except data.DataError as error:
            failed = True
            typer.echo(f"{name}: {error}", err=True)
        else:
            typer.echo(
                f"{name}: here and verified, {record.megabytes:,.1f} MB from {record.source}"
            )
            for line in pets.remarks(name):
                typer.echo(line)
    if failed:
        raise typer.Exit(1)


@data_app.command("add")
def data_add(
    name: Annotated[str, typer.Argument(metavar="pets", help="The data set: pets.")],
    path: Annotated[Path, typer.Argument(help="A folder with two class folders of photos.")],
) -> None:
    """Use photos of your own in place of a data set's: copies of them, checked, in the cache."""
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
) -> None:
    """Forget the photos that you added: only their copies in the cache are deleted."""
    from course_utils import data

    _refuse_all_but_pets(name)
    try:
        source = data.remove_pets()
    except data.DataError as error:
        typer.echo(f"pets: {error}", err=True)
        raise typer.Exit(1) from error
    if source is None:
        typer.echo("pets: no photos of your own were added, so there is nothing to remove")
    else:
        typer.echo(f"pets: the copies of your photos are removed; {source} is as it was")


def _refuse_all_but_pets(name: str) -> None:
    if name != "pets":
        text = f"Photos of your own can take the place of pets only, not of {name}."
        typer.echo(text, err=True)
        raise typer.Exit(2)
