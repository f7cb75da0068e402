#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Jobs of Slurm, under a standing fence and with the plugin. Slurm attaches its own device programs so that nothing else can
# be attached beside them.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval and jobs expand what they are given
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

PROBE=/usr/lib/host/probe
POLICIES=/etc/cgfence/policies

test_each_job() {
	local i

	cgfence attach 'system.slice/*slurmstepd.scope/job_*' "$POLICY" >/dev/null
	for i in 1 2 3 4 5; do
		# shellcheck disable=SC2086 # a list of what to try
		srun "$PROBE" "$LOG" $TRIED
		expect_lines "$i"
	done
}

# restart_slurm [LINE]...: with these settings beside those of the machine.
restart_slurm() {
	printf '%s\n' "${SETTINGS[@]}" "$@" | cat "$SCRATCH/slurm.conf" - >/etc/slurm/slurm.conf
	systemctl restart slurmctld.service slurmd.service
	wait_for is_idle
}

is_idle() {
	[[ $(sinfo --noheader --format %T) == idle ]]
}

# use_plugin [LINE]...: of slurm.conf; every step gets the policy of the tests. Jobs that wait for nothing else start at once.
use_plugin() {
	SETTINGS=('SelectTypeParameters=CR_CPU' 'SchedulerParameters=sched_min_interval=100000')
	ldconfig
	cp /etc/slurm/slurm.conf /etc/slurm/cgroup.conf "$SCRATCH/"
	later 'systemctl restart slurmctld.service slurmd.service'
	later 'cp "$SCRATCH/slurm.conf" "$SCRATCH/cgroup.conf" /etc/slurm/'
	later "rm -rf /etc/slurm/plugstack.conf $POLICIES"
	later 'scancel --partition=main; wait_for eval "[[ -z \$(squeue --noheader) ]]"'
	mkdir -p "$POLICIES"
	cp "$POLICY" "$POLICIES/batch.json"
	chmod 777 "$SCRATCH"
	echo 'required /usr/local/lib/slurm/cgfence.so mandatory=batch ports=12000-12999' >/etc/slurm/plugstack.conf
	restart_slurm "$@"
}

# Slurm removes the cgroups of a step a moment after srun ended.
expect_nothing_left() {
	wait_for eval '[[ $(cgfence status --json) == "[]" ]]'
	wait_for eval '! ls -d /sys/fs/cgroup/system.slice/*slurmstepd.scope/job_*'
	[[ -z $(find /sys/fs/bpf/cgfence -mindepth 1 -maxdepth 1 -name '[0-9]*') ]] || fail "$(ls /sys/fs/bpf/cgfence)"
}

programs() {
	bpftool --json prog list | jq length
}

# submit OPTION... -- COMMAND: prints the id of the job, whose output goes to $SCRATCH/out.
submit() {
	local options=()

	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	printf '#!/bin/sh\n%s\n' "$2" >"$SCRATCH/script"
	sbatch --parsable --output="$SCRATCH/out" --open-mode=append "${options[@]}" "$SCRATCH/script"
}

state_of() { # JOB
	squeue --noheader --jobs="$1" --format=%T
}

has_ended() { # JOB
	[[ -z $(state_of "$1" 2>/dev/null) || $(state_of "$1") == COMPLETED ]]
}

# Also for a user, who cannot do what the plugin does.
test_steps_by_the_plugin() {
	local i

	use_plugin
	for ((i = 1; i <= STARTS; i += 2)); do
		# shellcheck disable=SC2086 # a list of what to try
		{
			srun "$PROBE" "$LOG" $TRIED
			chmod 666 "$LOG"
			runuser --user user -- srun --chdir=/ "$PROBE" "$LOG" $TRIED
		}
	done
	expect_lines $((i - 1))
	expect_nothing_left
}

# Without its policy or its ports no task starts, and the node stays in use.
test_no_task_without_its_fence() {
	use_plugin
	! srun --cgfence=missing "$PROBE" "$LOG" 8080 || fail 'it started without its policy'
	! srun --cgfence-ports=80 "$PROBE" "$LOG" 8080 || fail 'it started with a port beyond those of plugstack.conf'
	[[ ! -e $LOG ]] || fail "$(cat "$LOG")"
	wait_for is_idle
	expect_nothing_left
}

# two_jobs: each has a port and a device of its own beside what the policy of all gives, and tries those of the other.
two_jobs() {
	local tried='/dev/full /dev/kmsg 12000 12001 8080'

	echo '{"devices": {"defaults": true, "allow": ["c 1:11 r"]}, "ports": {}}' >"$POLICIES/batch.json"
	echo '{"devices": {"defaults": true}, "ports": {}}' >"$POLICIES/one.json"
	echo '{"devices": {"defaults": true, "deny": ["c 1:7 r"], "allow": ["c 1:11 r"]}, "ports": {}}' >"$POLICIES/two.json"
	# shellcheck disable=SC2086 # a list of what to try
	{
		srun --cgfence=one --cgfence-ports=12000 "$PROBE" "$LOG.1" $tried stay &
		srun --cgfence=two --cgfence-ports=12001 "$PROBE" "$LOG.2" $tried stay &
	}
	wait_for test -e "$LOG.1" -a -e "$LOG.2"
	[[ $(squeue --noheader --states=RUNNING | wc -l) == 2 ]] || fail 'they do not run at the same time'
	pkill -HUP --exact probe
	LOG=$LOG.1 expect_lines 2 '/dev/full=allowed /dev/kmsg=refused 12000=allowed 12001=refused 8080=refused'
	LOG=$LOG.2 expect_lines 2 '/dev/full=refused /dev/kmsg=allowed 12000=refused 12001=allowed 8080=refused'
	scancel --partition=main
	expect_nothing_left
}

test_two_jobs_beside_each_other() {
	use_plugin
	two_jobs
}

test_two_jobs_without_constrained_devices() {
	use_plugin
	sed -i 's/^ConstrainDevices=.*/ConstrainDevices=no/' /etc/slurm/cgroup.conf
	restart_slurm
	two_jobs
}

# Slurm gives each job one of two terminals by itself, and the fence takes another device from both.
test_devices_that_slurm_assigns() {
	local answers

	later 'rm -f /etc/slurm/gres.conf'
	printf 'Name=tty File=/dev/tty%s\n' 60 61 >/etc/slurm/gres.conf
	use_plugin GresTypes=tty
	sed -i 's/^NodeName=host .*/& Gres=tty:2/' /etc/slurm/slurm.conf "$SCRATCH/slurm.conf"
	later 'sed -i "s/ Gres=tty:2//" "$SCRATCH/slurm.conf"'
	restart_slurm GresTypes=tty
	echo '{"devices": {"defaults": true, "allow": ["c 4:* rw"]}, "ports": {}}' >"$POLICIES/batch.json"
	srun --gres=tty:1 "$PROBE" "$LOG.1" /dev/tty60 /dev/tty61 /dev/full /dev/kmsg stay &
	srun --gres=tty:1 "$PROBE" "$LOG.2" /dev/tty60 /dev/tty61 /dev/full /dev/kmsg stay &
	wait_for test -e "$LOG.1" -a -e "$LOG.2"
	answers=$(sort "$LOG.1" "$LOG.2")
	[[ $answers == '/dev/tty60=allowed /dev/tty61=refused /dev/full=allowed /dev/kmsg=refused
/dev/tty60=refused /dev/tty61=allowed /dev/full=allowed /dev/kmsg=refused' ]] || fail "$answers"
	scancel --partition=main
	expect_nothing_left
}

test_reserved_ports_are_assigned() {
	use_plugin MpiParams=ports=12000-12001
	# One of the two is reserved for the step.
	srun --resv-ports=1 sh -c "$PROBE $LOG.\$SLURM_STEP_RESV_PORTS 12000 12001 12002"
	case $(echo "$LOG".*) in
	*.12000) LOG=$LOG.12000 expect_lines 1 '12000=allowed 12001=refused 12002=refused' ;;
	*.12001) LOG=$LOG.12001 expect_lines 1 '12000=refused 12001=allowed 12002=refused' ;;
	*) fail "$(ls "$SCRATCH")" ;;
	esac
	expect_nothing_left
}

# The batch script is a step too, and so is what it starts with srun, which listens for the slurmd of that step.
test_the_output_tells_what_was_refused() {
	local job

	use_plugin SrunPortRange=13000-13099
	echo '{"devices": {"defaults": true, "deny": ["c 1:7 r"]}, "ports": {"tcp": ["13000-13099"]}}' >"$POLICIES/batch.json"
	srun sh -c "$PROBE $LOG /dev/full 9090" 2>"$SCRATCH/errors"
	grep --quiet 'cgfence: denied c 1:7 r, 1 times' "$SCRATCH/errors" || fail "$(cat "$SCRATCH/errors")"
	grep --quiet 'cgfence: denied tcp ipv4:9090, 1 times' "$SCRATCH/errors" || fail "$(cat "$SCRATCH/errors")"
	job=$(submit -- "$PROBE $LOG /dev/full; srun $PROBE $LOG 9091")
	wait_for has_ended "$job"
	wait_for grep --quiet 'cgfence: denied c 1:7 r, 1 times' "$SCRATCH/out"
	wait_for grep --quiet 'cgfence: denied tcp ipv4:9091, 1 times' "$SCRATCH/out"
	expect_nothing_left
}

test_a_job_is_requeued_and_cancelled() {
	local job

	use_plugin
	job=$(submit --requeue -- "exec $PROBE $LOG $TRIED stay")
	wait_for has_lines 1
	scontrol requeue "$job"
	wait_for eval '[[ $(state_of '"$job"') == PENDING ]]'
	# Slurm would wait two minutes, until the credential of the first run has no effect any more.
	scontrol update "JobId=$job" StartTime=now || true
	wait_for has_lines 2
	scancel "$job"
	wait_for has_ended "$job"
	expect_lines 2
	expect_nothing_left
}

test_slurmd_is_restarted() {
	local job

	use_plugin
	job=$(submit -- "exec $PROBE $LOG $TRIED stay")
	wait_for has_lines 1
	systemctl restart slurmd.service
	pkill -HUP --exact probe
	wait_for has_lines 2
	systemctl kill --signal=KILL slurmd.service
	systemctl restart slurmd.service
	pkill -HUP --exact probe
	wait_for has_lines 3
	scancel "$job"
	wait_for has_ended "$job"
	expect_lines 3
	expect_nothing_left
}

# now: milliseconds.
now() {
	echo $((${EPOCHREALTIME/./} / 1000))
}

median() {
	sort --numeric-sort | sed -n "$(((STARTS + 1) / 2))p"
}

# Four times as many as other tests start. Says what the plugin adds to a job.
test_nothing_is_left_of_many_jobs() {
	local before i started with without

	use_plugin
	srun true
	expect_nothing_left
	before=$(programs)
	for ((i = 0; i < 4 * STARTS; i++)); do
		started=$(now)
		srun "$PROBE" "$LOG" /dev/full 8080
		echo $(($(now) - started)) >>"$SCRATCH/with"
	done
	expect_lines $((4 * STARTS)) '/dev/full=refused 8080=allowed'
	expect_nothing_left
	wait_for eval "(( \$(programs) <= $before ))"
	rm /etc/slurm/plugstack.conf
	for ((i = 0; i < STARTS; i++)); do
		started=$(now)
		srun "$PROBE" "$LOG.without" /dev/full 8080
		echo $(($(now) - started)) >>"$SCRATCH/without"
	done
	with=$(head --lines="$STARTS" "$SCRATCH/with" | median)
	without=$(median <"$SCRATCH/without")
	echo "= $((4 * STARTS)) jobs, srun takes $with ms, $without without the plugin"
}

run_tests "$@"
