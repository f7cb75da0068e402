#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Formatting, static analysis of C and shell, the systemd unit and the manual.
set -euo pipefail

tracked() {
	git ls-files --cached --others --exclude-standard -- "$@"
}

# The program has to be where the unit says. A word that systemd does not know is only a warning, with exit status 0.
verify_unit() {
	local directory complaints

	directory=$(mktemp -d)
	mkdir "$directory/sbin"
	ln -s "$PWD/build/cgfence" "$directory/sbin/cgfence"
	sed "s|@PREFIX@|$directory|" tools/cgfence-watch.service >"$directory/cgfence-watch.service"
	complaints=$(systemd-analyze verify --man=no "$directory/cgfence-watch.service" 2>&1) || true
	rm -r "$directory"
	if [[ -n $complaints ]]; then
		printf '%s\n' "$complaints"
		return 1
	fi
}

mapfile -t c_files < <(tracked '*.c' '*.h')
mapfile -t shell_files < <(tracked '*.sh' '*.bash' '.ci/run')

# clang-tidy says on standard error how many warnings it left out; that is shown only if it also found something.
tidy() {
	local report

	if ! report=$(clang-tidy --quiet --warnings-as-errors='*' "$@" -- \
		-std=gnu11 -D_GNU_SOURCE -Iinclude -Isrc -Ibuild/bpf -isystem /usr/include/libnl3 2>&1); then
		printf '%s\n' "$report"
		return 1
	fi
}
export -f tidy

echo "== formatting"
clang-format --dry-run --Werror "${c_files[@]}"
echo "== shell"
shellcheck "${shell_files[@]}"
echo "== static analysis"
tracked 'src/*.c' | xargs --max-procs="$(nproc)" --max-args=4 bash -c 'tidy "$@"' tidy
echo "== unit"
verify_unit
echo "== manual"
mandoc -T lint -W warning build/cgfence.8 build/cgfence-policy.5
