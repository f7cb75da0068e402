#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Measures the time of commands for the first fence of a host and for the thousandth, including the process start, and
# the kernel memory of a fence. It measures first and thousandth in turn, so that a change of the speed affects
# both. Everything happens in its own cgroups, mount namespace and bpffs, and nothing remains.
#
# The environment variables FENCES, CYCLES and SAMPLES are the number of fences (1000), how often all except one are
# attached and detached (3), and how often each command is measured in each state (15).
set -euo pipefail

if (($# < 1)); then
	echo "Usage: $0 PROGRAM" >&2
	exit 2
fi
if ((EUID != 0)); then
	echo "$0: fencing needs root; run 'sudo $0 $*'." >&2
	exit 1
fi
program=$(realpath "$1")
if [[ ${2-} != inside ]]; then
	exec unshare --mount --propagation private -- "$0" "$program" inside
fi

fences=${FENCES:-1000}
cycles=${CYCLES:-3}
samples=${SAMPLES:-15}
work=$(mktemp -d)
base=
memory=

say() {
	printf '\r\033[K%s' "$*" >&2
}

clean_up() {
	local status=$?

	say "cleaning up"
	if [[ -n $base ]]; then
		"$program" detach --all >/dev/null || status=1
		find "$base" -depth -type d -exec rmdir {} + || status=1
	fi
	if [[ -n $memory ]]; then
		rmdir "$memory" || status=1
	fi
	rm -rf "$work"
	say ""
	exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

prepare() {
	local root

	root=$(awk '/ - cgroup2 / { print $5; exit }' /proc/self/mountinfo)
	if [[ -z $root ]]; then
		echo "$0: no cgroup2 is mounted; try 'mount -t cgroup2 none /sys/fs/cgroup'." >&2
		exit 1
	fi
	mount -t bpf bpf /sys/fs/bpf
	mkdir "$root/cgfence-scale-$$"
	base=$root/cgfence-scale-$$
	name=/${base##*/}
	for ((i = 1; i < fences; i++)); do
		mkdir "$base/fence-$i"
	done
	for ((i = 0; i < samples; i++)); do
		mkdir "$base/sample-$i"
	done
	cat >"$work/policy.json" <<-'END'
		{"devices": {"defaults": true, "allow": ["c 10:229 rw"]}, "ports": {"tcp": ["31000-31005", 8080]}}
	END
	cat >"$work/other.json" <<-'END'
		{"devices": {"defaults": true}, "ports": [8080]}
	END
}

# Appends the microseconds that a command takes to the list of a measurement.
measure() {
	local list=$work/$1 begin=$EPOCHREALTIME end status=0

	"$program" "${@:2}" >"$work/output" 2>&1 || status=$?
	end=$EPOCHREALTIME
	if ((status != 0)); then
		printf '\n%s: %s failed: ' "$0" "${*:2}" >&2
		cat "$work/output" >&2
		exit 1
	fi
	echo $((${end/./} - ${begin/./})) >>"$list"
}

# Measures each command about one fence, with an additional fence.
measure_one() {
	local state=$1 fence=$name/sample-$2

	measure "attach $state" attach "$fence" "$work/policy.json"
	measure "replace $state" attach "$fence" "$work/other.json"
	measure "allow $state" allow "$fence" device "c 10:229 rw"
	measure "status $state" status "$fence"
	measure "show $state" show "$fence"
	measure "reconcile $state" reconcile "$fence"
	measure "detach $state" detach "$fence"
}

measure_all() {
	measure "status of all $1" status
	measure "status of all as JSON $1" status --json
	measure "reconcile all $1" reconcile
}

charged() {
	if [[ -n $memory ]]; then
		cat "$memory/memory.kmem.usage_in_bytes"
	fi
}

# Uses the memory controller to measure the fences, if it is of version 1, as on a hybrid host.
watch_memory() {
	local controller

	controller=$(awk '/ - cgroup .*[ ,]memory(,|$)/ { print $5; exit }' /proc/self/mountinfo)
	if [[ -z $controller ]] || ! mkdir "$controller/cgfence-scale-$$" 2>/dev/null; then
		return
	fi
	memory=$controller/cgfence-scale-$$
}

attach_all() {
	local before after

	before=$(charged)
	for ((i = 1; i < fences; i++)); do
		((i % 50)) || say "cycle $1 of $cycles: fence $i of $fences"
		if [[ -n $memory ]]; then
			# shellcheck disable=SC2016 # it is the inner shell that expands these
			sh -c 'echo $$ >"$0/tasks" && exec "$@"' "$memory" \
				"$program" attach "$name/fence-$i" "$work/policy.json" >/dev/null
		else
			"$program" attach "$name/fence-$i" "$work/policy.json" >/dev/null
		fi
	done
	sleep 1
	after=$(charged)
	if [[ -n $memory ]]; then
		echo $(((after - before) / (fences - 1))) >>"$work/memory"
	fi
}

median() {
	sort -n "$1" | awk '{ list[NR] = $1 } END { print list[int((NR + 1) / 2)] }'
}

# The shortest time, which other load on the machine affects least.
least() {
	sort -n "$1" | head -n 1
}

print_table() {
	local command

	printf '%-22s %10s %10s %6s   %10s %10s %6s\n' "" "1st" "${fences}th" "" "1st" "${fences}th" ""
	printf '%-22s %10s %10s %6s   %10s %10s %6s\n' "one fence" median median ratio least least ratio
	for command in attach replace allow status show reconcile detach; do
		awk -v command="$command" \
			-v median_first="$(median "$work/$command first")" -v median_last="$(median "$work/$command last")" \
			-v least_first="$(least "$work/$command first")" -v least_last="$(least "$work/$command last")" 'BEGIN {
			printf "%-22s %7.2f ms %7.2f ms %6.2f   %7.2f ms %7.2f ms %6.2f\n", command,
				median_first / 1000, median_last / 1000, median_last / median_first,
				least_first / 1000, least_last / 1000, least_last / least_first
		}'
	done
	echo
	for command in "status of all" "status of all as JSON" "reconcile all"; do
		awk -v command="$command" -v median="$(median "$work/$command last")" \
			-v least="$(least "$work/$command last")" 'BEGIN {
			printf "%-22s %18.2f ms %26.2f ms\n", command, median / 1000, least / 1000
		}'
	done
}

print_memory() {
	echo
	if [[ -s $work/memory ]]; then
		awk -v bytes="$(median "$work/memory")" 'BEGIN {
			printf "%-22s %18.1f KiB charged by the kernel\n", "memory of a fence", bytes / 1024
		}'
	fi
	if [[ -s $work/jited ]]; then
		awk -v jited="$(<"$work/jited")" 'BEGIN {
			printf "%-22s %18.1f KiB, charged to nobody\n", "machine code", jited / 1024
		}'
	fi
}

# The kernel charges machine code to no cgroup.
measure_machine_code() {
	local bpftool links

	bpftool=$(command -v bpftool || command -v /usr/sbin/bpftool) || return 0
	"$program" attach "$name/sample-0" "$work/policy.json" >/dev/null
	links=$(for pin in /sys/fs/bpf/cgfence/*/*; do "$bpftool" --json link show pinned "$pin"; done)
	grep -o '"prog_id":[0-9]*' <<<"$links" | cut -d: -f2 | while read -r id; do
		"$bpftool" --json prog show id "$id"
	done | grep -o '"bytes_jited":[0-9]*' | awk -F: '{ sum += $2 } END { print sum }' >"$work/jited"
	"$program" detach "$name/sample-0" >/dev/null
}

prepare
watch_memory
measure_machine_code
for ((cycle = 1; cycle <= cycles; cycle++)); do
	say "cycle $cycle of $cycles: the first fence"
	for ((sample = 0; sample < samples; sample++)); do
		measure_one first "$sample"
	done
	attach_all "$cycle"
	say "cycle $cycle of $cycles: fence $fences"
	for ((sample = 0; sample < samples; sample++)); do
		measure_one last "$sample"
	done
	for ((sample = 0; sample < 3; sample++)); do
		measure_all last
	done
	say "cycle $cycle of $cycles: taking the fences away"
	"$program" detach --all >/dev/null
done
say ""
print_table
print_memory
