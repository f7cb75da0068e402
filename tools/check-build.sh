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
products=(build/cgfence build/libcgfence.so build/libcgfence.a)
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

	for file in build/cgfence build/libcgfence.so; do
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
	build_copy "$directory/a" >"$directory/first"
	# A path of other depth and length, and another time zone.
	TZ=Asia/Tokyo build_copy "$directory/another/folder" >"$directory/second"
	if ! diff "$directory/first" "$directory/second" >&2; then
		fault "what is built depends on the folder in which it is built."
	fi
}

# check_rebuild HEADER TARGET PATTERN...: make would rebuild these if the header changed.
check_rebuild() {
	local plan pattern

	plan=$(make --dry-run --no-print-directory --what-if="$1" "$2")
	for pattern in "${@:3}"; do
		if ! grep --quiet -E -e "$pattern" <<<"$plan"; then
			fault "an edit of $1 does not bring about '$pattern' for $2."
		fi
	done
}

check_dependencies() {
	local bpf='clang .* -c bpf/device.bpf.c' skeleton='gen skeleton build/bpf/device.bpf.o'

	make --no-print-directory WERROR=1 all build/system-tests build/bench build/fuzz/policy >/dev/null
	check_rebuild bpf/denial.bpf.h build/cgfence "$bpf" "$skeleton" '-c src/kernel/' '-o build/cgfence'
	check_rebuild include/cgfence/abi.h build/system-tests "$bpf" 'src/image/image.c' 'tests/support/harness.c' \
		'-o build/system-tests'
	check_rebuild include/cgfence/cgfence.h build/libcgfence.so 'src/policy/read.c' '-o build/libcgfence.so'
	check_rebuild tests/support/harness.h build/system-tests 'tests/system/fence/life.c'
	check_rebuild src/policy/policy.h build/fuzz/policy '-fsanitize=fuzzer.* src/policy/read.c' '-o build/fuzz/policy'
	check_rebuild tools/bench/bench.h build/bench 'tools/bench/main.c' '-o build/bench'
	check_rebuild tools/bench/peers.h build/bench 'clang .* -c tools/bench/peers.bpf.c' 'gen skeleton build/bench-peers'
}

check_hardening
check_reproducible
check_dependencies
((faults == 0))
