#!/bin/sh
# Installs what a Debian machine lacks: `deps.sh run` what building and the demo want, `deps.sh bench` also the programs
# that we are compared with, `deps.sh test` also those that check us from outside. Never stops the caller: what cannot be
# had is named with the command that would get it, and the rest goes on with what works without it.
set -u

missing=''
need() { # need PACKAGE REASON TEST...
	package=$1 reason=$2
	shift 2
	"$@" >/dev/null 2>&1 || missing="$missing$package	$reason
"
}
header() { pkg-config --exists "$1"; }
file() { for f in $1; do [ -e "$f" ] && return 0; done; return 1; } # the patterns expand here
any() { for c in "$@"; do command -v "$c" && return 0; done; return 1; }

need gcc "race detector and PC/SC readers" command -v gcc
need libc6-dev "race detector and PC/SC readers" file '/usr/include/stdlib.h'
need pkg-config "finding the PC/SC headers" command -v pkg-config
need libpcsclite-dev "PC/SC readers" header libpcsclite
need pcscd "card service; without it cards use the direct link" command -v pcscd
need vsmartcard-vpcd "virtual readers for pcscd" file '/usr/lib/*/pcsc/drivers/serial/libifdvpcd.so /usr/lib/pcsc/drivers/serial/libifdvpcd.so'
need ca-certificates "fetching Go modules" file /etc/ssl/certs/ca-certificates.crt
need util-linux "a private card service" command -v unshare
if [ "${1:-run}" != run ]; then
	need nodejs "runs the receipt programs of others" any node nodejs
	need npm "installs them" command -v npm
fi
if [ "${1:-run}" = test ]; then
	need postgresql "head office's books on it" file '/usr/lib/postgresql/*/bin/initdb'
	need openssl "checks our card cryptography" command -v openssl
	need zstd "a store's side of the wire that was not written here" command -v zstd
	need zstd "unzips closed days" command -v zstd
	need python3 "reads closed days" command -v python3
	need opensc "checks the simulated card" command -v opensc-tool
	need pcsc-tools "checks the simulated card" command -v scriptor
	need python3-pyscard "a card client that was not written here" /usr/bin/python3 -c "import smartcard"
	need python3-cryptography "its cryptography" /usr/bin/python3 -c "import cryptography"
	need curl "an example of a till" command -v curl
	need jq "an example of a till" command -v jq
	need mono-mcs "an example of a till" command -v mcs
	need mono-runtime "an example of a till" command -v mono
	need libmono-system-net-http4.0-cil "an example of a till" file /usr/lib/mono/4.5/System.Net.Http.dll
	need libmono-system-runtime-serialization4.0-cil "an example of a till" file /usr/lib/mono/4.5/System.Runtime.Serialization.dll
	need strace "fails system calls of ours" command -v strace
	need fuse3 "records a disk for power cuts" command -v fusermount3
	need zbar-tools "reads our barcodes back" command -v zbarimg
	need libharfbuzz-bin "checks glyph shaping" command -v hb-shape
	need tesseract-ocr "reads our receipts back" command -v tesseract
	need tesseract-ocr-lav "reads Latvian" file '/usr/share/tesseract-ocr/*/tessdata/lav.traineddata'
	need tesseract-ocr-pol "reads Polish" file '/usr/share/tesseract-ocr/*/tessdata/pol.traineddata'
	need tesseract-ocr-est "reads Estonian" file '/usr/share/tesseract-ocr/*/tessdata/est.traineddata'
	need tesseract-ocr-fas "reads Persian" file '/usr/share/tesseract-ocr/*/tessdata/fas.traineddata'
	need tesseract-ocr-hye "reads Armenian" file '/usr/share/tesseract-ocr/*/tessdata/hye.traineddata'
	need chromium "uses the till page" any chromium chromium-browser google-chrome
	need fonts-noto-core "Persian and Armenian on pages" file '/usr/share/fonts/truetype/noto/NotoSansArmenian-Regular.ttf'
fi

by_hand() { # by_hand WHY
	echo "make: $1. To get everything: ${as:+sudo }apt-get install $packages" >&2
	printf '%s' "$missing" | sed 's/^\([^\t]*\)\t\(.*\)$/make:   \1: \2/' >&2
}

install() {
	packages=$(printf '%s' "$missing" | cut -f 1 | tr '\n' ' ')
	as=''
	[ "$(id -u)" = 0 ] || as='sudo -n'
	command -v apt-get >/dev/null 2>&1 || { by_hand "no apt-get here, going on without some parts"; return; }
	[ -z "$as" ] || sudo -n true 2>/dev/null || { by_hand "not root and sudo asks for a password, going on without some parts"; return; }

	echo "make: installing $packages" >&2
	export DEBIAN_FRONTEND=noninteractive
	log=$(mktemp)
	$as apt-get update >"$log" 2>&1
	failed=''
	case " $packages" in *' postgresql '*) # the tests start a server of their own: Debian is to make none
		$as apt-get install -y --no-install-recommends postgresql-common >>"$log" 2>&1 &&
			$as sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf ;;
	esac
	if ! $as apt-get install -y --no-install-recommends $packages >>"$log" 2>&1; then
		# One package that cannot be had must not keep the others away.
		for p in $packages; do
			$as apt-get install -y --no-install-recommends "$p" >>"$log" 2>&1 || failed="$failed $p"
		done
	fi
	if [ -n "$failed" ]; then
		echo "make: could not install:$failed; going on without. By hand: ${as:+sudo }apt-get install$failed" >&2
		echo "make: the last lines of apt were:" >&2
		tail -n 3 "$log" >&2
	fi
	rm -f "$log"
}

# peers installs the receipt programs that ours is checked against, in the versions of the lock file.
peers() {
	dir=$(dirname "$0")/peers
	[ "$dir/node_modules/.package-lock.json" -nt "$dir/package-lock.json" ] && return
	command -v npm >/dev/null 2>&1 || { echo "make: no npm: going on without $dir" >&2; return; }
	(cd "$dir" && npm ci --ignore-scripts --no-audit --no-fund --loglevel error >&2) ||
		echo "make: could not install $dir; going on without. By hand: cd $dir && npm ci --ignore-scripts" >&2
}

# checker takes Prometheus's checker out of its package: installed, the server itself would start and stay.
checker() {
	out=$(dirname "$0")/../out/tools
	command -v promtool >/dev/null 2>&1 || [ -x "$out/promtool" ] && return
	mkdir -p "$out"
	(cd "$out" && { apt-get download prometheus || { apt-get update && apt-get download prometheus; }; } &&
		dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xO ./usr/bin/promtool >promtool.part && chmod +x promtool.part && mv promtool.part promtool) >/dev/null 2>&1 ||
		echo "make: could not fetch promtool; alert rules are not tried. By hand: apt-get install prometheus" >&2
	rm -f "$out"/prometheus_*.deb "$out/promtool.part"
}

[ -z "$missing" ] || install
[ "${1:-run}" != test ] || checker
[ "${1:-run}" = run ] || peers
exit 0
