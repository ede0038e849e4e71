#!/usr/bin/env bash
# `make bench-picture`: recall, precision and false flags of the picture judge on footage with faults
# made into it, beside camera-health on the same files; and the CPU of judging. FOOTAGE names a folder
# of scenes without fault (videos of 20 frames or more, or stills); a small licensed set unless given.
# Takes six minutes on two processors the first time. More for run.py follows, such as --misses or
# --width 1920.
set -euo pipefail
cd "$(dirname "$0")/../../.."
target=${CARGO_TARGET_DIR:-target}
peers=target/peers/picture
command -v ffmpeg >/dev/null || { echo "bench: ffmpeg is missing (Debian package: ffmpeg)" >&2; exit 3; }

wanted=$(sha256sum tests/bench/picture/requirements.txt)
if [ "$(cat "$peers/.made-from" 2>/dev/null)" != "$wanted" ]; then
  echo "bench: fetching camera-health and NumPy (25 MB)" >&2
  rm -rf "$peers"
  mkdir -p target/peers
  /usr/bin/python3 -m venv "$peers"
  "$peers/bin/pip" install --quiet --disable-pip-version-check -r tests/bench/picture/requirements.txt
  printf '%s' "$wanted" >"$peers/.made-from"
fi
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
cargo build --release --locked -p zhishou-app
cargo run --quiet --release --locked -p zhishou-picture --example cost
exec "$peers/bin/python" tests/bench/picture/run.py --zhishou "$target/release/zhishou" \
  --footage "${FOOTAGE:-picture/testdata}" --work target/bench/picture "$@"
