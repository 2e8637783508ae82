#!/usr/bin/env bash
# All tests: types and style, then unit, integration and terminal tests on every server engine. Installs what is missing.
# Arguments go to vitest, for example: npm test -- --project unit
source "$(dirname "$0")/setup.sh"

# With REDIS_SERVER set the tests run on that server alone.
[ -n "${REDIS_SERVER:-}" ] || bash scripts/fetch-servers.sh
npm run --silent build
npm run --silent check
exec npx --no-install vitest run "$@"
