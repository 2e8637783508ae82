#!/usr/bin/env bash
# Runs slotctl in a terminal on a throw-away cluster and draws what it showed: docs/recording.svg.
source "$(dirname "$0")/setup.sh"

[ -n "${REDIS_SERVER:-}" ] || bash scripts/fetch-servers.sh valkey-8.1
npm run --silent build
bundle=node_modules/.cache/record.mjs
npx --no-install esbuild scripts/record/main.ts --bundle --platform=node --target=node20 --format=esm --packages=external \
  --outfile="$bundle" --log-level=warning
node "$bundle"
