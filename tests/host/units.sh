#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The units that come with cgfence, and ordinary fences on services.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

test_pid_self_before_the_service() {
	local i

	probing_unit web.service "ExecStartPre=+/usr/local/sbin/cgfence attach pid:self $POLICY"
	for ((i = 1; i <= STARTS; i++)); do
		systemctl restart web.service
		wait_for has_lines "$i"
	done
	expect_lines "$STARTS"
	systemctl daemon-reload
	systemctl set-property --runtime web.service CPUWeight=50 DevicePolicy=closed
	again "$(main_pid web.service)"
	expect_lines $((STARTS + 1))
	systemctl revert web.service
}

test_no_start_without_its_fence() {
	probing_unit web.service "ExecStartPre=+/usr/local/sbin/cgfence attach pid:self /nowhere.json"
	! systemctl start web.service || fail 'the service started without its fence'
	[[ ! -e $LOG ]] || fail 'the service ran'
}

# The listener is older than its place in the fence, so only watch can find it, with all the capabilities it needs and no others.
bring_listener() {
	write_policy '{"ports": {"tcp": [8080]}, "on_violation": "'"$1"'"}'
	mkdir -p /sys/fs/cgroup/bring
	later 'rmdir /sys/fs/cgroup/bring'
	cgfence attach /bring "$POLICY" >/dev/null
	busybox nc -l -p 9999 >/dev/null </dev/zero &
	later "kill $!"
	wait_for listens 9999
	echo $! >/sys/fs/cgroup/bring/cgroup.procs
}

listens() {
	[[ -n $(ss --no-header --tcp --listening "sport = $1") ]]
}

listens_not() {
	! listens "$1"
}

test_watch_closes_what_was_brought() {
	start_watch
	bring_listener close
	systemctl reload cgfence-watch.service
	wait_for listens_not 9999
}

test_watch_kills_what_brought_it() {
	start_watch
	bring_listener kill
	systemctl reload cgfence-watch.service
	wait_for listens_not 9999
	wait_for test -z "$(cat /sys/fs/cgroup/bring/cgroup.procs)"
}

test_watch_reports_to_the_journal() {
	start_watch
	bring_listener log
	systemctl reload cgfence-watch.service
	wait_for eval 'journalctl --unit=cgfence-watch.service --output=cat --since=-1h | grep --quiet "\"event\": *\"violation\".*9999"'
}

# Confined as it is, it can make fences, too.
test_watch_applies_policies() {
	later 'rm -f /etc/cgfence/policies/bring.json; rmdir /sys/fs/cgroup/bring'
	start_watch
	mkdir -p /etc/cgfence/policies /sys/fs/cgroup/bring
	echo '{"cgroup": "bring", "devices": {"defaults": true}}' >/etc/cgfence/policies/bring.json
	wait_for eval 'cgfence status /bring'
}

test_watch_comes_back_when_killed() {
	local before

	start_watch
	before=$(main_pid cgfence-watch.service)
	kill -KILL "$before"
	wait_for eval '[[ $(systemctl is-active cgfence-watch.service) == active && $(main_pid cgfence-watch.service) != '"$before"' ]]'
}

test_units_are_as_systemd_wants_them() {
	local complaints

	complaints=$(systemd-analyze verify --man=no cgfence-watch.service cgfence.service 2>&1 | grep cgfence || true)
	[[ -z $complaints ]] || fail "$complaints"
}

run_tests "$@"
