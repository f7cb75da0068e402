#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Containers of Docker under standing fences.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=engines.sh
. "$(dirname "$0")/engines.sh"

ENGINE=(docker)

test_runc_systemd_starts() {
	expect_fenced_starts 'system.slice/docker-*.scope'
}

test_runc_systemd_life() {
	expect_fenced_life 'system.slice/docker-*.scope'
}

test_runc_cgroupfs_starts() {
	use_cgroupfs
	expect_fenced_starts 'docker/*'
}

test_runc_cgroupfs_life() {
	use_cgroupfs
	expect_fenced_life 'docker/*'
}

run_tests "$@"
