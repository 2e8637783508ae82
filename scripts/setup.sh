# Sourced by the other scripts: goes to the project's folder and makes sure that the packages are installed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 17) ? 0 : 1)'; then
  echo "slotctl needs Node.js 20.17 or newer; this is $(node --version)" >&2
  exit 1
fi

# npm leaves this file behind after an install: when the lock file is newer, something has changed since.
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "Installing packages…"
  npm ci --no-fund --no-audit --loglevel=error
fi
