#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Containers of podman, with both runtimes and both cgroup managers, under standing fences.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=engines.sh
. "$(dirname "$0")/engines.sh"

with_podman() { # RUNTIME MANAGER
	ENGINE=(podman --runtime "$1" --cgroup-manager "$2")
	PATTERN=('machine.slice/libpod-*.scope' 'libpod-conmon-*')
	[[ $2 == systemd ]] || PATTERN=('libpod_parent/libpod-*')
}

test_crun_systemd_starts() {
	with_podman crun systemd
	expect_fenced_starts "${PATTERN[@]}"
}

test_crun_systemd_life() {
	with_podman crun systemd
	expect_fenced_life "${PATTERN[@]}"
}

test_runc_systemd_starts() {
	with_podman runc systemd
	expect_fenced_starts "${PATTERN[@]}"
}

test_runc_systemd_life() {
	with_podman runc systemd
	expect_fenced_life "${PATTERN[@]}"
}

test_crun_cgroupfs_starts() {
	with_podman crun cgroupfs
	expect_fenced_starts "${PATTERN[@]}"
}

test_crun_cgroupfs_life() {
	with_podman crun cgroupfs
	expect_fenced_life "${PATTERN[@]}"
}

test_runc_cgroupfs_starts() {
	with_podman runc cgroupfs
	expect_fenced_starts "${PATTERN[@]}"
}

test_runc_cgroupfs_life() {
	with_podman runc cgroupfs
	expect_fenced_life "${PATTERN[@]}"
}

expect_put_off_by() { # RUNTIME
	with_podman "$1" systemd
	make_waiting_hook
	mkdir "$SCRATCH/hooks"
	cat >"$SCRATCH/hooks/wait.json" <<-END
		{"version": "1.0.0", "hook": {"path": "$SCRATCH/hook"}, "when": {"always": true}, "stages": ["createRuntime"]}
	END
	ENGINE+=(--hooks-dir "$SCRATCH/hooks")
	later 'podman rm --force life'
	expect_put_off run_container --detach --name life -- stay
}

test_attach_is_put_off_while_runc_sets_up() {
	expect_put_off_by runc
}

test_attach_is_put_off_while_crun_sets_up() {
	expect_put_off_by crun
}

# The scope of conmon is named like a container, and holds the listeners of published ports.
test_conmon_is_left_out() {
	local scope

	with_podman crun systemd
	fence_containers "${PATTERN[@]}"
	later 'podman rm --force life'
	run_container --detach --name life -- stay
	expect_lines 1
	scope=$(podman inspect --format '{{.State.ConmonPid}}' life)
	scope=$(sed -n 's/^0:://p' "/proc/$scope/cgroup")
	[[ $scope == */libpod-conmon-* ]] || fail "conmon is in $scope"
	: >"$LOG"
	probe_in "$scope"
	expect_lines 1 "$AS_FREE"
}

test_conmon_is_fenced_without_except() {
	local scope

	with_podman crun systemd
	fence_containers 'machine.slice/libpod-*.scope'
	later 'podman rm --force life'
	run_container --detach --name life -- stay
	scope=$(podman inspect --format '{{.State.ConmonPid}}' life)
	scope=$(sed -n 's/^0:://p' "/proc/$scope/cgroup")
	probe_in "$scope"
	expect_lines 2
}

# With the network of a container of its own, the policy judges devices, and ports are none of its business.
test_a_network_of_its_own() {
	with_podman crun systemd
	fence_containers "${PATTERN[@]}"
	# shellcheck disable=SC2086 # a list of what to try
	podman run --rm --publish 7070:8080 --volume=/usr/lib/host:/usr/lib/host:ro --volume="$SCRATCH:$SCRATCH" \
		box /usr/lib/host/probe "$LOG" $TRIED >/dev/null
	expect_lines 1 '/dev/full=refused 9090=allowed /dev/null=allowed 8080=allowed'
}

run_tests "$@"
