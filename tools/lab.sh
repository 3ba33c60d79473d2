#!/bin/sh
# Open the course in JupyterLab, at lesson 0: sh tools/lab.sh PYTHON [OPTIONS OF JUPYTERLAB]
set -eu

python=$1
shift
unset PYTHONHOME # another Python's

if [ "$(id -u)" = 0 ]; then
  echo "You are root here, for whom JupyterLab starts only when told to: it does, on this machine's own address (127.0.0.1) only."
  set -- --allow-root --ip=127.0.0.1 "$@"
fi
# In a container, or over ssh. (A Mac, WSL and Codespaces know how to open a browser without these.)
if [ "$(uname -s)" = Linux ] && [ -z "${DISPLAY:-}${WAYLAND_DISPLAY:-}${WSL_DISTRO_NAME:-}${BROWSER:-}" ]; then
  echo "There is no screen here: open the address that JupyterLab prints."
  set -- --no-browser "$@"
fi
# So that `course doctor` works in a notebook (`!course doctor`) and in JupyterLab's terminals.
PATH=$(cd "$(dirname "$python")" && pwd):$PATH
export PATH
# The first address is what a browser opens, the second what JupyterLab prints.
exec "$python" -m jupyterlab notebooks/00_start_here.ipynb \
  --LabApp.default_url=/lab/tree/00_start_here.ipynb "$@"
