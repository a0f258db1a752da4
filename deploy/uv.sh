#!/bin/sh
# Runs the environment's uv with the package index that pip is set to use: uv reads neither pip.conf nor PIP_*.
# What is set for uv itself (UV_*) goes before it.
set -eu
bin=$(dirname "$0")/../.venv/bin
settings=$("$bin/pip" config list)

# The value of pip's setting $1 (the environment's before a file's), several values divided by blanks.
value() { printf '%s\n' "$settings" | sed -n "s/^[^.]*\.$1='\(.*\)'\$/\1/p" | head -n 1 | sed 's/\\n/ /g; s/^ *//'; }
# Sets the variable $1 to $2 unless it is set or there is nothing to set.
offer() { printenv "$1" >/dev/null || [ -z "$2" ] || export "$1=$2"; }

offer UV_DEFAULT_INDEX "$(value 'index.url')"
offer UV_INDEX "$(value 'extra.index.url')"
offer UV_FIND_LINKS "$(value 'find.links' | tr -s ' ' ',')"
offer UV_INSECURE_HOST "$(value 'trusted.host')"
offer SSL_CERT_FILE "$(value 'cert')"
offer ALL_PROXY "$(value 'proxy')"
offer UV_INDEX_STRATEGY unsafe-best-match # as pip does: every index counts; the hashes in the lock decide
exec "$bin/uv" "$@"
