#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Devices that come and go while a service runs in its fence; the kernel's own uevents wake the watch.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# The numbers of the first loop device, whether or not there is one.
NUMBERED=/dev/numbered

# start_probe ENTRY: a service in a fence that allows this, and the watch.
start_probe() {
	modprobe --remove loop
	later 'losetup --detach-all; modprobe --remove loop'
	mknod "$NUMBERED" b 7 0
	later "rm -f $NUMBERED"
	write_policy '{"devices": {"defaults": true, "allow": ["'"$1"'"], "deny": ["c 1:7 r"]}}'
	cgfence attach --standing system.slice/web.service "$POLICY" >/dev/null
	unit web.service <<-END
		[Service]
		KillSignal=SIGKILL
		ExecStart=/usr/lib/host/probe $LOG $NUMBERED /dev/full stay
	END
	start_watch
	systemctl start web.service
	expect_lines 1 "$NUMBERED=refused /dev/full=refused"
}

plug() {
	truncate --size=1M "$SCRATCH/disk"
	modprobe loop
	losetup /dev/loop0 "$SCRATCH/disk" 2>/dev/null || losetup --find "$SCRATCH/disk"
}

unplug() {
	losetup --detach-all
	wait_for modprobe --remove loop
}

# expect_verdict LINES VERDICT: of the first loop device, once the watch has followed.
expect_verdict() {
	if [[ $2 == allowed ]]; then
		wait_for eval 'cgfence show system.slice/web.service | grep --quiet "b 7:"'
	else
		wait_for eval '! cgfence show system.slice/web.service | grep --quiet "b 7:"'
	fi
	again "$(main_pid web.service)"
	[[ $(sed --quiet "$1p" "$LOG") == "$NUMBERED=$2 /dev/full=refused" ]] || fail "line $1 is $(sed --quiet "$1p" "$LOG")"
}

plug_and_unplug() {
	local round

	for round in 1 2 3; do
		plug
		expect_verdict $((2 * round)) allowed
		unplug
		expect_verdict $((2 * round + 1)) refused
	done
	journalctl --unit=cgfence-watch.service --output=cat --since=-1h | grep --quiet '"event": *"resolved"' ||
		fail 'the watch did not say what it changed'
}

test_a_pattern_of_paths() {
	start_probe '-/dev/loop[0-9]* rw'
	plug_and_unplug
}

test_a_driver() {
	start_probe '-b loop:* rw'
	plug_and_unplug
}

run_tests "$@"
