#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Services of systemd under standing fences.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

fence_web() {
	cgfence attach --standing system.slice/web.service "$POLICY" >/dev/null
}

test_each_of_many_restarts() {
	local i

	fence_web
	probing_unit web.service
	for ((i = 1; i <= STARTS; i++)); do
		systemctl restart web.service
		wait_for has_lines "$i"
	done
	expect_lines "$STARTS"
}

test_each_start_after_a_stop() {
	local i

	fence_web
	probing_unit web.service
	for i in 1 2 3 4 5; do
		systemctl start web.service
		wait_for has_lines "$i"
		systemctl stop web.service
		[[ ! -e /sys/fs/cgroup/system.slice/web.service ]] || fail "the cgroup of the stopped service is still there"
	done
	expect_lines 5
}

test_each_restart_after_a_crash() {
	local i

	fence_web
	probing_unit web.service Restart=always RestartSec=0 'LimitCORE=0'
	systemctl start web.service
	for i in 1 2 3 4 5 6 7 8 9 10; do
		wait_for has_lines "$i"
		systemctl kill --signal=SEGV web.service
	done
	expect_lines 11
}

test_over_daemon_reload_and_reexec() {
	fence_web
	probing_unit web.service
	systemctl start web.service
	expect_lines 1
	systemctl daemon-reload
	again "$(main_pid web.service)"
	systemctl daemon-reexec
	again "$(main_pid web.service)"
	systemctl restart web.service
	expect_lines 4
}

# Each of them installs the programs of systemd anew, also with a property that is not of devices.
test_over_set_property() {
	local property count=1

	fence_web
	probing_unit web.service
	systemctl start web.service
	expect_lines 1
	for property in CPUWeight=50 'DeviceAllow=/dev/full rw' DevicePolicy=closed TasksMax=100 SocketBindDeny=tcp:7070; do
		systemctl set-property --runtime web.service "$property"
		again "$(main_pid web.service)"
		expect_lines $((++count))
	done
	systemctl revert web.service
	systemctl restart web.service
	expect_lines $((count + 1))
}

# What systemd refuses it refuses still: 7070 by SocketBindDeny, and kmsg by DevicePolicy and PrivateDevices.
beside() { # LINE...
	TRIED+=' 7070 /dev/kmsg'
	write_policy '{"devices": {"defaults": true, "allow": ["c 1:11 r"], "deny": ["c 1:7 r"]}, "ports": {"tcp": [7070, 8080]}}'
	fence_web
	probing_unit web.service "${@:2}"
	systemctl start web.service
	expect_lines 1 "$AS_FENCED $1"
	systemctl restart web.service
	again "$(main_pid web.service)"
	expect_lines 3 "$AS_FENCED $1"
}

test_beside_device_policy() {
	beside '7070=allowed /dev/kmsg=refused' DevicePolicy=closed
}

test_beside_socket_bind() {
	beside '7070=refused /dev/kmsg=allowed' SocketBindDeny=tcp:7070
}

test_beside_private_devices() {
	beside '7070=allowed /dev/kmsg=No such file or directory' PrivateDevices=yes
}

test_instances_of_a_template() {
	local i

	cgfence attach 'system.slice/system-web.slice/web@*.service' "$POLICY" >/dev/null
	probing_unit web@.service
	later 'systemctl stop web@1.service web@2.service web@3.service'
	systemctl start web@1.service web@2.service web@3.service
	expect_lines 3
	systemctl stop web@1.service web@2.service web@3.service
	systemctl stop system-web.slice
	systemctl start web@1.service
	expect_lines 4
}

# The fence was made when the slice was there, and the slice goes with its last service.
test_over_the_end_of_a_slice() {
	probing_unit web@.service
	later 'systemctl stop web@1.service system-web.slice'
	systemctl start web@1.service
	wait_for has_lines 1
	cgfence attach 'system.slice/system-web.slice/web@*.service' "$POLICY" >/dev/null
	systemctl stop web@1.service system-web.slice
	[[ ! -e /sys/fs/cgroup/system.slice/system-web.slice ]] || fail 'the slice is still there'
	rm "$LOG"
	systemctl start web@1.service
	expect_lines 1
}

test_services_of_a_user() {
	local units=/run/user/1000/systemd/user

	cgfence attach 'user.slice/user-*.slice/user@*.service/app.slice/web*.service' "$POLICY" >/dev/null
	chmod 777 "$SCRATCH"
	later 'systemctl stop user@1000.service user-1000.slice'
	systemctl start user@1000.service
	mkdir -p "$units"
	printf '[Service]\nExecStart=/usr/lib/host/probe %s %s stay\n' "$LOG" "$TRIED" |
		tee "$units/web.service" >"$units/other.service"
	systemctl --user --machine=user@ daemon-reload
	systemctl --user --machine=user@ start web.service
	expect_lines 1
	systemctl --user --machine=user@ restart web.service
	expect_lines 2
	rm "$LOG"
	systemctl --user --machine=user@ start other.service
	expect_lines 1 "$AS_FREE"
}

# systemd binds the port and the service holds the listener.
test_a_socket_that_starts_the_service() {
	probing_unit web.service
	unit web.socket <<-END
		[Socket]
		ListenStream=7070
	END
	systemctl start web.socket
	fence_web 2>"$SCRATCH/said"
	grep --quiet 'web.socket listens on tcp .*:7070 for web.service' "$SCRATCH/said" || fail "$(cat "$SCRATCH/said")"
	systemctl start web.service
	cgfence explain system.slice/web.service port tcp 7070 >/dev/null 2>"$SCRATCH/said" || true
	grep --quiet 'web.socket listens on tcp .*:7070 for web.service' "$SCRATCH/said" || fail "$(cat "$SCRATCH/said")"
}

# A service that the pattern does not name is not judged.
test_not_its_neighbours() {
	fence_web
	probing_unit web2.service
	systemctl start web2.service
	expect_lines 1 "$AS_FREE"
}

test_no_longer_after_detach() {
	fence_web
	probing_unit web.service
	systemctl start web.service
	expect_lines 1
	cgfence detach system.slice/web.service >/dev/null
	: >"$LOG"
	again "$(main_pid web.service)"
	systemctl restart web.service
	expect_lines 2 "$AS_FREE"
}

run_tests "$@"
