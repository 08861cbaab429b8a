#!/bin/sh
# Says at once, and with the remedy, when Go is missing or older than go.mod asks for.
set -u
go=${1:-go}
want=$(sed -n 's/^go \([0-9]*\.[0-9]*\).*/\1/p' go.mod)
if ! command -v "$go" >/dev/null 2>&1; then
	echo "make: Go is not installed. Install Go $want or newer from https://go.dev/dl and put it in PATH." >&2
	exit 1
fi
have=$(GOTOOLCHAIN=local "$go" env GOVERSION 2>/dev/null | sed 's/^go//')
oldest=$(printf '%s\n%s\n' "$want" "$have" | sort -V | head -n 1)
if [ "$oldest" != "$want" ]; then
	echo "make: Go $have is too old, Loyaltill needs $want or newer. Install it from https://go.dev/dl, then run make again." >&2
	exit 1
fi
