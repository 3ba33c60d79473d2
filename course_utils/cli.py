"""The `course` command: `course doctor`, `course data status`, `course data fetch`."""

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
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Data sets; none: all of them.")
    ] = None,
) -> None:
    """Bring data sets into the cache: from COURSE_MIRROR if it is set, or by download."""
    from course_utils import data

    unknown = [name for name in names or () if name not in data.DATASETS]
    if unknown:
        there = ", ".join(data.DATASETS)
        typer.echo(f"There is no data set {', '.join(unknown)}. There are: {there}.", err=True)
        raise typer.Exit(2)
    failed = False
    for name in names or data.DATASETS:
        try:
            record = data.fetch(name)
        except data.DataError as error:
            failed = True
            typer.echo(f"{name}: {error}", err=True)
        else:
            typer.echo(
                f"{name}: here and verified, {record.megabytes:,.1f} MB from {record.source}"
            )
    if failed:
        raise typer.Exit(1)
