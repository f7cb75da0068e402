#!/bin/sh
# /init of the machines of vm-run.sh: sets up the system as on a booted host and runs /command. The messages of the
# kernel go to its console, the output of the command to the port $output, its exit status to $status_port: those of
# virtio where there are no three serial ports.
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

# Files of --file may lie in these directories, so copy them.
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

output=/dev/vport0p1
status_port=/dev/vport0p2
if [ ! -e "$output" ]; then
	output=/dev/ttyS1
	status_port=/dev/ttyS2
	stty -F "$output" raw
	stty -F "$status_port" raw
fi
echo started >"$status_port"
(
	# shellcheck disable=SC1091 # vm-run.sh writes it
	. /command
) </dev/null >"$output" 2>&1
status=$?
# stty waits until the terminal has sent its output, including that of processes that still run.
[ "$output" != /dev/ttyS1 ] || stty -F "$output" raw
echo "exited $status" >"$status_port"
poweroff -f
