#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What cgfence.service did when this machine booted with the policies of tests/host/boot.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

test_policies_are_applied() {
	[[ $(systemctl is-active cgfence.service) == active ]] || fail "$(systemctl status cgfence.service)"
	cgfence status | grep --quiet 'system.slice/fenced-at-boot.service' || fail "$(cgfence status)"
}

test_the_service_is_fenced_from_its_first_act() {
	LOG=/run/fenced-at-boot
	expect_lines 1
}

test_before_the_first_service() {
	local applied started

	applied=$(systemctl show --property=ExecMainExitTimestampMonotonic --value cgfence.service)
	started=$(systemctl show --property=ActiveEnterTimestampMonotonic --value basic.target)
	((applied > 0 && applied < started)) || fail "applied at $applied us, basic.target at $started us"
}

test_reload_applies_again() {
	cgfence detach --all >/dev/null
	systemctl reload cgfence.service
	cgfence status | grep --quiet 'system.slice/fenced-at-boot.service'
}

test_stop_leaves_the_fences() {
	systemctl stop cgfence.service
	cgfence status | grep --quiet 'system.slice/fenced-at-boot.service'
	systemctl start cgfence.service
}

test_watch_follows() {
	start_watch
}

run_tests "$@"
