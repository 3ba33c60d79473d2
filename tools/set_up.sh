#!/bin/sh
# Make the course's environment, or bring it up to date; `make` calls it when a lock has changed.
#
#     sh tools/set_up.sh FOLDER          what learners need: requirements.lock, and the course itself
#     sh tools/set_up.sh FOLDER dev      what makers need besides: tools/dev.lock
#     sh tools/set_up.sh FOLDER gpu      the CUDA build of TensorFlow in place of the other
#
# Its Python is the one that PYTHON names; without that the first suitable one here; without that
# Python 3.12, which uv fetches. uv installs where it is on the PATH, pip elsewhere or with UV= in
# the environment: the same versions, from the same lock.
set -eu
# They lead every Python here to other libraries, that of the environment too.
unset PYTHONHOME PYTHONPATH

venv=$1
mode=${2:-learner}
python=$venv/bin/python
made=$venv/.made # by this script, with nothing else in it: what is not is never removed
unfinished=$venv/.unfinished # there while packages come and go
uv=${UV-$(command -v uv || true)}
PYTHON=${PYTHON:-}

say() { printf '%s\n' "$@"; }
fail() {
  say "$@" >&2
  exit 1
}

# TensorFlow is there for these: CPython, 64 bits, not on a Mac with an Intel processor.
suits() {
  "$1" -c 'import platform, sys
sys.exit(not (
    (3, 11) <= sys.version_info[:2] <= (3, 13)
    and sys.implementation.name == "cpython"
    and sys.maxsize > 2**32
    and (sys.platform, platform.machine()) != ("darwin", "x86_64")
))' 2>/dev/null
}
can_make_environments() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }
describe() {
  "$1" -c 'import platform as p
print(p.python_implementation(), p.python_version(), "for", p.system(), p.machine())' \
    2>/dev/null || echo "no Python that runs"
}

# Set PYTHON to a suitable Python's own file; to nothing, where uv is to fetch one.
choose_python() {
  wanted="The course needs Python 3.11, 3.12 or 3.13 (CPython, 64 bits)"
  if [ -n "$PYTHON" ]; then
    suits "$PYTHON" ||
      fail "PYTHON=$PYTHON is $(describe "$PYTHON"). $wanted: name another, or leave PYTHON out."
  else
    for name in python3.12 python3.13 python3.11 python3 python; do
      if suits "$name"; then
        PYTHON=$name
        # pip's way needs a part of Python that some systems leave out: so look further.
        if [ -n "$uv" ] || can_make_environments "$name"; then break; fi
      fi
    done
  fi
  if [ "$(uname -s) $(uname -m)" = "Darwin x86_64" ] && [ -z "$PYTHON" ] &&
    [ "$(sysctl -n hw.optional.arm64 2>/dev/null || true)" != 1 ]; then
    fail "TensorFlow is no longer made for Macs with an Intel processor." \
      "The course opens in a browser instead, with nothing to install: see docs/hosts.md."
  fi
  if [ -z "$PYTHON" ]; then
    [ -n "$uv" ] || fail "$wanted, and none was found; python3 is $(describe python3)." \
      "Any one of these helps; then try the same command again:" \
      "  - install Python 3.12, from https://www.python.org/downloads, or as your system does it:" \
      "    brew install python@3.12, dnf install python3.12, apt install python3.12-venv" \
      "  - install uv, which then fetches a Python by itself: https://docs.astral.sh/uv" \
      "  - name a Python that is here already: make PYTHON=/path/to/python3.12 lab"
    return
  fi
  if [ -z "$uv" ] && ! can_make_environments "$PYTHON"; then
    fail "$PYTHON cannot make environments: a part of it is missing." \
      "On Debian and Ubuntu: apt install python3-venv. Or install uv: https://docs.astral.sh/uv"
  fi
  PYTHON=$("$PYTHON" -c 'import sys; print(sys.executable)')
}

# Whether a folder has nothing in it, or isn't there.
is_empty() {
  for thing in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -e "$thing" ] || [ -L "$thing" ]; then return 1; fi
  done
}

# An environment with nothing in it, as new.
make_environment() {
  is_empty "$venv" || [ -e "$venv/pyvenv.cfg" ] || [ -e "$made" ] ||
    fail "$venv has other things in it: name a new folder, as in make VENV=.venv lab"
  choose_python
  what="Python 3.12, fetched by uv"
  [ -z "$PYTHON" ] || what=$(describe "$PYTHON")
  say "Setting up $venv ($what; packages by $([ -n "$uv" ] && echo uv || echo pip)): about 2.2 GB on disk, a few minutes, once."
  mkdir -p "$venv"
  ! is_empty "$venv" || : >"$made"
  [ ! -e "$made" ] || echo $$ >"$unfinished"
  if [ -n "$uv" ]; then
    "$uv" venv --quiet --seed --allow-existing --python "${PYTHON:-3.12}" "$venv" || {
      [ -n "$PYTHON" ] || fail "uv could not fetch Python 3.12, which it takes from github.com." \
        "Install Python 3.12 from https://www.python.org/downloads; then try the same command again."
      fail "uv could not make the environment. To do without uv: make UV= lab"
    }
  else
    "$PYTHON" -m venv "$venv"
  fi
}

install() {
  if [ -n "$uv" ]; then
    "$uv" pip install --quiet --python "$python" "$@"
  else
    "$python" -m pip install --quiet --disable-pip-version-check "$@"
  fi
}
uninstall() {
  if [ -n "$uv" ]; then
    "$uv" pip uninstall --quiet --python "$python" "$@"
  else
    "$python" -m pip uninstall --yes -qq "$@"
  fi
}

# tensorflow and tensorflow-cpu share a folder, and removing either breaks the other: so both go and
# one comes, at the lock's version. What it needs besides CUDA is there, at the lock's versions, and
# stays as it is.
install_cuda_build() {
  version=$(sed -n 's/^tensorflow-cpu\(==[^ ;]*\).*/\1/p' requirements.lock)
  uninstall tensorflow-cpu tensorflow
  install "tensorflow[and-cuda]$version" && return
  say "The CUDA build did not install: putting tensorflow-cpu back." >&2
  install --require-hashes -r requirements.lock
  return 1
}

install_all() {
  case $mode in
  learner)
    # With the lock's setuptools: so it needs no network.
    isolation=--no-build-isolation
    [ -z "$dollar" ] || isolation=
    install --require-hashes -r requirements.lock &&
      install --no-deps $isolation --editable . || return
    [ ! -e "$venv/.gpu" ] || install_cuda_build # the lock has brought tensorflow-cpu back
    ;;
  # Nothing but what the file names: the lock's TensorFlow must not come back beside the CUDA build.
  dev) install --no-deps --require-hashes -r tools/dev.lock ;;
  gpu) install_cuda_build && : >"$venv/.gpu" ;;
  *) fail "tools/set_up.sh: $mode is none of learner, dev, gpu" ;;
  esac
}

# Setuptools takes a dollar in its environment's name for a variable. uv can build in another.
dollar=
case $(pwd -P) in *'$'*) dollar=yes ;; esac
if [ -n "$dollar" ] && [ -z "$uv" ]; then
  fail "This folder's name has a dollar in it, which pip's way cannot take: $(pwd -P)" \
    "Rename the folder, or install uv: https://docs.astral.sh/uv"
fi

if [ -e "$unfinished" ]; then
  process=$(cat "$unfinished")
  if [ -n "$process" ] && kill -0 "$process" 2>/dev/null; then
    fail "Another set-up of $venv is under way (process $process): wait for it, then try the same command again." \
      "(If that process is something else: make clean, and begin anew.)"
  fi
  say "The last set-up of $venv was not finished: this one begins anew."
  rm -rf "$venv"
elif [ -e "$python" -o -L "$python" ] && ! "$python" -c '' 2>/dev/null; then
  [ -e "$made" ] || fail "The Python of $venv does not run, and the folder is none that the course made." \
    "Remove it, or name another: make VENV=.venv lab"
  say "The Python of $venv is gone: making it anew."
  rm -rf "$venv"
fi

was_finished=
if [ ! -e "$python" ]; then
  make_environment
else
  suits "$python" ||
    fail "$venv has $(describe "$python"), which cannot run the course. To begin anew: make clean"
  was_finished=yes
  [ ! -e "$made" ] || echo $$ >"$unfinished"
  home=$(cat "$venv/.ready" 2>/dev/null || true)
  if [ -n "$home" ] && [ "$home" != "$(pwd -P)" ]; then
    say "The folder has moved here from $home: $venv follows."
    # The scripts that activate it name their folder. Without new ones, `make` works all the same.
    if [ -n "$uv" ]; then
      "$uv" venv --quiet --allow-existing --python "$python" "$venv"
    else
      "$python" -m venv --without-pip "$venv"
    fi || say "To make it anew: make clean" >&2
  fi
fi
if ! install_all; then
  # Stopped by an error, an installer leaves what was there; killed, it may not.
  [ -z "$was_finished" ] || rm -f "$unfinished"
  fail "The set-up of $venv did not finish; the lines above say why. Then try the same command again." \
    "If it was the network: uv and pip keep what they have fetched." \
    "If a package was not found for this machine: TensorFlow exists for Linux (x86-64 and Arm, glibc)," \
    "Macs with Apple silicon, and Windows on x86-64. Elsewhere, see docs/hosts.md."
fi
rm -f "$unfinished"
[ "$mode" != learner ] || pwd -P >"$venv/.ready"
