#!/bin/sh
# Installs the readers of dotenv that `tests/dotenv_peers.rs` compares with and that no system brings along.
set -eu
peers="$(cd "$(dirname "$0")/../.." && pwd)/target/peers"
mkdir -p "$peers"
npm install --silent --no-audit --no-fund --prefix "$peers" \
    dotenv@18.0.10 dotenv-expand@1000.0.0 @dotenvx/dotenvx@2.38.2 @next/env@16.4.6
python3 -m pip install --quiet --upgrade --target "$peers/python" python-dotenv==1.2.4
