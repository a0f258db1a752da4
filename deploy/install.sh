#!/bin/sh
# Makes or renews .venv: every package of requirements.lock, held to its hash, and this tree on top, editable.
# Needs Python 3.11; on a Debian that lacks venv it installs that, when it may.
set -eu
cd "$(dirname "$0")/.."
export PIP_DISABLE_PIP_VERSION_CHECK=1 # the venv's own pip is good enough, and only used once

say() { printf '%s\n' "$*" >&2; }

find_python() {
  for name in "${PYTHON:-python3.11}" python3; do
    "$name" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null && echo "$name" && return
  done
  say "Python 3.11 is needed and was not found; install it (on Debian 12: apt-get install python3) or name it: make PYTHON=/path/to/python3.11"
  return 1
}

install_venv() {
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    say "Python's venv is missing and cannot be installed from here; on Debian, as root: apt-get install python3-venv"
    return 1
  fi
  say "Installing python3-venv"
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -qq python3-venv >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null; }
}

# A fresh .venv has pip; a half-made one (Debian without ensurepip) is started again.
make_venv() { rm -rf .venv && "$1" -m venv .venv; }

# uv installs in seconds what takes pip a minute. It is pinned in the lock like everything else. As pip does, it shall
# compile: a Prefect server starts in half the time, also where nobody may write bytecode (PYTHONDONTWRITEBYTECODE).
with_uv() {
  sed -n '/^uv==/,/[^\\]$/p' requirements.lock | .venv/bin/pip install --quiet --no-deps --require-hashes -r /dev/stdin &&
    deploy/uv.sh pip sync --quiet --compile-bytecode --python .venv/bin/python --require-hashes requirements.lock
}

with_pip() {
  say "uv could not do it (see above); pip does the same, in about a minute"
  .venv/bin/pip install --quiet --no-deps --require-hashes -r requirements.lock
}

if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
  python=$(find_python)
  make_venv "$python" >/dev/null 2>&1 || { install_venv && make_venv "$python"; }
fi
say "Installing $(grep -c '==' requirements.lock) packages into .venv"
with_uv || with_pip
.venv/bin/pip install --quiet --no-index --no-deps --no-build-isolation --editable .
