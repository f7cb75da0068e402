#!/bin/sh
# Runs in the machines of run.sh when they are up. It says so, waits for the job, which comes as a disk, runs the job's
# command and ends the machine. What the command prints goes to ttyS1, its exit status to ttyS2.
# A machine that is restored goes on in the loop, so the disk is read past the cache.
export HOME=/root TERM=dumb
stty -F /dev/ttyS1 raw
stty -F /dev/ttyS2 raw
if ! [ -e /host-job/unpacked ]; then
	if [ -x /usr/lib/host/prepare.sh ] && ! /usr/lib/host/prepare.sh >/dev/ttyS1 2>&1; then
		echo failed >/dev/ttyS2
		exit
	fi
	sync
	echo 3 >/proc/sys/vm/drop_caches
	echo ready >/dev/ttyS2
	until dd if=/dev/vdb bs=512 count=1 iflag=direct status=none | grep -aq '^host-job/'; do
		sleep 0.1
	done
	tar -xf /dev/vdb -C /
	systemctl daemon-reload
fi
echo started >/dev/ttyS2
(
	cd /root || exit
	# shellcheck disable=SC1091 # run.sh writes it
	. /host-job/command
) </dev/null >/dev/ttyS1 2>&1
status=$?
# stty waits until the terminal has sent its output, including that of processes that still run.
stty -F /dev/ttyS1 raw
echo "exited $status" >/dev/ttyS2
stty -F /dev/ttyS2 raw
systemctl poweroff --force --force
