# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# What the tests of the machine with systemd share. A test is a function test_NAME of a file; each runs in a shell of its
# own with -eu, is reported in TAP, and takes away what it made when it ends, however it ends.

# podman that is run by a service leaves conmon in the cgroup of that service.
unset INVOCATION_ID
# How often a test starts what it tests.
# shellcheck disable=SC2034 # the tests use it
STARTS=${CGFENCE_HOST_STARTS:-50}
SCRATCH=/run/host-test
LOG=$SCRATCH/log
POLICY=$SCRATCH/policy.json
TOPIC=$(basename "$0" .sh)

run_tests() { # [NAME | --only PATTERN]
	local name output started only='*'

	if [[ ${1-} == --only ]]; then
		only=$2
	elif (($#)); then
		set -euo pipefail
		mkdir -p "$SCRATCH"
		chmod 755 "$SCRATCH"
		trap clean_up EXIT
		write_policy '{"devices": {"defaults": true, "deny": ["c 1:7 r"]}, "ports": {"tcp": [8080]}}'
		"test_$1"
		return
	fi
	for name in $(declare -F | sed -n 's/^declare -f test_//p'); do
		# shellcheck disable=SC2053 # it is a pattern
		[[ $name == $only ]] || continue
		started=$SECONDS
		if output=$(timeout --kill-after=10 "${CGFENCE_HOST_TIMEOUT:-1500}" bash "$0" "$name" 2>&1 </dev/null); then
			echo "ok - $TOPIC/$name # $((SECONDS - started)) s$(sed -n 's/^= /, /p' <<<"$output" | tail -n 1)"
		else
			echo "not ok - $TOPIC/$name"
			echo "  ${output//$'\n'/$'\n'  }"
		fi
	done
}

# later COMMAND: has it run when the test ends, the last first.
CLEANERS=()
later() {
	CLEANERS=("$1" "${CLEANERS[@]}")
}

clean_up() {
	local status=$? command

	set +e
	if ((status)); then
		journalctl --lines=10 --output=cat | cut --characters=-200
	fi
	for command in "${CLEANERS[@]}"; do
		eval "$command" >/dev/null 2>&1
	done
	# What this machine got at its boot stays.
	[[ $TOPIC == boot ]] || cgfence detach --all >/dev/null 2>&1
	rm -rf "$SCRATCH"
	exit "$status"
}

fail() {
	echo "$*"
	exit 1
}

write_policy() { # JSON
	echo "$1" >"$POLICY"
}

# unit NAME: makes a unit of what is on standard input.
unit() {
	mkdir -p /run/systemd/system
	cat >"/run/systemd/system/$1"
	systemctl daemon-reload
	later "systemctl stop '$1'; systemctl reset-failed '$1'; rm -f '/run/systemd/system/$1'"
}

# probing_unit NAME [LINE]...: a service whose first act is to try what the policy refuses and what it allows. It is up when
# it has done so.
TRIED='/dev/full 9090 /dev/null 8080'
AS_FENCED='/dev/full=refused 9090=refused /dev/null=allowed 8080=allowed'
# shellcheck disable=SC2034 # the tests use it
AS_FREE='/dev/full=allowed 9090=allowed /dev/null=allowed 8080=allowed'
probing_unit() {
	unit "$1" <<-END
		[Service]
		KillSignal=SIGKILL
		ExecStart=/usr/lib/host/probe $LOG $TRIED stay
		$(printf '%s\n' "${@:2}")
	END
}

# follow NAME: runs the recipe between the marks of that name in the source of the manual.
follow() { # NAME
	local script

	script=$(sed -n "/^\.\\\\\" recipe $1\$/,/^\.\\\\\" end\$/p" /usr/lib/host/manual |
		sed -n '/^\.Bd /,/^\.Ed$/p' | sed -e "s/\\\\(aq/'/g" -e '/^\./d; s/\\(dq/"/g; s/\\-/-/g; s/\\e/\\/g')
	[[ -n $script ]] || fail "the manual has no recipe '$1'"
	bash -euc "$script" 2>&1
}

# wait_for COMMAND...: until it succeeds.
wait_for() {
	local i

	for ((i = 0; i < 3000; i++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	fail "this never became true: $*"
}

has_lines() { # COUNT
	(($(wc -l <"$LOG") >= $1))
}

# expect_lines COUNT [LINE]: waits until the log has so many lines, all of which must be as in the fence. Says how many of the
# opens and binds that the line refuses were let through.
expect_lines() {
	local line=${2-$AS_FENCED} other wanted let_through=0

	wait_for has_lines "$1"
	for wanted in $line; do
		[[ $wanted != *=refused ]] ||
			((let_through += $(grep --count --fixed-strings "${wanted%=*}=allowed" "$LOG" || true))) || true
	done
	echo "= $(wc -l <"$LOG") starts or other acts, $let_through let through"
	other=$(grep --line-number --invert-match --fixed-strings --line-regexp "$line" "$LOG" || true)
	[[ -z $other ]] || fail "of $(wc -l <"$LOG") attempts these are not '$line': $other"
	(($(wc -l <"$LOG") == $1)) || fail "$(wc -l <"$LOG") attempts in place of $1"
}

# takes_hangups PID: SIGHUP, the first of the caught signals, ends what is not yet a probe.
takes_hangups() {
	[[ $(cat "/proc/$1/comm") == probe ]] && ((0x$(sed -n 's/^SigCgt:\t//p' "/proc/$1/status") & 1))
}

# again PID: has a probe that stays try again, and waits until it has.
again() {
	local lines

	lines=$(wc -l <"$LOG")
	wait_for takes_hangups "$1"
	kill -HUP "$1"
	wait_for has_lines $((lines + 1))
}

main_pid() { # UNIT
	systemctl show --property=MainPID --value "$1"
}

start_watch() {
	later 'systemctl stop cgfence-watch.service'
	systemctl start cgfence-watch.service
	[[ $(systemctl is-active cgfence-watch.service) == active ]] || fail 'it is not active'
}
