#!/bin/sh
# The browser that the console's tests drive, and its driver: from Debian, unless both are here already.
set -eu
command -v chromium >/dev/null && command -v chromedriver >/dev/null && exit 0
if [ "$(id -u)" != 0 ]; then
  echo "The console's tests need chromium and chromedriver: install Debian's chromium and chromium-driver." >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -qq update
apt-get -qq install --yes --no-install-recommends chromium chromium-driver >/dev/null
