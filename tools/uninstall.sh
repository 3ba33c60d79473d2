#!/bin/sh
# Remove what the course put on this disk: its data, the environment, and what was built or cached.
#
#     sh tools/uninstall.sh ENVIRONMENT [--yes]
#
# It says what will go, and asks. Any Python from 3.9 on will do, and none of the course's packages.
set -eu

venv=$1
shift
for python in "$venv/bin/python" python3 python; do
  if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
    exec "$python" -I course/data/kept.py "$@" --also "$venv" build *.egg-info .pytest_cache .ruff_cache
  fi
done
echo "No Python runs here to tell the course's data from yours. make clean removes the environment and build/." >&2
echo "Then look through the data folder, and delete it: ${COURSE_DATA_DIR:-deep-vision-course in your cache folder (~/.cache, or ~/Library/Caches on a Mac)}" >&2
exit 1
