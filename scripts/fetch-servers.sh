#!/usr/bin/env bash
#
# Installs real Redis and Valkey servers for the integration tests, from Debian's packages.
#
#   scripts/fetch-servers.sh [ENGINE ...]    fetch these engines (none given: all)
#   scripts/fetch-servers.sh --list          name <TAB> folder of the programs <TAB> installed|missing
#
# Needs a Debian machine with apt-get and dpkg, but neither root nor a change to the system: apt runs
# on a state of its own, and each server runs on the C library of the Debian release it comes from.
# An engine lands in .cache/servers/ENGINE (SLOTCTL_SERVERS_DIR=DIR: in DIR/ENGINE):
#
#   bin/        what to run: small wrappers that find the rest relative to themselves
#   libexec/    the programs
#   lib/        the dynamic loader, and every library the programs need
#
# Engines already there are left alone, so a second run costs nothing.

set -euo pipefail
shopt -s nullglob
export LC_ALL=C # apt's answers are read below, and it translates them

all_engines=(redis-7.0 redis-8.0 valkey-8.1 valkey-9.1)
project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
servers=${SLOTCTL_SERVERS_DIR:-$project/.cache/servers}
[[ $servers == /* ]] || servers=$PWD/$servers
work=$servers/.work # owned by whoever holds the lock
log=$work/log       # what failed commands said; shown when the engine fails, too

say() { printf '%s\n' "$*" >&2; }

# The Debian releases that carry an engine, the one to prefer first.
suites_of() {
  case $1 in
    redis-7.0) echo bookworm ;;
    redis-8.0 | valkey-8.1) echo trixie ;;
    valkey-9.1) echo forky sid ;;
    *) return 1 ;;
  esac
}

# The version of engine $1 unpacked in folder $2, as its server tells it; empty when it does not run.
version_of() {
  "$2/bin/${1%-*}-server" --version 2>/dev/null | sed -n 's/.* v=\([0-9.]*\) .*/\1/p'
}

is_ready() { [[ $(version_of "$1" "$servers/$1") == "${1#*-}".* ]]; }

list_engines() {
  local engine state
  for engine in "${all_engines[@]}"; do
    if is_ready "$engine"; then state=installed; else state=missing; fi
    printf '%s\t%s\t%s\n' "$engine" "$servers/$engine/bin" "$state"
  done
}

give_up() { # REASON ENGINE...
  local reason=$1
  shift
  say "fetch-servers: could not fetch $*: $reason."
  say "Tests can use another server: set REDIS_SERVER=/path/to/redis-server," \
    "or have redis-server or valkey-server on PATH."
  exit 1
}

# One at a time: a second run waits, then finds the engines in place. The kernel drops the lock with
# the last process that holds it, so a killed run blocks nobody, and its leftovers are removed here.
lock() {
  mkdir -p "$servers"
  exec 9>"$servers/.lock"
  flock -n 9 || { say "fetch-servers: waiting for another run to end" && flock 9; }
  trap 'rm -rf "$work"' EXIT
  rm -rf "$work"
  # Closed to others: packages unpacked by root hold set-uid programs until they are thrown away.
  mkdir -m 700 "$work"
}

# Writes URIs and Signed-By of this machine's entries for a Debian archive to entries/1, 2, ... We go
# where the machine already goes for its packages, and trust no key that it does not trust. Both
# formats are read: NAME.sources (deb822) and the one-line NAME.list. Suites with a dash (-updates,
# -security, other people's) are passed over; what else is not Debian's, read_index finds out.
find_entries() {
  local main parts files
  eval "$(apt-config shell main Dir::Etc::sourcelist/f parts Dir::Etc::sourceparts/d)"
  files=("$parts"/*.list "$parts"/*.sources)
  [[ ! -r $main ]] || files+=("$main")
  mkdir "$work/entries"
  awk -v out="$work/entries/" '
    function has(field, pattern) { return (" " f[field] " ") ~ ("[ \t\n]" pattern "[ \t\n]") }
    function end_of_entry() {
      if (has("types", "deb") && has("components", "main") && has("suites", suite) \
          && !has("enabled", "(no|false|off|0)") && f["uris"] !~ /cdrom:/) {
        file = out (++entries)
        print "URIs:" f["uris"] > file
        if ("signed-by" in f) print "Signed-By:" f["signed-by"] > file
      }
      split("", f)
    }
    BEGIN { suite = "(bullseye|bookworm|trixie|forky|duke|sid|(old)*stable|testing|unstable)" }
    FNR == 1 { end_of_entry() }
    /^[ \t]*#/ { next }
    FILENAME !~ /\.sources$/ {
      sub(/#.*/, "")
      if (match($0, /\[[^]]*\]/)) {
        options = substr($0, RSTART + 1, RLENGTH - 2)
        $0 = substr($0, 1, RSTART - 1) " " substr($0, RSTART + RLENGTH)
        if (match(options, /signed-by=[^ \t]+/)) {
          f["signed-by"] = " " substr(options, RSTART + 10, RLENGTH - 10)
          gsub(/,/, " ", f["signed-by"])
        }
      }
      f["types"] = $1; f["uris"] = " " $2; f["suites"] = $3
      $1 = $2 = $3 = ""; f["components"] = $0
      end_of_entry()
      next
    }
    /^[ \t]*$/ { end_of_entry(); next }
    /^[ \t]/ { f[field] = f[field] "\n" $0; next }
    { field = tolower($0); sub(/:.*/, "", field); sub(/^[^:]*:/, ""); f[field] = $0 }
    END { end_of_entry() }
  ' /dev/null "${files[@]}"
}

# Gives suite $1 an apt of its own. Read after the machine's configuration, whose proxies and
# certificates stay in force; its hooks would touch the system, and its pins are for the system.
configure_apt() {
  local apt=$work/$1
  mkdir -p "$apt"/{lists,archives}/partial
  : >"$apt/status" # nothing is installed, so every dependency is fetched
  cat >"$apt/apt.conf" <<CONF
Dir::State "$apt";
Dir::State::lists "lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt";
Dir::Cache::archives "archives";
Dir::Log "$apt";
Dir::Etc::sourcelist "$apt/debian.sources";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
APT::Update::Error-Mode "any";
APT::Sandbox::User "root"; // "as who I am": apt's own user may not write in this folder
APT::Get::AllowUnauthenticated "false";
Acquire::AllowInsecureRepositories "false";
Acquire::Retries "2"; // continues a broken download where it stopped
CONF
}

# Reads the package index of suite $1 through the first entry of this machine that leads to Debian.
# apt verifies it as usual, with the machine's own keys, and there is no way round that. It suffices:
# Debian signs a new suite with the keys of the releases before it, too. A machine too old to know
# any of them needs its package debian-archive-keyring updated.
read_index() {
  local apt=$work/$1 entry
  for entry in "$work"/entries/*; do
    {
      printf 'Types: deb\nSuites: %s\nComponents: main\nTargets: Packages\n' "$1"
      printf 'Architectures: %s\n' "$(dpkg --print-architecture)"
      cat "$entry"
    } >"$apt/debian.sources"
    apt-get -c "$apt/apt.conf" update && grep -qsx 'Origin: Debian' "$apt"/lists/*Release && return
  done
  return 1
}

# Keeps what a command says for the case that it fails.
quietly() {
  local output
  output=$("$@" 2>&1) || { printf '%s\n' "$output" >>"$log" && return 1; }
}

# Finds the suite that offers version $3 of package $2 for engine $1, and prints its name.
choose_suite() {
  local engine=$1 package=$2 version=$3 suite offered
  for suite in $(suites_of "$engine"); do
    if [[ ! -d $work/$suite ]]; then
      configure_apt "$suite"
      quietly read_index "$suite" || { rm -rf "${work:?}/$suite" && continue; }
    fi
    offered=$(apt-cache -c "$work/$suite/apt.conf" policy "$package" |
      sed -n 's/^ *Candidate: \([0-9]*:\)\{0,1\}//p')
    [[ $offered != "$version".* ]] || { echo "$suite" && return; }
    say "$engine: needs $package $version, and Debian $suite has ${offered:-none}"
  done
  return 1
}

# Downloads package $2 of suite $1 with all it depends on, and unpacks everything into folder $3.
unpack() {
  local apt=$work/$1 deb
  rm -f "$apt"/archives/*.deb # of another engine
  quietly apt-get -c "$apt/apt.conf" install --download-only --no-install-recommends -y "$2"
  mkdir "$3"
  for deb in "$apt"/archives/*.deb; do
    quietly dpkg -x "$deb" "$3"
  done
}

# Copies program $2 of the unpacked packages in $1, as $3, and the libraries that it loads into the
# engine's folder $4, and writes its wrapper. The rest (documents, locales, the greater part of the
# dependencies) stays behind: it is more than half of the size.
install_program() {
  local root=$1 program=$2 name=$3 engine=$4 loader libs path
  loader=$(printf '%s\n' "$root"/{usr/,}lib/*/{ld-linux*,ld64}.so.* | head -n 1)
  libs=$root/usr/lib/$(basename "${loader%/*}"):$root/lib/$(basename "${loader%/*}")
  # Each line: "libz.so.1 => /where/libz.so.1 (0x7f...)". The loader fails when one is missing; one
  # that it found in the system is as bad.
  "$loader" --inhibit-cache --library-path "$libs" --list "$program" >"$work/needed" 2>>"$log"
  sed -n 's/^\t[^/].* => \(.*\) (0x[0-9a-f]*)$/\1/p' "$work/needed" |
    while read -r path; do
      [[ $path == "$root"/* ]] || { cat "$work/needed" >>"$log" && return 1; }
      install -D -m 644 -t "$engine/lib" "$path"
    done
  install -D -m 755 -t "$engine/lib" "$loader"
  install -D -m 755 "$program" "$engine/libexec/$name"
  write_wrapper "$name" "${loader##*/}" "$engine"
}

# The wrapper becomes the program (exec), so its pid is the server's. The loader is named outright
# because the one built into the program is the system's, which may be older than the libraries. The
# program sees the wrapper as argv[0]: it is what the server starts again on DEBUG RESTART.
write_wrapper() {
  local name=$1 loader=$2 engine=$3
  mkdir -p "$engine/bin"
  cat >"$engine/bin/$name" <<WRAPPER
#!/bin/sh
# Written by fetch-servers.sh.
self=\$(readlink -f -- "\$0") || exit 127
home=\${self%/bin/*}
exec "\$home/lib/$loader" --inhibit-cache --argv0 "\$0" --library-path "\$home/lib" \\
  "\$home/libexec/$name" "\$@"
WRAPPER
  chmod 755 "$engine/bin/$name"
}

# Runs in a subshell with errexit on: any failing command ends the engine, and not the others.
fetch() {
  local engine=$1 product=${1%-*} version=${1#*-} suite tools arrived
  say "$engine: fetching"
  suite=$(choose_suite "$engine" "$product-tools" "$version")
  unpack "$suite" "$product-tools" "$work/root"
  tools=$work/root/usr/bin
  # Server and check-rdb are one binary that looks at argv[0]. Debian's *-tools has the file; all that
  # *-server would add is a link to it, and the service.
  install_program "$work/root" "$tools/$product-check-rdb" "$product-server" "$work/engine"
  install_program "$work/root" "$tools/$product-cli" "$product-cli" "$work/engine"
  install_program "$work/root" "$tools/$product-benchmark" "$product-benchmark" "$work/engine"
  arrived=$(version_of "$engine" "$work/engine") || true
  if [[ $arrived != "$version".* ]]; then
    say "$engine: the server from Debian $suite says it is '$arrived', not $version"
    return 1
  fi
  # Whole or not at all: a run killed before this line leaves nothing under the engine's name.
  rm -rf "${servers:?}/$engine"
  mv "$work/engine" "$servers/$engine"
  say "$engine: $arrived ready"
}

fetch_all() { # ENGINE...
  local engine failed=()
  for engine in "$@"; do
    is_ready "$engine" && continue # a run we waited for may have fetched it
    rm -rf "$work"/{root,engine,log}
    # Not "if fetch": a condition would switch errexit off inside.
    set +e
    (set -e; fetch "$engine")
    local status=$?
    set -e
    ((status == 0)) && continue
    say "$engine: failed"
    [[ ! -s $log ]] || sed 's/^/    /' "$log" >&2
    failed+=("$engine")
  done
  ((${#failed[@]} == 0)) || give_up "see above" "${failed[@]}"
}

main() {
  local engine missing=()
  [[ ${1-} != --list ]] || { list_engines && return; }
  (($# > 0)) || set -- "${all_engines[@]}"
  for engine in "$@"; do
    suites_of "$engine" >/dev/null ||
      { say "fetch-servers: no engine '$engine', only: ${all_engines[*]}" && exit 2; }
    is_ready "$engine" || missing+=("$engine")
  done
  ((${#missing[@]} > 0)) || return 0
  for tool in apt-get dpkg flock; do
    command -v "$tool" >/dev/null || give_up "this is no Debian machine, there is no $tool" "${missing[@]}"
  done
  lock
  find_entries
  [[ -e $work/entries/1 ]] || give_up "apt's sources have no entry for Debian" "${missing[@]}"
  fetch_all "${missing[@]}"
}

main "$@"
