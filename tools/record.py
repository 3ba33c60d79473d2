"""Run a lesson in full on the real data, and keep what it measured in course_utils/recorded/.

    python -m tools.record 02

It takes as long as it takes (lesson 2: about half an hour on two cores). The notebooks are not
touched; `make lessons` afterwards draws the new curves into them.
"""

import argparse
import time

from tools.build_lessons import execute, read_lesson
from tools.staleness import chosen, lessons


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lesson", help="number, such as 02")
    try:
        (source,) = chosen([parser.parse_args().lesson], lessons())
    except ValueError as error:
        parser.error(str(error))
    begin = time.perf_counter()
    settings = {"COURSE_SCALE": "full", "COURSE_RECORD": "1", "COURSE_OFFLINE": None}
    execute(read_lesson(source), settings, timeout=None)
    print(f"{source.stem}: recorded after {time.perf_counter() - begin:.0f} s")


if __name__ == "__main__":
    main()
