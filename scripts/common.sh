# Shared by scripts/demo, scripts/test, scripts/bench, scripts/fuzz and scripts/interop. Sourced, not run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
export LC_ALL=C.UTF-8
jobs=$(nproc)

say() { printf '\n== %s\n' "$*"; }

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo -n "$@" 2>/dev/null || sudo "$@"
  else
    echo "error: these packages are missing and neither root nor sudo is available: $*" >&2
    return 1
  fi
}

build_packages=(g++ meson ninja-build pkg-config libssl-dev libcli11-dev libfmt-dev nlohmann-json3-dev libcurl4-openssl-dev libyaml-dev
                ca-certificates python3)
test_packages=("${build_packages[@]}" doctest-dev scdoc man-db python3-jsonschema openssl)

# Installs those of the named distribution packages that are missing. Asks nothing; safe to repeat; touches no network when
# nothing is missing.
need_packages() {
  local missing=() p
  if ! command -v dpkg-query >/dev/null; then
    echo "error: this script installs packages on Debian and Ubuntu only; install these by hand: $*" >&2
    return 1
  fi
  for p in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || missing+=("$p")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  say "installing ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 install --no-install-recommends "${missing[@]}" >/dev/null
}

# configure DIR [meson options...]: sets a build folder up once and again when its options differ.
configure() {
  local dir=$1; shift
  if [ -f "$dir/build.ninja" ]; then meson configure "$dir" "$@" >/dev/null
  else meson setup "$dir" "$@" >"$dir.setup.log" 2>&1 || { cat "$dir.setup.log" >&2; return 1; }; rm -f "$dir.setup.log"; fi
}

# Sets the folder `build` up for the four programs; leaves one alone that scripts/test has set up with its tests.
configure_programs() { [ -f build/build.ninja ] || configure build -Dbuildtype=release -Dtests=false; }
