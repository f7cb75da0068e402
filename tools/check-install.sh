#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Installs one build twice, with different prefixes, and checks that the files name the paths of their installation,
# that the installed files work, and that uninstall leaves only the files of others. Prints the faults.
set -euo pipefail
cd "$(dirname "$0")/.."
# The make that runs this script must not pass its settings to the make below.
unset MAKEFLAGS MFLAGS MAKELEVEL PREFIX LIBDIR UNITDIR HOOKSDIR DESTDIR

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
faults=0

fault() {
	printf 'check-install: %s\n' "$@" >&2
	faults=$((faults + 1))
}

# expect WHAT GOT WANTED
expect() {
	if [[ $2 != "$3" ]]; then
		fault "$1 is '$2' instead of '$3'."
	fi
}

run_make() {
	make --no-print-directory DESTDIR="$stage" "$@" >/dev/null
}

# check_place PREFIX LIBDIR UNITDIR HOOKSDIR
check_place() {
	local package=$stage$2/pkgconfig page

	expect "prefix of $package" "$(PKG_CONFIG_PATH=$package pkg-config --variable=prefix libcgfence)" "$1"
	expect "libdir of $package" "$(PKG_CONFIG_PATH=$package pkg-config --variable=libdir libcgfence)" "$2"
	expect "ExecStart of the unit" "$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$stage$3/cgfence-watch.service")" \
		"$1/sbin/cgfence"
	expect "the program of the hook" "$(sed -n 's/.*"path": "\(.*\)".*/\1/p' "$stage$4/99-cgfence.json")" "$1/sbin/cgfence"
	expect "what cgfence-runtime says" "$("$stage$1/sbin/cgfence-runtime" --cgfence-help)" \
		"$(build/cgfence-runtime --cgfence-help)"
	expect "what cgfence-top says" "$("$stage$1/sbin/cgfence-top" --help)" "$(build/cgfence-top --help)"
	# It becomes the one beside it, which checks its words before anything else; without privilege it does not come so far.
	if ((EUID == 0)); then
		expect "what cgfence top says" "$("$stage$1/bin/cgfence" top --sort none 2>&1)" \
			"$(build/cgfence-top --sort none 2>&1)"
	fi
	expect "the manifests" "$(ls "$stage$1/share/cgfence/kubernetes")" "$(ls tools/kubernetes)"
	expect "what bin/cgfence says" "$("$stage$1/bin/cgfence" --version)" "$(build/cgfence --version)"
	expect "what libcgfence.so leads to" "$(basename "$(realpath "$stage$2/libcgfence.so")")" \
		"libcgfence.so.1.$(PKG_CONFIG_PATH=$package pkg-config --modversion libcgfence)"
	expect "the headers" "$(cd "$stage$1/include" && find cgfence -type f | sort)" \
		"$(cd include && find cgfence -type f | sort)"
	expect "the library of policies" "$(cd "$stage$1/share/cgfence" && find policies -type f | sort)" \
		"$(cd tools && find policies -type f | sort)"
	for page in tools/*.[1-9].in; do
		page=$(basename "$page" .in)
		if [[ ! -s $stage$1/share/man/man${page##*.}/$page ]]; then
			fault "$page is not installed."
		fi
	done
	for page in policy.schema.json grafana.json; do
		if ! python3 -m json.tool "$stage$1/share/cgfence/$page" >/dev/null; then
			fault "$page is not installed."
		fi
	done
	expect "the messages of $1" "$(grep --count '^-- ' "$stage$1/lib/systemd/catalog/cgfence.catalog")" \
		"$(grep --count '^-- ' tools/cgfence.catalog)"
	if grep --recursive --quiet '@[A-Z]*@' "$stage$2/pkgconfig" "$stage$3"; then
		fault "a path is not filled in below $1."
	fi
}

# Builds with pkg-config and nothing of this tree, as another project would.
check_client() {
	local flags

	flags=$(PKG_CONFIG_PATH=$stage$1/pkgconfig PKG_CONFIG_SYSROOT_DIR=$stage pkg-config --cflags --libs libcgfence)
	# shellcheck disable=SC2086 # a list of words
	gcc -x c - -o "$stage/client" $flags <<<'#include <cgfence/cgfence.h>
		int main(void) { cgfence_policy_free(0); }' 2>"$stage/log" ||
		fault "a program cannot be built with pkg-config: $(cat "$stage/log")"
	rm -f "$stage/client" "$stage/log"
}

first=(PREFIX=/opt/first HOOKSDIR=/opt/first/hooks.d)
second=(PREFIX=/usr LIBDIR=/usr/lib/triplet UNITDIR=/lib/systemd/system)
mkdir --parents "$stage/usr/sbin" "$stage/usr/share/cgfence"
touch "$stage/usr/sbin/other" "$stage/usr/share/cgfence/other"
run_make install "${first[@]}"
run_make install "${second[@]}"
check_place /opt/first /opt/first/lib /opt/first/lib/systemd/system /opt/first/hooks.d
check_place /usr /usr/lib/triplet /lib/systemd/system /usr/share/containers/oci/hooks.d
check_client /opt/first/lib
run_make uninstall "${first[@]}"
check_place /usr /usr/lib/triplet /lib/systemd/system /usr/share/containers/oci/hooks.d
run_make uninstall "${second[@]}"
expect "what is left" "$(cd "$stage" && find . -not -type d -o -empty | sort | paste --serial --delimiters=' ')" \
	"./usr/sbin/other ./usr/share/cgfence/other"

# If sbin and bin are one folder, the link must not replace the program.
rm -r "${stage:?}/usr"
mkdir --parents "$stage/usr/bin"
ln -s bin "$stage/usr/sbin"
run_make install "${second[@]}"
expect "what the program in a common folder says" "$("$stage/usr/bin/cgfence" --version)" "$(build/cgfence --version)"
run_make uninstall "${second[@]}"
expect "what is left of the program" "$(find "$stage" -name cgfence)" ""
((faults == 0))
