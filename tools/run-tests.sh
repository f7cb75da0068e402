#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Runs the tests that `make test` built, as root, and ends with their count. With CGFENCE_TEST_STRICT set, a test
# that would be skipped fails.
set -euo pipefail

# An empty value is none.
[[ -n ${CGFENCE_TEST_STRICT-} ]] || unset CGFENCE_TEST_STRICT
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0
failed=0
skipped=0
failures=$results/failures
touch "$failures"

# Counts a failure, and remembers what to say of it at the end: the log before it is long.
fail() {
	failed=$((failed + 1))
	echo "$1" >>"$failures"
}

cgroup2_root() {
	findmnt --noheadings --first-only --types cgroup2 --output TARGET
}

# Runs a Criterion program and adds its TAP report to the counts.
run_program() {
	local program=$1 report=$results/${1//\//-}.tap status=0

	echo "== $program"
	"$program" --tap="$report" "${@:2}" || status=$?
	if [[ ! -s $report ]]; then
		fail "$program ended with status $status and no report."
		return
	fi
	passed=$((passed + $(grep --count '^ok ' "$report" || true)))
	failed=$((failed + $(grep --count '^not ok ' "$report" || true)))
	skipped=$((skipped + $(grep --count '# SKIP' "$report" || true)))
	passed=$((passed - $(grep --count '^ok .*# SKIP' "$report" || true)))
	# With the messages, which are the lines indented below.
	sed -n "/^not ok/,/^ok/ { /^ok/d; s|^not ok - |$program: |; p }" "$report" >>"$failures"
}

# A fuzz target's corpus is one test: every input must pass.
run_corpus() {
	local target=$1 log=$results/corpus.log

	echo "== $target on its corpus"
	if "$target" -runs=0 "tests/fuzz/corpus/$(basename "$target")" >"$log" 2>&1; then
		passed=$((passed + 1))
	else
		cat "$log"
		fail "$target: an input of its corpus does not pass."
	fi
}

run_schema_check() {
	echo "== the JSON Schema against the parser"
	if tools/check-schema.sh; then
		passed=$((passed + 1))
	else
		fail "tools/check-schema.sh: the JSON Schema and the parser disagree."
	fi
}

# No test may leave a cgroup behind, whether it passed or not.
check_leftovers() {
	local left

	echo "== what the tests left behind"
	left=$(find "$(cgroup2_root)" -depth -type d \( -name 'cgfence-test-*' -o -name 'cgfence-run-*' \))
	if [[ -n $left ]]; then
		xargs --no-run-if-empty rmdir <<<"$left" || true
		fail "These cgroups were left behind: $left"
	else
		passed=$((passed + 1))
	fi
}

# Virtual machines need no root, and what they leave in build/ shall belong to who builds.
as_caller=()
if [[ -n ${SUDO_USER-} ]]; then
	as_caller=(sudo --user="$SUDO_USER")
fi

# The oldest kernel, and the one on which listen(2) must return EPERM.
run_machines() {
	local report=$results/machines

	# What hammers for a long time is left to `make test-vm`.
	"${as_caller[@]}" env CGFENCE_VM_FILTER='!(hammer|concurrent|stress|port_stress|reconcile_soak|others_table)/*' \
		tools/test-vm.sh build/cgfence build/system-tests 5.10 6.1-lsm | tee "$report" || true
	read -r machines_passed machines_failed machines_skipped < <(
		sed -n 's/^virtual machines: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$report") || true
	passed=$((passed + ${machines_passed:-0}))
	failed=$((failed + ${machines_failed:-1}))
	[[ -n ${machines_failed-} ]] || echo "tools/test-vm.sh ended without a count." >>"$failures"
	sed -n 's/^FAILED  /virtual machine /p' "$report" >>"$failures"
	skipped=$((skipped + ${machines_skipped:-0}))
}

export CGFENCE_PROGRAM=build/asan/cgfence
run_program build/asan/unit-tests
run_program build/system-tests
run_program build/asan/cli-tests
run_program build/faults-tests
for target in build/fuzz/*; do
	[[ $target == *.d ]] || run_corpus "$target"
done
run_schema_check
run_machines
check_leftovers

if [[ -s $failures ]]; then
	echo "== what failed"
	cat "$failures"
fi
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
