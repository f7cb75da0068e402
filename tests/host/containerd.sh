#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Containers of containerd, by ctr, with both runtimes and both cgroup managers, under standing fences.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=engines.sh
. "$(dirname "$0")/engines.sh"

with_ctr() { # RUNTIME MANAGER
	PATTERN='default/*'
	OPTIONS=(--runc-binary "$1")
	if [[ $2 == systemd ]]; then
		PATTERN='system.slice/ctr-*.scope'
		OPTIONS+=("${CTR_SYSTEMD[@]}")
	fi
	cgfence attach "$PATTERN" "$POLICY" >/dev/null
}

run_container() { # OPTION... -- [stay]
	run_ctr "${OPTIONS[@]}" "$@"
}

expect_fenced() { # RUNTIME MANAGER
	local i

	with_ctr "$@"
	for ((i = 1; i <= STARTS; i++)); do
		run_container --rm --
	done
	expect_lines "$STARTS"
	later 'ctr task kill --signal KILL box; ctr task delete box; ctr container delete box'
	run_container --detach -- stay
	expect_lines $((++STARTS))
	# shellcheck disable=SC2086 # a list of what to try
	ctr task exec --exec-id more box /usr/lib/host/probe "$LOG" $TRIED
	expect_lines $((++STARTS))
	ctr task pause box
	ctr task resume box
	again "$(pid_in_ctr)"
	expect_lines $((++STARTS))
}

test_runc_cgroupfs() {
	expect_fenced runc cgroupfs
}

test_runc_systemd() {
	expect_fenced runc systemd
}

test_crun_cgroupfs() {
	expect_fenced crun cgroupfs
}

test_crun_systemd() {
	expect_fenced crun systemd
}

# ctr has no option for hooks, so this stands for the runtime, and adds it to what the runtime reads.
test_attach_is_put_off_while_runc_sets_up() {
	make_waiting_hook
	cat >"$SCRATCH/runc" <<-END
		#!/bin/sh
		for word; do
			[ "\$last" != --bundle ] || bundle=\$word
			last=\$word
		done
		case " \$* " in
		*' create '*)
			jq '.hooks.createRuntime = [{"path": "$SCRATCH/hook"}]' "\$bundle/config.json" >"\$bundle/new" &&
				mv "\$bundle/new" "\$bundle/config.json"
			;;
		esac
		exec runc "\$@"
	END
	chmod 755 "$SCRATCH/runc"
	OPTIONS=(--runc-binary "$SCRATCH/runc")
	later 'ctr task kill --signal KILL box; ctr task delete box; ctr container delete box'
	expect_put_off run_container --detach -- stay
}

run_tests "$@"
