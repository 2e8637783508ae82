#!/usr/bin/env bash
# The main job on a local throw-away cluster: six servers, one cluster, looked at, and taken down again.
source "$(dirname "$0")/setup.sh"

if [ -z "${REDIS_SERVER:-}" ] && ! command -v redis-server valkey-server >/dev/null; then
  bash scripts/fetch-servers.sh valkey-8.1
fi
npm run --silent build

slotctl() { node bin/slotctl.cjs "$@"; }
directory=$(mktemp -d)
trap 'slotctl sandbox stop --directory "$directory/sandbox" --quiet >/dev/null; rm -rf "$directory"' EXIT

step() {
  printf '\n$ slotctl'
  printf ' %s' "$@"
  printf '\n'
  slotctl "$@"
}

step sandbox start --nodes 6 --directory "$directory/sandbox"
nodes=$(slotctl sandbox status --directory "$directory/sandbox" --addresses)
read -ra addresses <<<"$nodes"
step create "${addresses[@]}" --replicas 1 --yes
step check "${addresses[0]}"
step info "${addresses[0]}" --map
step sandbox stop --directory "$directory/sandbox"
