#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Checks that the version is the same everywhere, that packages are built with what a build needs, that the tarball of a
# release depends on nothing but what is in it, and that a wrong version, a wrong tag and a changed tree make none. Prints
# the faults.
set -euo pipefail
cd "$(dirname "$0")/.."

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
version=$(tools/version.sh print)
tree=$directory/another/cgfence-$version
faults=0

fault() {
	printf 'check-dist: %s\n' "$@" >&2
	faults=$((faults + 1))
}

commit() {
	git -C "$tree" -c user.name=test -c user.email=test@cgfence.invalid commit --quiet --all --message="$1"
}

# expect_refusal WORDS WHEN
expect_refusal() {
	local said

	if said=$("$tree/tools/dist.sh" "$directory/refused" 2>&1) || [[ $said != *"$1"* ]]; then
		fault "$2, dist.sh does not refuse with '$1', but says: $said"
	fi
}

tools/version.sh check || faults=$((faults + 1))
if [[ $(build/cgfence --version) != "cgfence $version" ]]; then
	fault "the program calls itself $(build/cgfence --version), not $version."
fi
if [[ $(head --lines=1 <(tools/version.sh changelog '~deb12')) != "cgfence ($version~deb12) "* ]]; then
	fault "the packages are not of version $version."
fi
# Every Debian has the first three where packages are built.
read -ra needed < <(sed -n "s/^\t\[build\]='gcc libc6-dev make \(.*\)'\$/\1/p" tools/install-dependencies.sh)
((${#needed[@]})) || fault "what a build needs is not found in tools/install-dependencies.sh."
for package in "${needed[@]}"; do
	if ! grep --quiet --line-regexp " $package," tools/debian/control; then
		fault "a build needs $package, and tools/debian/control does not say so."
	fi
done

# Without its repository, with other modes and times.
tools/dist.sh "$directory/first"
(cd "$directory/first" && sha256sum --quiet --check SHA256SUMS) || fault "the checksum is wrong."
mkdir "$directory/another"
(
	umask 077
	tar --extract --no-same-permissions --touch --file="$directory/first/cgfence-$version.tar.gz" --directory="$directory/another"
	SOURCE_DATE_EPOCH=1 TZ=Asia/Tokyo "$tree/tools/dist.sh" "$directory/second"
)
if ! diff "$directory/first/SHA256SUMS" "$directory/second/SHA256SUMS" >&2; then
	fault "the tarball that is made of a tarball is another one."
fi
if ! diff <(git ls-files | LC_ALL=C sort) <(cd "$tree" && find . -not -type d -printf '%P\n' | LC_ALL=C sort) >&2; then
	fault "the tarball has not what the tree has."
fi

git -C "$tree" init --quiet
git -C "$tree" add .
commit release
git -C "$tree" tag "v$version"
"$tree/tools/dist.sh" "$directory/third"
cmp "$directory/first/cgfence-$version.tar.gz" "$directory/third/cgfence-$version.tar.gz" || fault "a tag changes the tarball."
echo >>"$tree/README.md"
expect_refusal README.md "when a file differs from what was tagged"
commit more
git -C "$tree" tag v9.9.9
expect_refusal 'the tag v9.9.9' "when the tag is of another version"
sed --in-place 's/^#define CGFENCE_VERSION .*/#define CGFENCE_VERSION "9.9.9"/' "$tree/include/cgfence/cgfence.h"
expect_refusal "has version '9.9.9'" "when the changes are of another version"
((faults == 0))
