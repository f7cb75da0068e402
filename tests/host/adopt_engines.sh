#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# A container that was started without /dev/fuse gets it while it runs, of each engine, runtime and cgroup manager. It keeps
# it whatever systemd and the engine do to the container, while `watch` takes their programs' places again, and in the end
# nothing differs from before. All the time a process inside tries it, and a device that it never gets.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=engines.sh
. "$(dirname "$0")/engines.sh"

# Each is all that can be done to a container; the tests share them.
ROUNDS=$(((${CGFENCE_HOST_ROUNDS:-1000} + 7) / 8))
CGFENCE_HOST_TIMEOUT=$((600 + 30 * ROUNDS))
TRIED='/dev/fuse /dev/never'

# ---- the container ----

# box COMMAND...: one that COMMAND starts, with its cgroup, and a node of a device that it may not open.
box() {
	modprobe fuse
	"$@" -- hammer
	wait_for has_lines 1
	[[ $(cat "$LOG") == '/dev/fuse=No such file or directory /dev/never=No such file or directory' ]] || fail "$(cat "$LOG")"
	PROCESS=$("${PID[@]}")
	CGROUP=$(sed -n 's/^0:://p' "/proc/$PROCESS/cgroup")
	CGROUP=${CGROUP%/container}
	UNIT=
	[[ $CGROUP != *.scope ]] || UNIT=${CGROUP##*/}
	# As /dev/tty1.
	mknod "/proc/$PROCESS/root/dev/never" c 4 1
	skip_line
}

skip_line() {
	again "$PROCESS"
}

# The device programs of both levels, with what makes two of them alike.
programs() {
	local level id name

	for level in "" /container; do
		[[ -d /sys/fs/cgroup$CGROUP$level ]] || continue
		bpftool --json cgroup show "/sys/fs/cgroup$CGROUP$level" |
			jq --raw-output '.[] | select(.attach_type | test("device")) | "\(.id) \(.name // "")"' |
			while read -r id name; do
				echo "${level:-.} $id $(bpftool --json prog show id "$id" | jq --raw-output .tag) $name"
			done
	done
}

# Without those of systemd, which makes its own anew at each change of the unit, and without the ids.
alike() {
	programs | grep --invert-match sd_devices | cut --delimiter=' ' --fields=1,3-
}

# Each process that is started takes long in this machine, so this starts few.
is_ours_alone() {
	local listed=

	[[ ! -d /sys/fs/cgroup$CGROUP/container ]] || listed=$(bpftool cgroup show "/sys/fs/cgroup$CGROUP/container")
	[[ $listed != *device* ]] || return 1
	listed=$(bpftool cgroup show "/sys/fs/cgroup$CGROUP")
	[[ $listed == *cgfence_device* && ${listed/ cgroup_device/} != *' cgroup_device'* ]]
}

# ---- what it sees ----

# look: of the tries since the last look, the device that is given was opened each time, and the other one never.
LOOKS=0 OPENED=0 REFUSED=0 MISSED=0
look() { # [1 if it may miss]
	local fuse never

	again "$PROCESS"
	fuse=$(tail -n 1 "$LOG" | sed 's/.*fuse=\([0-9:]*\).*/\1/')
	never=$(tail -n 1 "$LOG" | sed 's/.*never=\([0-9:]*\).*/\1/')
	[[ $never == 0:*:0 && $never != 0:0:* ]] || fail "look $LOOKS after ${DONE-}: the refused device $never"
	[[ $fuse == *:0 && (-n ${1-} || ($fuse != 0:* && $fuse == *:0:0)) ]] ||
		fail "look $LOOKS after ${DONE-}: the device that is given $fuse"
	LOOKS=$((LOOKS + 1))
	OPENED=$((OPENED + ${fuse%%:*}))
	fuse=${fuse#*:}
	MISSED=$((MISSED + ${fuse%:*}))
	never=${never#*:}
	REFUSED=$((REFUSED + ${never%:*}))
}

# ---- what is done ----

adopt() {
	local started

	started=$(date +%s%N)
	cgfence adopt "$CGROUP"
	TOOK=$((($(date +%s%N) - started) / 1000000))
	is_ours_alone || fail "$(programs)"
}

give() {
	cgfence allow --node "$CGROUP" device /dev/fuse rw
	is_ours_alone || fail "$(programs)"
	skip_line
	DONE=allow
	look
}

take_back() {
	cgfence revoke --node "$CGROUP" device /dev/fuse rw
	is_ours_alone || fail "$(programs)"
	skip_line
	again "$PROCESS"
	[[ $(tail -n 1 "$LOG") == /dev/fuse=0:0:*' '/dev/never=0:*:0 ]] || fail "$(tail -n 1 "$LOG")"
}

# watch is told of a program a moment before it is attached, and of nothing where none is.
settle() {
	local i

	for ((i = 0; i < 200; i++)); do
		! is_ours_alone || return 0
		sleep 0.1
	done
	fail "after $DONE: $(programs); $(tail -n 3 "$SCRATCH/watch")"
}

# act [may miss] COMMAND...
act() {
	local miss=

	[[ $1 != may_miss ]] || miss=1
	[[ $1 != may_miss ]] || shift
	DONE=$*
	"$@" >/dev/null
	settle
	look $miss
	look
}

round() { # NUMBER
	if [[ $UNIT ]]; then
		act systemctl daemon-reload
		act systemctl set-property --runtime "$UNIT" CPUWeight=$((100 + $1 % 2))
	fi
	# shellcheck disable=SC2086 # a word, or none
	act ${MAY_MISS+may_miss} "${UPDATE[@]}" $1
}

# What is kept is put back, and answers all questions as before: it is adopted again by the same rules.
expect_before() { # PROGRAMS POLICY
	[[ $(alike) == "$1" ]] || fail "before: $1; after: $(programs)"
	(($(programs | grep --count sd_devices) <= 1)) || fail "$(programs)"
	adopt
	[[ $(cgfence show "$CGROUP") == "$2" ]] || fail "$(diff <(echo "$2") <(cgfence show "$CGROUP"))"
	cgfence release "$CGROUP"
	[[ $(alike) == "$1" ]] || fail "before: $1; after: $(programs)"
}

tell() { # ROUNDS
	echo "= adopted in $first ms; $1 rounds, $LOOKS looks: given $OPENED times and not $MISSED, refused $REFUSED times"
}

expect_given_and_kept() {
	local before ids policy first number

	ids=$(programs)
	before=$(alike)
	adopt
	first=$TOOK
	policy=$(cgfence show "$CGROUP")
	cgfence release "$CGROUP"
	[[ $(programs) == "$ids" ]] || fail "before: $ids; after: $(programs)"
	adopt
	give
	cgfence watch --json >"$SCRATCH/watch" 2>&1 &
	later "kill $!"
	for ((number = 1; number <= ROUNDS; number++)); do
		round "$number"
		# The last one is shown, all are if it fails or its time is over.
		((number % 10)) || tell "$number"
	done
	take_back
	cgfence release "$CGROUP"
	expect_before "$before" "$policy"
	tell "$ROUNDS"
}

# ---- the engines ----

with_podman() { # RUNTIME MANAGER
	ENGINE=(podman --runtime "$1" --cgroup-manager "$2")
	with_engine
}

with_engine() {
	PID=(pid_in life)
	UPDATE=(update_container)
	later "'${ENGINE[0]}' rm --force life"
	box run_container --detach --name life
}

update_container() { # NUMBER
	"${ENGINE[@]}" update --cpu-shares $((512 + $1 % 2)) life
}

with_ctr() { # RUNTIME [OPTION...]
	PID=(pid_in_ctr)
	UPDATE=(update_ctr "$1")
	later 'ctr task kill --signal KILL box; ctr task delete box; ctr container delete box'
	box run_ctr --runc-binary "$@" --detach
}

# ctr has no such command.
update_ctr() { # RUNTIME NUMBER
	"$1" --root /run/containerd/runc/default update --cpu-share $((512 + $2 % 2)) box
}

test_podman_runc_systemd() {
	with_podman runc systemd
	expect_given_and_kept
}

# Its own program comes back with each update, and refuses the device until watch has seen to it.
test_podman_crun_systemd() {
	with_podman crun systemd
	MAY_MISS=1
	expect_given_and_kept
}

test_podman_runc_cgroupfs() {
	with_podman runc cgroupfs
	expect_given_and_kept
}

# It finds one program on its cgroup, takes that for its own, and cannot replace it. Nothing changes then.
test_podman_crun_cgroupfs() {
	with_podman crun cgroupfs
	UPDATE=(update_fails)
	expect_given_and_kept
}

update_fails() { # NUMBER
	! update_container "$1" 2>/dev/null || fail 'crun can be updated now'
}

test_docker_systemd() {
	ENGINE=(docker)
	with_engine
	expect_given_and_kept
}

test_docker_cgroupfs() {
	ENGINE=(docker)
	use_cgroupfs
	with_engine
	expect_given_and_kept
}

test_ctr_runc_systemd() {
	with_ctr runc "${CTR_SYSTEMD[@]}"
	expect_given_and_kept
}

test_ctr_runc_cgroupfs() {
	with_ctr runc
	expect_given_and_kept
}

run_tests "$@"
