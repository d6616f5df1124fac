#!/usr/bin/env bash
# Puts programs, by default prometheus, promtool, alertmanager and amtool, into DIR without installing or starting
# anything: those on the PATH are linked, missing ones come out of Debian's packages, unpacked inside DIR.
# Usage: tools/debian-binaries.sh DIR [PROGRAM...]     exit 0: all there; exit 1: says what is missing
set -euo pipefail

dir=$(realpath -m "${1:?usage: $0 DIR [PROGRAM...]}")
shift
programs=("$@")
[ "$#" -gt 0 ] || programs=(prometheus promtool alertmanager amtool)
declare -A package=(
  [prometheus]=prometheus [promtool]=prometheus
  [alertmanager]=prometheus-alertmanager [amtool]=prometheus-alertmanager
  [node-exporter]=prometheus-node-exporter [victoria-metrics]=victoria-metrics
)
declare -A debian_name=(
  [prometheus]=prometheus [promtool]=promtool
  [alertmanager]=prometheus-alertmanager [amtool]=amtool
  [node-exporter]=prometheus-node-exporter [victoria-metrics]=victoria-metrics
)
mkdir -p "$dir/bin"

missing() {
  for program in "${programs[@]}"; do
    [ -x "$dir/bin/$program" ] || echo "$program"
  done
}

for program in $(missing); do
  for name in "$program" "${debian_name[$program]}"; do
    found=$(command -v "$name" || true)
    [ -z "$found" ] || ln -sf "$found" "$dir/bin/$program"
  done
done

# Debian's programs look for their templates and pages below /usr/share, where nothing is installed. A copy that looks
# behind file descriptor 9 instead, and a starter that opens the unpacked folder there, do the same from anywhere.
share=/usr/share/prometheus
behind_9=/proc/self/fd/9/././.
relocate() {
  local there="$dir/debian/usr/bin/$1" starter="$dir/bin/$2"
  LC_ALL=C sed "s#$share#$behind_9#g" "$there" >"$there.relocated"
  printf '#!/bin/sh\nexec 9<"%s"\nexec "%s" "$@"\n' "$dir/debian$share" "$there.relocated" >"$starter"
  chmod +x "$there.relocated" "$starter"
  mkdir -p "$dir/debian$share"
}

wanted=$(for program in $(missing); do echo "${package[$program]}"; done | sort -u)
if [ -n "$wanted" ] && command -v apt-get >/dev/null; then
  apt="$dir/apt"
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/deb"
  options=(-qq -o "Dir::State::lists=$apt/lists" -o "Dir::Cache=$apt/cache" -o APT::Sandbox::User=root)
  apt-get "${options[@]}" update || echo "apt-get update failed; trying what is known" >&2
  # shellcheck disable=SC2086 # one word per package
  if (cd "$apt/deb" && apt-get "${options[@]}" download $wanted); then
    for archive in "$apt"/deb/*.deb; do dpkg -x "$archive" "$dir/debian"; done
    for program in $(missing); do
      found="$dir/debian/usr/bin/${debian_name[$program]}"
      [ ! -x "$found" ] || relocate "${debian_name[$program]}" "$program"
    done
  fi
  rm -rf "$apt"
fi

left=$(missing | sort | tr '\n' ' ')
if [ -n "$left" ]; then
  needed=$(for program in $left; do echo "${package[$program]}"; done | sort -u | paste -sd ' ')
  echo "missing: ${left}(Debian packages: $needed; or put the programs on the PATH)" >&2
  exit 1
fi
