#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Checks that the products are hardened, do not depend on the place of the build, and are rebuilt after an edit of any
# header. Prints the faults.
set -euo pipefail
cd "$(dirname "$0")/.."
# The make that runs this script must not pass its settings to the make below.
unset MAKEFLAGS MFLAGS MAKELEVEL PREFIX LIBDIR UNITDIR DESTDIR

directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
products=(build/cgfence build/cgfence-top build/libcgfence.so build/libcgfence.a)
faults=0

fault() {
	printf 'check-build: %s\n' "$@" >&2
	faults=$((faults + 1))
}

# expect FILE PATTERN OPTION WHAT: the output of readelf has a line that matches.
expect() {
	if ! grep --quiet -E -e "$2" <<<"$(readelf --wide "$3" "$1")"; then
		fault "$1 $4."
	fi
}

check_hardening() {
	local file

	for file in build/cgfence build/cgfence-top build/libcgfence.so; do
		expect "$file" 'Type: +DYN' --file-header "is not position independent"
		expect "$file" 'GNU_RELRO' --program-headers "leaves its relocations writable"
		expect "$file" 'GNU_STACK.* RW +0x' --program-headers "has an executable stack"
		expect "$file" 'FLAGS.*NOW' --dynamic "binds symbols late"
		expect "$file" '__stack_chk_fail' --dyn-syms "has no stack protector"
		expect "$file" '_chk[@ ]' --dyn-syms "does not check the sizes of buffers"
	done
}

# build_copy FOLDER: builds a copy of the tree, and prints the checksums of the products.
build_copy() {
	mkdir --parents "$1"
	git ls-files -z --cached --others --exclude-standard | tar --create --null --files-from=- --ignore-failed-read |
		tar --extract --directory="$1"
	make --directory="$1" --jobs --no-print-directory all >"$directory/log" 2>&1 || {
		tail "$directory/log" >&2
		return 1
	}
	(cd "$1" && sha256sum "${products[@]}")
	if grep --quiet --text --fixed-strings "$1" "${products[@]/#/$1/}"; then
		fault "the folder it was built in is named in one of ${products[*]}."
	fi
}

check_reproducible() {
	sha256sum "${products[@]}" >"$directory/first"
	# A path of other depth and length, and another time zone.
	TZ=Asia/Tokyo build_copy "$directory/another/folder" >"$directory/second"
	if ! diff "$directory/first" "$directory/second" >&2; then
		fault "what is built depends on the folder in which it is built."
	fi
}

# find_includers HEADER: the sources that name it, as <cgfence/…>, by its folder, or from beside it.
find_includers() {
	local name=${1##*/}

	git ls-files bpf src tests/system tests/faults tests/support tests/fuzz tools/bench | grep '\.c$' |
		xargs grep --files-with-matches --extended-regexp "^#include [\"<]${1#*/}[\">]" || true
	grep --files-with-matches --fixed-strings --line-regexp "#include \"$name\"" "$(dirname "$1")"/*.c 2>/dev/null || true
}

# One header of each folder: what names it is compiled again, and what is made of that is made again. Tests that are built
# only with sanitizers go by the same rules. The plugin of Slurm is built only where libslurm-dev is.
check_dependencies() {
	local targets=(all build/system-tests build/faults-tests build/bench)
	local folder header includers source plan target

	for source in tests/fuzz/*.c; do
		targets+=("build/fuzz/$(basename "$source" .c)")
	done
	make --no-print-directory --jobs="$(nproc)" WERROR=1 "${targets[@]}" >/dev/null
	for folder in $(git ls-files '*.h' | grep -Ev '^(tests/(cli|unit)|tools/slurm)/' | xargs --max-args=1 dirname | sort -u); do
		for header in "$folder"/*.h; do
			includers=$(find_includers "$header")
			[[ -z $includers ]] || break
		done
		plan=$(make --dry-run --no-print-directory --what-if="$header" "${targets[@]}")
		for source in $includers; do
			if [[ $plan != *" -c $source -o "* ]]; then
				fault "an edit of $header does not compile $source again."
			fi
		done
	done
	plan=$(make --dry-run --no-print-directory --what-if=include/cgfence/abi.h "${targets[@]}")
	for target in 'gen skeleton build/bpf/device.bpf.o' '-o build/cgfence' '-o build/libcgfence.so' '-o build/system-tests' \
		'-o build/bench' '-o build/fuzz/policy'; do
		if [[ $plan != *"$target"* ]]; then
			fault "an edit of include/cgfence/abi.h does not bring about '$target'."
		fi
	done
}

check_hardening
check_reproducible
check_dependencies
((faults == 0))
