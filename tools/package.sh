#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# package.sh BUILD OUT: a .deb of the release build BUILD in the folder OUT. Prints the file's name.
# Reproducible: fixed order, owners and times (of the last commit, or SOURCE_DATE_EPOCH).
set -euo pipefail
BUILD=$(cd "$1" && pwd)
mkdir -p "$2"
OUT=$(cd "$2" && pwd)
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=$(sed -n 's/^project(phendau VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)
arch=$(dpkg --print-architecture)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || date +%s)}
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
chmod 755 "$tree"

install -Dm755 "$BUILD/src/phendau" "$tree/usr/bin/phendau"
install -Dm755 "$BUILD/src/phendau-agent" "$tree/usr/bin/phendau-agent"
strip --strip-unneeded "$tree/usr/bin/phendau" "$tree/usr/bin/phendau-agent"
mkdir -p "$tree/usr/share/phendau" "$tree/usr/share/doc/phendau" "$tree/DEBIAN"
cp -r packs "$tree/usr/share/phendau/packs"
install -Dm644 deploy/phendau-hub.service "$tree/lib/systemd/system/phendau-hub.service"
install -Dm644 deploy/phendau-agent.service "$tree/lib/systemd/system/phendau-agent.service"
install -m644 deploy/copyright "$tree/usr/share/doc/phendau/copyright"
gzip -9nc docs/reference/settings.md >"$tree/usr/share/doc/phendau/settings.md.gz"
gzip -9nc CHANGELOG.md >"$tree/usr/share/doc/phendau/changelog.gz"
install -m755 deploy/postinst deploy/prerm deploy/postrm "$tree/DEBIAN/"

# The packages that own the libraries that the two programs name. Debian's package names carry the ABI number, so only
# the two libraries whose symbols grow under one name need a version: those of Debian 12.
owners() {
  local program library path
  for program in phendau phendau-agent; do
    # What the program itself names (NEEDED); libraries of libraries are left to their own packages.
    objdump -p "$tree/usr/bin/$program" | awk '$1 == "NEEDED" {print $2}' | while read -r library; do
      path=$(ldd "$tree/usr/bin/$program" | awk -v l="$library" '$1 == l {print $3}')
      [ -n "$path" ] || continue
      { dpkg -S "$(readlink -f "$path")" "$path" "/usr$path" 2>/dev/null || true; } | head -1 | cut -d: -f1
    done
  done | sort -u
}
depends=$(owners | sed -e 's/^libc6$/libc6 (>= 2.36)/' -e 's/^libstdc++6$/libstdc++6 (>= 12)/' | sed 's/$/,/' | tr '\n' ' ')
cat >"$tree/DEBIAN/control" <<EOF
Package: phendau
Version: $version
Architecture: $arch
Maintainer: Phen Dau <noreply@phendau.invalid>
Installed-Size: $(du -sk "$tree/usr" "$tree/lib" | awk '{sum += $1} END {print sum}')
Depends: ${depends}adduser, openssl
Recommends: poppler-utils, nftables
Section: admin
Priority: optional
Description: security and compliance hub for public offices, with its agent
 Collects logs and measurements of machines, detects attacks, judges machines
 clause by clause against the rules that bind their office, and leads an
 incident through its prescribed steps. The portal is in Vietnamese; the command
 line and the messages of the programs are in Vietnamese and English.
EOF
find "$tree" -newermt "@$SOURCE_DATE_EPOCH" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
rm -f "$OUT"/phendau_*.deb
dpkg-deb --root-owner-group -Zxz --build "$tree" "$OUT/phendau_${version}_${arch}.deb" >/dev/null
echo "$OUT/phendau_${version}_${arch}.deb"
