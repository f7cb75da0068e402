#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Checks formatting, layers, C and shell code, the systemd units and the manual. clang-format and clang-tidy differ from
# version to version, so only the version of the tree runs. It fails after all checks have run.
set -euo pipefail
cd "$(dirname "$0")/.."

llvm_version=14
if [[ ${1-} == --llvm-version ]]; then
	echo "$llvm_version"
	exit
fi

tracked() {
	git ls-files --cached --others --exclude-standard -- "$@"
}

# find_tool NAME: prints the tool in the version of the tree, or nothing.
find_tool() {
	local candidate

	for candidate in "$1-$llvm_version" "$1"; do
		if [[ $("$candidate" --version 2>/dev/null) == *" version $llvm_version."* ]]; then
			echo "$candidate"
			return
		fi
	done
	echo "  left out: this tree goes by $1 $llvm_version, which is not here." >&2
}

check_format() {
	local tool

	tool=$(find_tool clang-format)
	[[ -z $tool ]] || tracked '*.c' '*.h' | xargs "$tool" --dry-run --Werror
}

# clang-tidy reports on standard error how many warnings it suppressed; show that only if it also found something.
tidy() {
	local report

	if ! report=$("$TIDY" --quiet --warnings-as-errors='*' "$@" -- \
		-std=gnu11 -D_GNU_SOURCE -Iinclude -Isrc -Ibuild/bpf -isystem /usr/include/libnl3 2>&1); then
		printf '%s\n' "$report"
		return 1
	fi
}
export -f tidy

check_code() {
	TIDY=$(find_tool clang-tidy)
	export TIDY
	[[ -z $TIDY ]] || tracked 'src/*.c' | xargs --max-procs="$(nproc)" --max-args=4 bash -c 'tidy "$@"' tidy
}

check_shell() {
	tracked '*.sh' '*.bash' '.ci/run' 'tools/debian/*.p*' 'tools/debian/tests/use' 'tools/debian/tests/system' | xargs shellcheck
}

# The program must exist at the path in the unit. For an unknown key systemd only warns, with exit status 0.
check_units() {
	local directory unit complaints

	directory=$(mktemp -d)
	mkdir "$directory/sbin"
	ln -s "$PWD/build/cgfence" "$directory/sbin/cgfence"
	for unit in tools/*.service; do
		sed "s|@PREFIX@|$directory|" "$unit" >"$directory/${unit##*/}"
	done
	complaints=$(systemd-analyze verify --man=no "$directory"/*.service 2>&1) || true
	rm -r "$directory"
	if [[ -n $complaints ]]; then
		printf '%s\n' "$complaints"
		return 1
	fi
}

check_manual() {
	mandoc -T lint -W warning build/cgfence*.[1-9]
}

status=0
echo "== formatting"
check_format || status=1
echo "== layers"
tools/check-layers.sh || status=1
echo "== shell"
check_shell || status=1
echo "== static analysis"
check_code || status=1
echo "== units"
check_units || status=1
echo "== manual"
check_manual || status=1
((status == 0))
