#!/bin/sh
# /init of the machines of vm-run.sh: brings up what a booted host has and runs /command.
# The kernel's messages go to ttyS0, what the command prints to ttyS1, how it ended to ttyS2.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TERM=dumb

busybox mount -t proc proc /proc
busybox --install -s 2>/dev/null
mount -t sysfs sysfs /sys
mount -t securityfs securityfs /sys/kernel/security
mount -t cgroup2 cgroup2 /sys/fs/cgroup
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o ptmxmode=666 devpts /dev/pts
ln -s /proc/self/fd /dev/fd

# Files given with --file may lie below these, so they move along.
for directory in /tmp /run /dev/shm; do
	mount -t tmpfs tmpfs /mnt
	cp -a "$directory/." /mnt
	mount --move /mnt "$directory"
	chmod 1777 "$directory"
done
chmod 755 /run

for module in /lib/modules/*/*.ko; do
	module=${module##*/}
	modprobe "${module%.ko}"
done
ip link set lo up

stty -F /dev/ttyS1 raw
stty -F /dev/ttyS2 raw
echo started >/dev/ttyS2
(
	# shellcheck disable=SC1091 # vm-run.sh writes it
	. /command
) </dev/null >/dev/ttyS1 2>&1
status=$?
# Setting a terminal waits for its output, of which a process left behind may still hold the end.
stty -F /dev/ttyS1 raw
echo "exited $status" >/dev/ttyS2
poweroff -f
