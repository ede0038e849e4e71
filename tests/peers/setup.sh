#!/usr/bin/env bash
# Fetches and builds the foreign servers that the tests probe and write to, into target/peers/:
#   live555-server   live555, from the C++ sources in a pinned source package
#   venv/            a Python environment with aio-rtsp-toolkit, rtsp-rs and PyAV
#   smtp/            another one, with a mail relay (aiosmtpd)
#   npm/             rtsp-streaming-server
# GStreamer's server, VLC and Perl's RTSP::Server are packages of the system.
# Does nothing, and needs no network, where all is there. Nothing of it is committed or shipped.
set -euo pipefail
cd "$(dirname "$0")/../.."
peers=$PWD/target/peers
mkdir -p "$peers"
exec 9>"$peers/.lock"
flock 9

say() { printf '%s\n' "peers: $*" >&2; }
fail() { say "$*"; exit 1; }

# A Python environment `$1` with the packages of the file `$2`; where a build of it broke off, it is made
# anew.
venv() {
  local wanted have=$peers/$1/.made-from packages=tests/peers/$2
  wanted=$(sha256sum "$packages")
  if [ -f "$have" ] && [ "$(cat "$have")" = "$wanted" ]; then return; fi
  say "making the Python environment $1 ($3)"
  rm -rf "${peers:?}/$1"
  /usr/bin/python3 -m venv "$peers/$1" || fail "python3 -m venv failed (Debian package: python3-venv)"
  "$peers/$1/bin/pip" install --quiet --disable-pip-version-check -r "$packages" \
    || fail "cannot fetch the packages of $packages"
  printf '%s' "$wanted" >"$have"
}

# live555: every source file of its four libraries, and our server's main.
live555() {
  local server=$peers/live555-server wanted have=$peers/live555-server.made-from
  wanted=$(sha256sum tests/peers/live555.txt tests/peers/live555_server.cpp)
  if [ -x "$server" ] && [ -f "$have" ] && [ "$(cat "$have")" = "$wanted" ]; then return; fi
  say "building live555 (1.4 MB of sources)"
  local work=$peers/live555-build
  rm -rf "$work"
  mkdir -p "$work/objects"
  "$peers/venv/bin/python" -m pip download --quiet --disable-pip-version-check --no-deps --no-binary :all: \
    --require-hashes -r tests/peers/live555.txt -d "$work" || fail "cannot fetch the sources of live555"
  tar -xzf "$work"/liblivemedia-*.tar.gz -C "$work" --strip-components 1
  local libraries="UsageEnvironment BasicUsageEnvironment groupsock liveMedia" includes="" library
  for library in $libraries; do includes="$includes -I$library/include"; done
  cp tests/peers/live555_server.cpp "$work/live555_server.cpp"
  (
    cd "$work" || exit 1
    # A list of directories; and a script whose variables are its own.
    # shellcheck disable=SC2086,SC2016
    find $libraries live555_server.cpp -name '*.cpp' -o -name '*.c' | sort \
      | FLAGS="-O1 -w -DSOCKLEN_T=socklen_t -I.$includes" \
        xargs -P "$(nproc)" -n 1 bash -c '
          object=objects/$(printf %s "$1" | tr / _).o
          case $1 in
            *.c) gcc $FLAGS -c "$1" -o "$object" ;;
            *) g++ -std=c++20 $FLAGS -c "$1" -o "$object" ;;
          esac' compile && g++ objects/*.o -lssl -lcrypto -o "$server.new"
  ) || fail "live555 does not compile (Debian packages: g++, libssl-dev)"
  mv "$server.new" "$server"
  printf '%s' "$wanted" >"$have"
  rm -rf "$work"
}

# rtsp-streaming-server, as the lock file pins it.
node_server() {
  local wanted have=$peers/npm/.made-from
  wanted=$(sha256sum tests/peers/package-lock.json)
  if [ -f "$have" ] && [ "$(cat "$have")" = "$wanted" ]; then return; fi
  say "fetching rtsp-streaming-server (8 MB)"
  rm -rf "$peers/npm"
  mkdir -p "$peers/npm"
  cp tests/peers/package.json tests/peers/package-lock.json "$peers/npm"
  npm ci --prefix "$peers/npm" --no-audit --no-fund --silent </dev/null \
    || fail "npm cannot fetch the packages of tests/peers/package.json"
  printf '%s' "$wanted" >"$have"
}

venv venv requirements.txt "PyAV, aio-rtsp-toolkit, rtsp-rs; about 40 MB"
venv smtp requirements-smtp.txt "aiosmtpd"
live555
node_server
