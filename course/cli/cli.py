"""The `course` command: a learner's copies, `doctor`, `data`, and what instructors grade with."""

import contextlib
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

_HELP = "Your copies of the notebooks, this machine, the course's data, and grading exercises."
app = typer.Typer(no_args_is_help=True, help=_HELP)
data_app = typer.Typer(no_args_is_help=True, help="The data sets: what is here, and fetching them.")
app.add_typer(data_app, name="data")
exercises_app = typer.Typer(no_args_is_help=True, help="The exercises: which there are, self-test.")
app.add_typer(exercises_app, name="exercises")
_FETCH_HELP = (
    "Data sets, and weights of pretrained networks; none: all of them but pets-all, vgg16, "
    "resnet50, inceptionv3 and efficientnetv2b0."
)
_EXERCISES_HELP = "Ids, beginnings of ids, or folders; none: all."


@app.callback()
def _course() -> None:
    """Your copies of the notebooks, this machine, the course's data, and grading exercises."""
    for stream in sys.stdout, sys.stderr:  # a file's name may have what the terminal can't show
        stream.reconfigure(errors="backslashreplace")


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def lab(
    context: typer.Context,
    folder: Annotated[
        Path | None, typer.Option(help="Where your copies are, or will be. [default: my_course]")
    ] = None,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="Make the copies, or update them, and open nothing.")
    ] = False,
) -> None:
    """Open your own copies of the lessons in JupyterLab; the first time, make them.

    Further options are JupyterLab's own, such as --port=9999 or --no-browser.
    """
    from course.cli import lab

    with _workspace():
        place = lab.prepare(folder)
        code = 0 if prepare else lab.open_lab(place, context.args)
    raise typer.Exit(code)


@app.command()
def update() -> None:
    """Bring corrected and new lessons and exercises into your copies.

    A copy that you haven't touched is replaced. One with changes or outputs of yours stays as it
    is, and the corrected one goes beside it.
    """
    from course.workspace import copies

    with _workspace():
        changes = copies.update()
        for change in changes:
            typer.echo(change.says)
        if not changes:
            typer.echo(f"All is up to date in {copies.home()}.")


@app.command()
def reset(
    lesson: Annotated[str, typer.Argument(metavar="LESSON", help="Its number, or its name.")],
    exercises: Annotated[
        bool, typer.Option("--exercises", help="Its exercises, not the lesson.")
    ] = False,
) -> None:
    """Give a lesson afresh. What you had goes to the folder `older`, with the time in its name.

    \b
      course reset 3
      course reset 3 --exercises
    """
    from course.workspace import copies

    with _workspace():
        typer.echo(copies.reset(lesson, exercises=exercises).says)


@app.command()
def solutions(
    lesson: Annotated[str, typer.Argument(metavar="LESSON", help="Its number, or its name.")],
) -> None:
    """Give the solutions of a lesson's exercises, once you have tried them."""
    from course.workspace import copies

    with _workspace():
        typer.echo(copies.solutions(lesson).says)


@app.command()
def pack(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="Where to. [default: my_course_TIME.zip there]"),
    ] = None,
) -> None:
    """Put your copies and your progress into one file, to take along.

    Left out is what can be made again: copies that you haven't touched, checkpoints, older packs.
    `course unpack` brings it all back, here or elsewhere.
    """
    from course.workspace import packing
    from course_utils.texts import counted

    with _workspace():
        packed = packing.pack(file)
        size = f"{packed.path.stat().st_size / 1e6:,.1f} MB"
        typer.echo(f"{counted(packed.files, 'file')} of yours and your progress, {size}, are in")
        typer.echo(packed.path)
        typer.echo("What isn't saved yet isn't in it: save open notebooks first, then pack again.")
        typer.echo("Download it (in JupyterLab: right click on it in the list of files).")
        for name in packed.left_out:
            typer.echo(f"not in it: {name}, which is a link, or has a name that not every system")
            typer.echo("  takes. Give it another name, or put a copy in its place, and pack again.")


@app.command()
def unpack(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `course pack` made.")],
) -> None:
    """Bring back what `course pack` put into a file: your copies, and your progress.

    Nothing is overwritten: where a file is there already and differs, the packed one goes beside
    it. Only a copy that you haven't touched makes room.
    """
    from course.workspace import copies, packing
    from course_utils.texts import counted

    with _workspace():
        done = packing.unpack(file)
        typer.echo(f"{counted(len(done.written), 'file')} brought back to {done.folder}")
        if done.same:
            typer.echo(f"{counted(len(done.same), 'file')} there already, just so")
        for name, beside in done.beside.items():
            typer.echo(f"{name} differs and stays; the packed one is beside it: {beside}")
        for change in copies.update(done.folder):
            typer.echo(change.says)


@contextlib.contextmanager
def _workspace():
    """Work in the workspace, wherever the command is given; a fault of it ends the command."""
    from course.workspace import WorkspaceError, copies, places

    try:
        Path.cwd()
    except FileNotFoundError as error:
        typer.echo("This folder was deleted meanwhile. Go to another one: cd ~", err=True)
        raise typer.Exit(1) from error
    if places.is_workspace(copies.home()):
        os.environ[places.VARIABLE] = str(copies.home())
    try:
        yield
    except WorkspaceError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from error


@app.command()
def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="A report for programs, as JSON.")
    ] = False,
) -> None:
    """Check this machine: what runs, what does not, and what to do about it."""
    from course.cli.doctor import run_doctor

    raise typer.Exit(run_doctor(as_json=as_json))


@data_app.command("status")
def data_status() -> None:
    """Show which data sets are here, and what a lesson would use now."""
    from course import data

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
    said, remedy = data.said_of_place()
    typer.echo(f"\n{said}. To keep it: {remedy}" if said else f"\nkept in {data.data_folder()}")


@data_app.command("fetch")
def data_fetch(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help=_FETCH_HELP),
    ] = None,
) -> None:
    """Bring data sets into the cache: from COURSE_MIRROR if it is set, or by download."""
    from course import data

    unknown = [name for name in names or () if name not in data.DATASETS]
    if unknown:
        there = ", ".join(data.DATASETS)
        typer.echo(f"There is no data set {', '.join(unknown)}. There are: {there}.", err=True)
        raise typer.Exit(2)
    failed = False
    usual = [name for name, dataset in data.DATASETS.items() if not dataset.on_request]
    for name in names or usual:
        options = {"again": False} if failed else {}  # hosts were given their time just now
        try:
            record = data.fetch(name, **options)
        except data.DataError as error:
            failed = True
            typer.echo(f"{name}: {error}", err=True)
        else:
            here = "here" if record.came else "already here"
            size = f"{record.megabytes:,.1f} MB from {record.source}"
            state = "in part" if record.here == "part" else "and verified"
            failed |= record.here == "part"
            typer.echo(f"{name}: {here} {state}, {size}")
            for line in record.remarks:
                typer.echo(line)
    said, remedy = data.said_of_place()
    if said:
        typer.echo(f"{said}. To keep it: {remedy}", err=True)
    if failed:
        raise typer.Exit(1)


@data_app.command("add")
def data_add(
    name: Annotated[str, typer.Argument(metavar="pets", help="The data set: pets.")],
    path: Annotated[  # no Path, which would take "" for the folder where one is
        str, typer.Argument(metavar="PATH", help="A folder with two class folders; quote spaces.")
    ],
) -> None:
    """Use photos of your own, of any two classes, in the lessons on cats and dogs.

    They are checked and saved anew in the data folder, upright and with 1,024
    pixels at most, in place of any added before. Nothing in PATH is changed. It
    holds two class folders, of any names, and a fifth of each becomes validation:

    \b
      PATH/cats/  a.jpg, b.jpg, ...
      PATH/dogs/  c.jpg, d.jpg, ...

    or two parts, each with the same two class folders:

    \b
      PATH/train/cats/       PATH/train/dogs/
      PATH/validation/cats/  PATH/validation/dogs/

    Parts may be called as data sets call them: training_set and test_set, seg_train
    and seg_test, train and dev, ... Where there is train, val and test, test is left
    alone. The classes may be in the files' names instead: cat.0.jpg, dog.0.jpg. All
    of it may lie some folders deeper.

    Each class needs 5 photos or more; with parts, 5 in train, 1 in validation.
    """
    from course import data

    _refuse_all_but_pets(name)
    try:
        data.add_pets(path)
    except data.DataError as error:
        typer.echo(f"pets: {error}", err=True)
        raise typer.Exit(1) from error


@data_app.command("remove")
def data_remove(
    name: Annotated[
        str | None, typer.Argument(metavar="pets", help="The photos that you added.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that the course keeps in the data folder.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Don't ask; also if these are the only copies.")
    ] = False,
) -> None:
    """Remove the photos that you added, or all that the course keeps in the data folder.

    Of your photos only the copies in the data folder are deleted: the folder
    that they came from is not touched.

    With --all, data sets, weights, features, drawn pictures and those copies go.
    You see first what will, and are asked. What the course didn't put there stays.

    \b
      course data remove pets
      course data remove --all
    """
    from course import data

    if everything == (name is not None):
        typer.echo("Give one of: course data remove pets, course data remove --all", err=True)
        raise typer.Exit(2)
    if everything:
        raise typer.Exit(data.remove_all(yes=yes))
    _refuse_all_but_pets(name)
    try:
        removed = data.remove_pets(yes=yes)
    except data.DataError as error:
        typer.echo(f"pets: {error}", err=True)
        raise typer.Exit(1) from error
    from course_utils.texts import printable

    if removed is None:
        typer.echo("pets: no photos of your own were added, so there is nothing to remove")
    elif not removed.photos:
        typer.echo("pets: what an interrupted course data add pets had left is removed")
    elif removed.source and removed.source.is_dir():
        source = printable(removed.source)
        typer.echo(f"pets: the copies of your photos are removed; {source} was not touched")
    else:
        typer.echo("pets: the copies of your photos are removed; their folder was gone before")


@app.command()
def grade(
    exercise: Annotated[
        str | None,
        typer.Argument(metavar="EXERCISE", help="Its id, the beginning of it, or its folder."),
    ] = None,
    submissions: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="SUBMISSIONS...", help="Notebooks, or folders to search for notebooks."
        ),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Submissions at a time. [default: cores]")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder to write to. [default: marks/EXERCISE]")
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(metavar="HEX", help="The secret seed of an earlier run. [default: drawn]"),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Grade on the Dask cluster of this scheduler."),
    ] = None,
    weak_isolation: Annotated[
        bool, typer.Option("--weak-isolation", help="Grade also where there is no sandbox.")
    ] = False,
    regrade: Annotated[
        bool, typer.Option("--regrade", help="Grade also what has a result already.")
    ] = False,
    explain: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="STUDENT TASK", help="Show all about a task of a student; needs --out."
        ),
    ] = None,
) -> None:
    """Grade a class: marks.csv, a feedback page a student, and a gradebook.

    A second run grades only what is new or changed; one that was cut off goes on where it was.
    docs/grading.md tells the whole way, from an exercise to handing back marks.

    \b
      course grade 01 submissions/ --out marks/01
      course grade --explain "Ada Lovelace" slide --out marks/01

    Exit codes: 0, all were graded; 1, some could not be; 2, nothing was done; 130, Ctrl-C.
    """
    from course.grader import command

    if explain:
        if exercise or submissions or out is None:
            typer.echo("Give: course grade --explain STUDENT TASK --out FOLDER", err=True)
            raise typer.Exit(2)
        raise typer.Exit(command.explain(*explain, out))
    if not exercise or not submissions:
        text = "Give an exercise and submissions: course grade EXERCISE SUBMISSIONS..."
        typer.echo(text, err=True)
        raise typer.Exit(2)
    code = command.grade(
        exercise,
        submissions,
        jobs=jobs,
        out=out,
        seed=seed,
        scheduler=scheduler,
        weak_ok=weak_isolation,
        regrade=regrade,
    )
    raise typer.Exit(code)


@exercises_app.command("list")
def exercises_list() -> None:
    """Show the exercises, their tasks, checks and points."""
    from course.grader import command

    raise typer.Exit(command.list_exercises())


@exercises_app.command("selftest")
def exercises_selftest(
    exercises: Annotated[
        list[str] | None, typer.Argument(metavar="[EXERCISE]...", help=_EXERCISES_HELP)
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="So many different seeds.")] = 3,
    sandbox: Annotated[
        bool, typer.Option("--sandbox", help="Run the code as `course grade` does; slower.")
    ] = False,
) -> None:
    """Prove that an exercise's checks are worth something, and fair.

    The solution gets all points, and so do right ones in other styles; the
    untouched notebook gets none, nor do functions that do nothing; each mutant
    loses the checks that it should, and no others; each check is lost by some
    mutant. The copy for learners, without solutions, gives the same verdicts.
    """
    from course.grader import command

    raise typer.Exit(command.selftest_exercises(exercises or [], seeds=seeds, sandbox=sandbox))


@app.command("export-nbgrader")
def export_nbgrader(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="nbgrader's course folder.")],
    exercises: Annotated[
        list[str] | None, typer.Argument(metavar="[EXERCISE]...", help=_EXERCISES_HELP)
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace assignments that are there.")
    ] = False,
    seed: Annotated[
        str | None, typer.Option(metavar="HEX", help="Secret seed. [default: drawn]")
    ] = None,
) -> None:
    """Write exercises as nbgrader's source assignments."""
    from course.grader import command

    code = command.export_nbgrader(folder, exercises or [], overwrite=overwrite, seed=seed)
    raise typer.Exit(code)


def _refuse_all_but_pets(name: str) -> None:
    if name != "pets":
        text = f"Photos of your own can take the place of pets only, not of {name}."
        typer.echo(text, err=True)
        raise typer.Exit(2)
