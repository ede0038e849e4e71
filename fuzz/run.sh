#!/usr/bin/env bash
# Runs each target for so many seconds; what it finds new is kept in grown/, a crash in artifacts/.
set -euo pipefail
cd "$(dirname "$0")"
for target in $(cargo fuzz list); do
  mkdir -p "grown/$target"
  echo "$target: $1 s"
  # The sanitizer is a feature of nightly; this borrows it for fuzzing and nothing else.
  RUSTC_BOOTSTRAP=1 cargo fuzz run "$target" "grown/$target" "corpus/$target" -- \
    -max_total_time="$1" -timeout=10 -rss_limit_mb=2048 -max_len=20000 -verbosity=0
done
