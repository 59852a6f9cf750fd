# Shared by scripts/demo, scripts/test, scripts/bench, scripts/fuzz and scripts/interop. Sourced, not run.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
export LC_ALL=C.UTF-8
jobs=$(nproc)

# How the scripts build what people use. Sources are compiled in groups (Meson's unity build), which costs a third of the time; the build
# without it is for work on the code, and .ci/run builds it once.
release=(-Dbuildtype=release -Doptimization=2 -Dunity=on)
# Meson uses ccache where it is installed. Its unity files name sources by absolute path: this makes them the same in every clone.
export CCACHE_BASEDIR=$root

say() { printf '\n== %s\n' "$*"; }

duration() { if [ "$1" -lt 60 ]; then echo "$1 s"; else echo "$(($1 / 60)) min $(($1 % 60)) s"; fi; }

# part WHAT: says what begins. The part before ends, and so it does with parts_end, which then prints one line for each:
# "TIME: minutes by the clock, CPU minutes, WHAT". .ci/run collects these.
parts=() part_name='' part_began=0 part_cpu=0
part() {
  part_end
  part_name=$1 part_began=$SECONDS part_cpu=$(cpu_ticks)
  say "$1"
}
part_end() {
  [ -n "$part_name" ] || return 0
  local took=$((SECONDS - part_began)) cpu=$((($(cpu_ticks) - part_cpu) / $(getconf CLK_TCK)))
  printf '   took %s\n' "$(duration $took)"
  parts+=("$(printf 'TIME: %s min, %s CPU min  %s' "$(tenths $took)" "$(tenths $cpu)" "$part_name")")
  part_name=
}
parts_end() { part_end; printf '\n'; printf '%s\n' "${parts[@]}"; }
tenths() { printf '%3d.%d' $((($1 + 3) / 60)) $((($1 + 3) % 60 / 6)); }   # seconds as minutes
cpu_ticks() { local stat; read -ra stat </proc/$$/stat; echo $((stat[15] + stat[16])); }   # of all children that ended: proc(5), cutime and cstime

# compile DIR [TARGET...]: ninja as one line that moves, "file n of m"; where nobody looks on, a line for each quarter. What compilers
# say is shown whole.
compile() {
  local dir=$1 began=$SECONDS; shift
  NINJA_STATUS='@%f/%t@' ninja -C "$dir" -j "$jobs" "$@" 2>&1 | compile_shown "$began" || { echo "error: the build failed" >&2; return 1; }
}
compile_shown() {
  local line erase='' quarter=0 n
  [ ! -t 1 ] || [ "${TERM:-dumb}" = dumb ] || erase=$'\r\e[K'
  while IFS= read -r line; do
    if [[ $line =~ ^@([0-9]+)/([0-9]+)@ ]]; then
      n=${BASH_REMATCH[1]} line="   file $n of ${BASH_REMATCH[2]}, $(duration $((SECONDS - $1)))"
      if [ -n "$erase" ]; then printf '%s%s' "$erase" "$line"
      elif [ $((4 * n / BASH_REMATCH[2])) -gt $quarter ]; then quarter=$((4 * n / BASH_REMATCH[2])); printf '%s\n' "$line"; fi
    elif [[ $line != "ninja: Entering directory"* && $line != "ninja: no work to do." ]]; then printf '%s%s\n' "$erase" "$line"; fi
  done
  printf '%s' "$erase"
}

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
test_packages=("${build_packages[@]}" ccache doctest-dev scdoc man-db python3-jsonschema openssl)

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
configure_programs() { [ -f build/build.ninja ] || configure build "${release[@]}" -Dtests=false; }

# Builds dcap-qvl, the release that the suite has an evaluation profile of and the current one, each with the program that asks it;
# fails with a SKIP line where there is no toolchain or no registry. Leaves their paths in rust_peer and rust_peer_next.
rust_peer='' rust_peer_next=''
build_rust_peers() {
  command -v cargo >/dev/null || { echo "SKIP: no Rust toolchain in PATH (1.85 or later)"; return 1; }
  local version minor log peer manifest release target=build/dcap-qvl
  version=$(cargo --version 2>/dev/null | cut -d' ' -f2)
  minor=$(printf '%s' "$version" | cut -d. -f2 | tr -cd 0-9)
  if [ "${version%%.*}" -le 1 ] && [ "${minor:-0}" -lt 85 ]; then echo "SKIP: Rust $version is too old (1.85 or later is needed)"; return 1; fi
  for peer in dcap-qvl dcap-qvl-next; do
    manifest=tests/interop/$peer/Cargo.toml
    if ! log=$(cargo fetch --quiet --locked --manifest-path "$manifest" 2>&1); then
      printf '%s\n' "$log" >&2; echo "SKIP: the Rust crates cannot be fetched (no registry?)"; return 1
    fi
    release=$(sed -n '/^name = "dcap-qvl"/{n;s/version = "\(.*\)"/\1/p}' "${manifest%toml}lock")
    say "building the peer in Rust ($version): dcap-qvl $release"
    cargo build --quiet --release --locked --offline --jobs "$jobs" --manifest-path "$manifest" --target-dir "$target" || exit 1
  done
  rust_peer=$target/release/peer-dcap-qvl rust_peer_next=$target/release/peer-dcap-qvl-next
}
