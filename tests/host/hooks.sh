#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Containers of podman with fences of their own, by the hook that installation puts where podman looks.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=engines.sh
. "$(dirname "$0")/engines.sh"
# shellcheck source=annotated.sh
. "$(dirname "$0")/annotated.sh"

with_podman() { # RUNTIME MANAGER
	ENGINE=(podman --runtime "$1" --cgroup-manager "$2")
}

test_crun_systemd() {
	with_podman crun systemd
	expect_annotated_life
}

test_runc_systemd() {
	with_podman runc systemd
	expect_annotated_life
}

test_crun_cgroupfs() {
	with_podman crun cgroupfs
	expect_annotated_life
}

test_runc_cgroupfs() {
	with_podman runc cgroupfs
	expect_annotated_life
}

# Of the Debian that is to come.
test_next_runc() {
	with_podman /usr/lib/host/sid/runc systemd
	expect_annotated_life
}

test_next_crun() {
	with_podman /usr/lib/host/sid/crun systemd
	expect_annotated_life
}

test_crun_closed() {
	with_podman crun systemd
	expect_closed
}

test_runc_closed() {
	with_podman runc systemd
	expect_closed
}

test_ports() {
	with_podman crun systemd
	expect_ports_by_annotation
}

# By another hook that is run before and after.
test_prestart() {
	with_podman runc systemd
	mkdir "$SCRATCH/hooks"
	sed 's/createRuntime/prestart/' /usr/share/containers/oci/hooks.d/99-cgfence.json >"$SCRATCH/hooks/prestart.json"
	ENGINE+=(--hooks-dir "$SCRATCH/hooks")
	put_policy
	run_container --rm --annotation io.cgfence.policy=web --
	expect_lines 1
}

test_without_cgroups() {
	with_podman crun systemd
	put_policy
	HOOKED=(--cgroups=disabled)
	expect_none io.cgfence.policy=web 'has no cgroup of its own'
}

# What podman was told to give the container is allowed, and nothing else.
test_devices_of_the_container() {
	with_podman crun systemd
	write_policy '{"devices": {"defaults": "container"}}'
	put_policy
	TRIED='/dev/kmsg /dev/null'
	run_container --rm --annotation io.cgfence.policy=web --device /dev/kmsg --cap-add SYSLOG --
	expect_lines 1 '/dev/kmsg=allowed /dev/null=allowed'
	write_policy '{"devices": {"defaults": "container", "deny": ["/dev/kmsg r"]}}'
	put_policy
	rm "$LOG"
	run_container --rm --annotation io.cgfence.policy=web --device /dev/kmsg --cap-add SYSLOG --
	expect_lines 1 '/dev/kmsg=refused /dev/null=allowed'
}

test_another_user() {
	local output

	put_policy
	cp /root/image.tar "$SCRATCH/image.tar"
	chmod 644 "$SCRATCH/image.tar"
	loginctl enable-linger user
	later 'loginctl disable-linger user'
	wait_for test -S /run/user/1000/bus
	as_user() {
		runuser --login user --command "XDG_RUNTIME_DIR=/run/user/1000 podman $*" 2>&1
	}
	as_user import --quiet "$SCRATCH/image.tar" box
	as_user run --rm --network=none box true
	! output=$(as_user run --rm --network=none --annotation io.cgfence.policy=web box true) || fail 'it started'
	output+=$(journalctl --identifier=cgfence --output=cat)
	[[ $output == *'of a user other than root cannot get a fence'* ]] || fail "$output"
}

run_tests "$@"
