#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Knows the version of this tree, which stands in include/cgfence/cgfence.h and nowhere else but in the first heading of
# tools/CHANGELOG.md.
# Usage: version.sh print      prints the version
#        version.sh time       prints the time of its release, in seconds, for SOURCE_DATE_EPOCH
#        version.sh check      prints where versions disagree, and fails if they do
#        version.sh changelog SUFFIX
#                              prints debian/changelog, with SUFFIX after each version
set -euo pipefail
cd "$(dirname "$0")/.."

changes=tools/CHANGELOG.md
version=$(sed -n 's/^#define CGFENCE_VERSION "\(.*\)"$/\1/p' include/cgfence/cgfence.h)

day() { # VERSION
	sed -n "s/^## ${1//./\\.} (\(.*\))\$/\1/p" "$changes"
}

# What is not released yet is as old as the last commit. A tarball has no commits, but its time on every file.
release_time() {
	local day

	day=$(day "$version")
	if [[ $day =~ ^[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]]; then
		date --utc --date="$day" +%s
	else
		git log -1 --format=%ct 2>/dev/null || stat --format=%Y "$changes"
	fi
}

check() {
	local faults=0 first soversion node nodes tag

	fault() {
		printf 'version: %s\n' "$1" >&2
		faults=1
	}
	first=$(sed -n 's/^## \([^ ]*\) (\([0-9-]*\|unreleased\))$/\1/p' "$changes" | head --lines=1)
	if [[ ! $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ || $first != "$version" ]]; then
		fault "include/cgfence/cgfence.h has version '$version', the first heading of $changes '$first'."
	fi
	soversion=$(sed -n 's/^SOVERSION := //p' Makefile)
	if ! grep --quiet --line-regexp "Package: libcgfence$soversion" tools/debian/control; then
		fault "the Makefile builds libcgfence.so.$soversion, and tools/debian/control has no package libcgfence$soversion."
	fi
	# A program that needs a new name of the library needs the package that gives it out.
	mapfile -t nodes < <(sed -n 's/^\(CGFENCE_[0-9.]*\) {$/\1/p' tools/libcgfence.map)
	for node in "${nodes[@]}"; do
		if ! grep --quiet "^ (symver)$node [0-9.]*~\$" "tools/debian/libcgfence$soversion.symbols"; then
			fault "tools/debian/libcgfence$soversion.symbols does not say since which version there is $node."
		fi
	done
	for tag in $(git tag --points-at HEAD 2>/dev/null | grep '^v[0-9]' || true); do
		if [[ $tag != "v$version" ]]; then
			fault "the tag $tag is on version $version."
		elif [[ $(day "$version") == unreleased ]]; then
			fault "the tag $tag is on a version that $changes calls unreleased."
		fi
	done
	((faults == 0))
}

# A package of an older release of Debian is older than that of a newer one, and both than one without a suffix.
print_changelog() { # SUFFIX
	awk -v suffix="$1" -v now="$(release_time)" '
		function end() {
			if (version)
				printf "\n -- The cgfence authors <packages@cgfence.invalid>  %s\n\n", date
		}
		/^## / {
			end()
			version = $2
			day = substr($3, 2, length($3) - 2)
			command = "LC_ALL=C date --utc --rfc-email --date=" (day ~ /^[0-9]/ ? day : "@" now)
			command | getline date
			close(command)
			printf "cgfence (%s%s) unstable; urgency=medium\n\n", version, suffix
			next
		}
		!version || /^$/ { next }
		{
			sub(/^- /, "  * ")
			sub(/^  [^ *]/, "  &")
			gsub(/`/, "")
			print
		}
		END { end() }' "$changes"
}

case ${1-} in
print) echo "$version" ;;
time) release_time ;;
check) check ;;
changelog) print_changelog "${2-}" ;;
*)
	sed -n '/^# Usage/,/^#  .*suffix/ s/^# //p' "$0" >&2
	exit 2
	;;
esac
