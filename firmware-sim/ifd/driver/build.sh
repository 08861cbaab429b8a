#!/bin/sh
# Builds the driver: build.sh OUT.so. Wants gcc and libpcsclite-dev, and says which of them is missing.
set -eu
here=$(dirname "$0")
command -v gcc >/dev/null 2>&1 || { echo "gcc is not installed" >&2; exit 3; }
flags=$(pkg-config --cflags libpcsclite 2>/dev/null) || { echo "libpcsclite-dev is not installed" >&2; exit 3; }
exec gcc -std=c11 -D_GNU_SOURCE -O2 -fPIC -shared -Wall -Wextra -Werror $flags -o "$1" "$here/handler.c"
