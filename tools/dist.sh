#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Makes the tarball of a release and its checksum. It has the tracked files as they are in this tree, and depends on
# nothing else: not on owner, mode, time or place. Usage: dist.sh DIRECTORY
set -euo pipefail

if (($# != 1)); then
	echo "Usage: $0 DIRECTORY" >&2
	exit 2
fi
mkdir --parents "$1"
directory=$(realpath "$1")
cd "$(dirname "$0")/.."
tools/version.sh check
name=cgfence-$(tools/version.sh print)

# What came as a tarball has no list of files, but nothing else either, except what was built.
list_files() {
	if [[ -e .git ]]; then
		git ls-files -z
	else
		find . -path ./build -prune -o \( -type f -o -type l \) -printf '%P\0' | LC_ALL=C sort --zero-terminated
	fi
}

if [[ -e .git && $(git tag --points-at HEAD) == *v[0-9]* && -n $(git status --porcelain) ]]; then
	echo "$0: this commit is a release; what differs from it must not bear its name:" >&2
	git status --short >&2
	exit 1
fi
rm -f "$directory/$name.tar.gz" "$directory/SHA256SUMS"
list_files | tar --create --null --files-from=- --format=gnu --sort=none --transform="flags=r;s|^|$name/|" \
	--owner=0 --group=0 --numeric-owner --mode='u+rw,go=u,go-w' --mtime="@$(tools/version.sh time)" |
	gzip --no-name >"$directory/$name.tar.gz"
cd "$directory"
sha256sum "$name.tar.gz" >SHA256SUMS
