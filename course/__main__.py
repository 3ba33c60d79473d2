"""`python -m course` is the `course` command, also where its script is not on the search path."""

from course.cli.cli import app

if __name__ == "__main__":
    app(prog_name="course")
