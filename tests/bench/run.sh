#!/usr/bin/env bash
# `make bench`: what a page costs at 10 000 devices, and what a probe costs beside tuned ffmpeg, an
# in-process PyAV pool and the bare decode.
# Needs what `make test` installs, ffmpeg too. Takes less than four minutes once all is built.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}

tests/peers/setup.sh
command -v ffmpeg >/dev/null || { echo "bench: ffmpeg is missing (Debian package: ffmpeg)" >&2; exit 3; }
# One call, so that features are the same for all and nothing is built twice.
cargo build --release --locked -p zhishou-app -p zhishou-tests -p zhishou-web -p zhishou-probe \
  --bins --example district --example load
python3 tests/bench/pages.py --district "$target/release/examples/district"
exec target/peers/venv/bin/python tests/bench/run.py --zhishou "$target/release/zhishou" \
  --cameras "$target/release/bench-cameras" \
  --load "$target/release/examples/load" --work target/bench "$@"
