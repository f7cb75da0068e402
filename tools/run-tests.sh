#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Runs the tests that `make check` built, as root, and ends with their count. With a pattern such as 'life/*' or
# 'suite/name', only those. With CGFENCE_TEST_STRICT set, a test that would be skipped because rights or tools are
# missing fails; a test of a feature that the running kernel lacks is still skipped.
# If CGFENCE_TEST_FRESH names a Debian release, the demonstration and most tests on the kernel also run in a new chroot of
# it, with its libraries and compilers. With programs such as build/system-tests, only those run.
# Usage: run-tests.sh [PATTERN [PROGRAM]...]
set -euo pipefail
cd "$(dirname "$0")/.."

pattern=${1-}
programs=("${@:2}")
if ((EUID != 0)); then
	echo "$0: tests on the running kernel need root, and there is no sudo; as root, run: $0 $*" >&2
	exit 1
fi
# Tests make their mounts private, which is not possible in a chroot.
if ! mountpoint --quiet /; then
	exec tools/own-mounts.sh -- "$0" "$@"
fi

# An empty value counts as unset.
[[ -n ${CGFENCE_TEST_STRICT-} ]] || unset CGFENCE_TEST_STRICT
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
passed=0
failed=0
skipped=0
failures=$results/failures
touch "$failures"

# Counts a failure, and keeps its message for the end, since the log is long.
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
	"$program" --filter "${pattern:-*/*}" --tap="$report" || status=$?
	if [[ ! -s $report ]]; then
		fail "$program ended with status $status and no report."
		return
	fi
	# Tests outside the pattern do not count as skipped.
	sed --in-place '/^ok .* # SKIP test was skipped/d' "$report"
	passed=$((passed + $(grep --count '^ok ' "$report" || true)))
	failed=$((failed + $(grep --count '^not ok ' "$report" || true)))
	skipped=$((skipped + $(grep --count '^ok .*# SKIP' "$report" || true)))
	passed=$((passed - $(grep --count '^ok .*# SKIP' "$report" || true)))
	# The messages are the indented lines below.
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

# run_check WHAT COMMAND...: runs a command as one test, as the user who builds.
run_check() {
	echo "== $1"
	if "${as_caller[@]}" "${@:2}"; then
		passed=$((passed + 1))
	else
		fail "${*:2}: failed, see above."
	fi
}

# In a fresh clone of this tree: the first command, and tests that load every kind of program and map, since libraries
# differ in what they do with them. Tests that load the kernel for long run only once.
run_fresh() { # SUITE
	local report=$results/fresh status=0 fresh_passed fresh_failed fresh_skipped

	echo "== make demo and tests in a fresh $1"
	tools/fresh.sh --as root \
		--only build/system-tests '!(hammer|adopt_hammer|concurrent|stress|port_stress|reconcile_soak|others_table)/*' \
		--only build/cli-tests '@(adopt|attach*|denials|follow|kernel_btf|learn|many|metrics|reconcile|run|run_*|standing|watch|watch_adopt|watch_anchor|watch_events)/*' \
		"$1" | tee "$report" || status=1
	read -r fresh_passed fresh_failed fresh_skipped < <(awk '/^[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped$/ \
		{ passed += $1; failed += $3; skipped += $5 } END { print passed + 0, failed + 0, skipped + 0 }' "$report")
	passed=$((passed + fresh_passed))
	failed=$((failed + fresh_failed))
	skipped=$((skipped + fresh_skipped))
	sed -n "/^== what failed\$/,/^[0-9]* passed, / { /^== /d; /^[0-9]* passed, /d; s/^/fresh $1: /; p }" "$report" >>"$failures"
	if ((status == 0)); then
		passed=$((passed + 1))
	elif ((fresh_failed == 0)); then
		fail "tools/fresh.sh $1: failed, see above."
	fi
}

# No test may leave a cgroup behind, even if it failed.
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

# Commands that need no root run as the user who builds, so that their files in build/ belong to that user.
as_caller=()
if [[ -n ${SUDO_USER-} ]]; then
	as_caller=(sudo --user="$SUDO_USER")
fi

run_machines() { # FILTER MACHINE...
	local report=$results/machines machines_passed='' machines_failed='' machines_skipped=''

	"${as_caller[@]}" env CGFENCE_VM_FILTER="$1" \
		tools/test-vm.sh build/cgfence build/system-tests "${@:2}" | tee "$report" || true
	read -r machines_passed machines_failed machines_skipped < <(
		sed -n 's/^virtual machines: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$report") || true
	passed=$((passed + ${machines_passed:-0}))
	failed=$((failed + ${machines_failed:-1}))
	[[ -n ${machines_failed-} ]] || echo "tools/test-vm.sh ended without a count." >>"$failures"
	sed -n 's/^FAILED  /virtual machine /p' "$report" >>"$failures"
	skipped=$((skipped + ${machines_skipped:-0}))
}

# With systemd as the first process. Containers, 50 starts of each service, and what systemd is told of are for
# `make test-host`.
run_host() {
	local report=$results/host host_passed host_failed host_skipped

	CGFENCE_HOST_STARTS=5 CGFENCE_HOST_TIMEOUT=600 ONE='boot services units recipes' tools/test-host.sh small | tee "$report" || true
	read -r host_passed host_failed host_skipped < <(
		sed -n 's/^host machines: \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$report") || true
	passed=$((passed + ${host_passed:-0}))
	failed=$((failed + ${host_failed:-1}))
	[[ -n ${host_failed-} ]] || echo "tools/test-host.sh ended without a count." >>"$failures"
	sed -n 's/^FAILED  //p' "$report" >>"$failures"
	skipped=$((skipped + ${host_skipped:-0}))
}

run_all_else() {
	local target

	for target in build/fuzz/*; do
		run_corpus "$target"
	done
	run_check "the JSON Schema against the parser" tools/check-schema.sh
	run_check "what is built" tools/check-build.sh
	run_check "what the library gives out" tools/check-library.sh
	run_check "install and uninstall" tools/check-install.sh
	run_check "the version and the tarball" tools/check-dist.sh
	# The oldest kernel, and the one on which listen(2) must return EPERM. Tests that load the kernel for long run only in
	# `make test-vm`, and where programs may not read the kernel's memory, here only those that this touches.
	run_machines '!(hammer|concurrent|stress|port_stress|reconcile_soak|others_table)/*' 5.10 6.1-lsm
	run_machines '@(missing|doctor|access|records|port_bind|port_netns)/*' 5.10-lockdown
	run_host
	if [[ -n ${CGFENCE_TEST_FRESH-} ]]; then
		run_fresh "$CGFENCE_TEST_FRESH"
	fi
	run_check "lint" tools/lint.sh
}

export CGFENCE_PROGRAM=${CGFENCE_PROGRAM:-build/asan/cgfence}
if ((${#programs[@]} == 0)); then
	programs=(build/asan/unit-tests build/system-tests build/asan/cli-tests build/faults-tests)
fi
for program in "${programs[@]}"; do
	run_program "$program"
done
if [[ -z $pattern ]]; then
	run_all_else
elif ((passed + failed + skipped == 0)); then
	fail "No test is named '$pattern'; build/system-tests --list names those of one program."
fi
# Where they are named, this runs in another one that looks at all that is left.
(($# > 1)) || check_leftovers

if [[ -s $failures ]]; then
	echo "== what failed"
	cat "$failures"
fi
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
