#!/usr/bin/env bash
# Figures beside redis-cli's, measured in the same run. For reading: nothing fails for being slow.
source "$(dirname "$0")/setup.sh"

bash scripts/fetch-servers.sh
npm run --silent build
npx --no-install esbuild test/bench/main.ts --bundle --platform=node --target=node20 --format=esm --packages=external \
  --outfile=test/bench/.bundle.mjs --log-level=warning
trap 'rm -f test/bench/.bundle.mjs' EXIT
node test/bench/.bundle.mjs "$@"
