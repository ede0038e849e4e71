#!/usr/bin/env bash
# `make bench`: what a page, a year on the dashboard, reports and the figures of a month cost at 10 000 devices; what a probe costs beside tuned ffmpeg, ffprobe
# with ffmpeg, an in-process PyAV pool and the bare decode; what an hour of a fleet costs; what sessions
# cost; and the goals. Needs what `make test` installs, ffmpeg too. Takes some twenty minutes once all is built. More
# for run.py follows, such as --rounds 1.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${CARGO_TARGET_DIR:-target}

tests/peers/setup.sh
for tool in ffmpeg ffprobe; do
  command -v "$tool" >/dev/null || { echo "bench: $tool is missing (Debian package: ffmpeg)" >&2; exit 3; }
done
# Scripts leave nothing beside them.
export PYTHONDONTWRITEBYTECODE=1
# One call, so that features are the same for all and nothing is built twice.
cargo build --release --locked -p zhishou-app -p zhishou-tests -p zhishou-web -p zhishou-probe \
  -p zhishou-scheduler -p zhishou-storage --bins --example district --example month --example load --example fleet
python3 tests/bench/pages.py --district "$target/release/examples/district"
python3 tests/bench/reports.py --district "$target/release/examples/district"
"$target/release/examples/month"
exec target/peers/venv/bin/python tests/bench/run.py --zhishou "$target/release/zhishou" \
  --cameras "$target/release/bench-cameras" --crowd "$target/release/bench-crowd" \
  --load "$target/release/examples/load" --fleet "$target/release/examples/fleet" \
  --reader "$target/release/bench-reader" --work target/bench "$@"
