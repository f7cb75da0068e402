#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Builds the Debian packages of this tree, for the release of Debian that runs here, into a directory that it empties
# first. The tree itself has its debian/ in tools/, so only the copy that is built here can be built from.
# Usage: deb.sh DIRECTORY
set -euo pipefail

if (($# != 1)); then
	echo "Usage: $0 DIRECTORY" >&2
	exit 2
fi
directory=$(realpath --canonicalize-missing "$1")
cd "$(dirname "$0")/.."
# The modes of the source go into its package.
umask 022
unset MAKEFLAGS MFLAGS MAKELEVEL V ASAN WERROR CC CLANG CFLAGS LDFLAGS HARDENING PREFIX LIBDIR UNITDIR HOOKSDIR DESTDIR

rm -rf "$directory"
tools/dist.sh "$directory"
name=cgfence-$(tools/version.sh print)
tar --extract --file="$directory/$name.tar.gz" --directory="$directory"
rm "$directory/$name.tar.gz" "$directory/SHA256SUMS"
cp --archive "$directory/$name/tools/debian" "$directory/$name/debian"
# Testing and unstable have no number.
suffix=$(sed -n 's/^VERSION_ID="\{0,1\}\([0-9]*\)"\{0,1\}$/~deb\1/p' /etc/os-release)
tools/version.sh changelog "$suffix" >"$directory/$name/debian/changelog"

cd "$directory/$name"
if ! missing=$(dpkg-checkbuilddeps 2>&1); then
	printf '%s\n' "$missing" "$0: as root, run: apt-get build-dep $PWD" >&2
	exit 1
fi
if ! dpkg-buildpackage --unsigned-source --unsigned-changes >"$directory/log" 2>&1; then
	tail --lines=40 "$directory/log" >&2
	echo "$0: dpkg-buildpackage failed; all it said is in $directory/log." >&2
	exit 1
fi
cd "$directory"
ls ./*.deb
