#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Runs the system tests under other kernels, each in a virtual machine, and prints a table; where the machine is of another
# architecture, the unit tests too. A test of a feature that the kernel lacks is skipped, with the reason.
# Usage: test-vm.sh PROGRAM SYSTEM_TESTS [MACHINE...]
set -euo pipefail

if (($# < 2)); then
	echo "Usage: $0 PROGRAM SYSTEM_TESTS [MACHINE...], a machine being a kernel, -arm64 or -s390x, and -lsm, -nolsm or -lockdown" >&2
	exit 2
fi
program=$1
tests=$2
machines=("${@:3}")
if ((${#machines[@]} == 0)); then
	machines=(5.10 5.10-lockdown 6.1-lsm 6.1-nolsm 6.1-lockdown 6.12 7.x)
fi

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
failed=0
passed=0
skipped=0

# The tests to run, for --filter of Criterion.
filter=${CGFENCE_VM_FILTER:-*/*}

# -lsm enables the BPF LSM, -nolsm disables it; otherwise the default of the kernel holds. Under -lockdown no program may
# read kernel memory.
append_for() {
	case $1 in
	*-lsm) echo 'lsm=lockdown,capability,landlock,bpf' ;;
	*-nolsm) echo 'lsm=lockdown,capability' ;;
	*-lockdown) echo 'lockdown=confidentiality' ;;
	*) echo 'quiet' ;;
	esac
}

# The script inside the machine: the tests, then their report, and the listen guard of a fence and what it lacks, each
# after a mark.
echo "export CGFENCE_SOAK_SECONDS=${CGFENCE_SOAK_SECONDS:-60} FILTER='$filter'" >"$results/inside.sh"
cat >>"$results/inside.sh" <<'INSIDE'
# Another architecture is emulated still more slowly than that of the host.
limit=180
[ ! -e /unit-tests ] || limit=600
# Emulation is slow, so tests that provoke races repeat less often.
CGFENCE_TEST_SLOWNESS=20 CGFENCE_SOAK_PROGRAM=/cgfence \
	/system-tests --short-filename --timeout "$limit" --filter "$FILTER" --tap=/tmp/report 2>&1
status=$?
if [ -e /unit-tests ]; then
	/unit-tests --filter "$FILTER" --tap=/tmp/report-unit 2>&1 || status=$?
fi
echo "@report"
cat /tmp/report*
mkdir /sys/fs/cgroup/guard
echo '{"ports": [80]}' | /cgfence attach guard - >/dev/null
echo "@guard $(/cgfence status guard | cut -f 5,10 | tail -n 1 | tr '\t' ' ') $(uname -r)"
exit $status
INSIDE

kernel_of() { # MACHINE
	[[ $1 =~ ^[^-]*(-arm64|-s390x)? ]] && echo "${BASH_REMATCH[0]}"
}

# Prints the path of what was built for the architecture of the machine.
built_for() { # MACHINE PATH
	[[ $1 =~ -(arm64|s390x) ]] && echo "build/cross/${BASH_REMATCH[1]}/${2##*/}" || echo "$2"
}

# Of another architecture the unit tests too, whole: an emulator of programs alone lacks some calls.
unit_tests_for() { # MACHINE
	local built read

	built=$(built_for "$1" unit-tests)
	[[ $built == */* ]] || return 0
	printf '%s\n' --file "$built:/unit-tests" --file "${built%/*}/root/usr/lib/locale/C.utf8:/usr/lib/locale/C.utf8"
	for read in tests/import tests/policies tools/policies tools/cgfence.catalog; do
		printf '%s\n' --file "$read:/$read"
	done
}

run_machine() {
	local status=0 unit_tests

	mapfile -t unit_tests < <(unit_tests_for "$1")
	tools/vm-run.sh --kernel "$(kernel_of "$1")" --append "$(append_for "$1")" --timeout "${CGFENCE_VM_TIMEOUT:-2400}" \
		--file "$(built_for "$1" "$tests"):/system-tests" --file "$(built_for "$1" "$program"):/cgfence" --file "$results/inside.sh:/inside.sh" \
		"${unit_tests[@]}" \
		-- sh /inside.sh >"$results/$1.log" 2>&1 || status=$?
	echo "$status" >"$results/$1.status"
}

read_results() {
	local machine=$1 log=$results/$1.log status guard missing release ok skips fails

	read -r status <"$results/$1.status"
	read -r guard missing release < <(sed -n 's/^@guard //p' "$log" | tr -d '\r') || true
	# Drop the tests outside the filter.
	sed --in-place '/^ok .* # SKIP test was skipped/d' "$log"
	ok=$(grep --count '^ok ' "$log" || true)
	fails=$(grep --count '^not ok ' "$log" || true)
	skips=$(grep --count '^ok .*# SKIP' "$log" || true)
	if ((status != 0)); then
		sed '/^@report/,$d' "$log"
		# A machine that does not boot, or a crash, is a failure even without a failed test.
		if ((fails == 0)); then
			fails=1
			echo "$machine: it ended with status $status, and no test failed" >>"$results/failures"
		fi
	fi
	# The messages are the indented lines below.
	sed -n "/^not ok/,/^[o@]/ { /^[o@]/d; s|^not ok - |$machine: |; p }" "$log" | tr -d '\r' >>"$results/failures"
	passed=$((passed + ok - skips))
	failed=$((failed + fails))
	skipped=$((skipped + skips))
	printf '%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n' "$machine" "${release:--}" $((ok + fails)) $((ok - skips)) \
		"$skips" "$fails" "${guard:--}" "${missing:--}" >>"$results/table"
	sed -n "s/^\(not \)\?ok - \(.*[^ ]\)  *(\([0-9.]*\)s).*/\3\t$machine\t\2/p" "$log" >>"$results/times"
	sed -n "s/^ok - \(.*[^ ]\)  *# SKIP \(.*\)/$machine\t\1\t\2/p" "$log" | tr -d '\r' >>"$results/skips"
}

for arch in arm64 s390x; do
	if [[ " ${machines[*]}" == *"-$arch"* ]]; then
		tools/cross.sh "$arch"
		make --no-print-directory -j"$(nproc)" WERROR=1 CROSS="$arch" build/cross/"$arch"/{cgfence,system-tests,unit-tests}
	fi
done
# Machines of one kernel would both fetch it.
for kernel in $(for machine in "${machines[@]}"; do kernel_of "$machine"; done | sort -u); do
	tools/vm-kernel.sh "$kernel" "${VM_DIR:-build/vm}/kernels/$kernel"
done
# An emulated machine keeps one processor busy.
for machine in "${machines[@]}"; do
	while (($(jobs -rp | wc -l) >= $(nproc))); do
		wait -n
	done
	echo "== the system tests under $machine"
	run_machine "$machine" &
done
wait
for machine in "${machines[@]}"; do
	read_results "$machine"
done

{
	printf 'MACHINE\tKERNEL\tTESTS\tPASSED\tSKIPPED\tFAILED\tGUARD\tMISSING\n'
	cat "$results/table"
} | column -t -s $'\t'
if [[ -s $results/skips ]]; then
	echo
	{
		printf 'MACHINE\tSKIPPED TEST\tREASON\n'
		cat "$results/skips"
	} | column -t -s $'\t'
fi
echo
{
	printf 'SECONDS\tMACHINE\tSLOWEST TESTS\n'
	sort --reverse --numeric-sort "$results/times" | sed -n 1,20p
} | column -t -s $'\t'
sed 's/^/FAILED  /' "$results/failures"
echo "virtual machines: $passed passed, $failed failed, $skipped skipped"
((failed == 0))
