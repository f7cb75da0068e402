#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Formatting, static analysis of C and shell, and the manual.
set -euo pipefail

mapfile -t c_files < <(git ls-files --cached --others --exclude-standard '*.c' '*.h')
mapfile -t shell_files < <(git ls-files --cached --others --exclude-standard '*.sh' 'tools/*.bash' '.ci/run')
mapfile -t library_files < <(git ls-files --cached --others --exclude-standard 'src/*.c' 'src/**/*.c')

echo "== formatting"
clang-format --dry-run --Werror "${c_files[@]}"

echo "== shell"
shellcheck "${shell_files[@]}"

echo "== clang-tidy"
printf '%s\n' "${library_files[@]}" |
	xargs --max-procs="$(nproc)" --max-args=4 clang-tidy --quiet --warnings-as-errors='*' 2>/dev/null -- \
	| grep --invert-match '^$' || true

echo "== manual"
mandoc -T lint -W warning build/cgfence.8
