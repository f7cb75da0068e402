#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Jobs of Slurm, which attaches its own device programs so that nothing else can be attached beside them.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

test_each_job() {
	local i

	cgfence attach 'system.slice/*slurmstepd.scope/job_*' "$POLICY" >/dev/null
	for i in 1 2 3 4 5; do
		# shellcheck disable=SC2086 # a list of what to try
		srun /usr/lib/host/probe "$LOG" $TRIED
		expect_lines "$i"
	done
}

run_tests "$@"
