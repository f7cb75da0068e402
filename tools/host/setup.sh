#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Sets up the system in which it runs as a chroot. Usage: setup.sh small|full
set -eu

# With an empty one systemd would take the boot for the first and enable every unit again.
echo 0123456789abcdef0123456789abcdef >/etc/machine-id
echo host >/etc/hostname
echo '127.0.0.1 localhost host' >/etc/hosts
# Engines put it into containers.
echo '# There is no network.' >/etc/resolv.conf
echo '/dev/vda / ext4 rw,noatime 0 0' >/etc/fstab
mkdir -p /etc/systemd/journald.conf.d /etc/systemd/system.conf.d
printf '[Journal]\nStorage=volatile\nRateLimitBurst=0\n' >/etc/systemd/journald.conf.d/host.conf
# The processor is emulated, so nothing is as quick as it is used to be.
printf '[Manager]\nDefaultTimeoutStartSec=600\nDefaultStartLimitBurst=1000\n' >/etc/systemd/system.conf.d/host.conf
useradd --create-home --shell /bin/bash user
systemctl enable agent.service
# What only takes time.
systemctl mask --quiet getty.target apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \
	e2scrub_reap.service fstrim.timer systemd-timesyncd.service systemd-binfmt.service systemd-update-utmp.service \
	proc-sys-fs-binfmt_misc.automount systemd-tmpfiles-clean.timer systemd-firstboot.service systemd-pcrmachine.service \
	systemd-journal-flush.service systemd-random-seed.service dev-hugepages.mount sys-kernel-debug.mount \
	sys-kernel-tracing.mount kmod-static-nodes.service modprobe@configfs.service modprobe@fuse.service \
	modprobe@dm_mod.service modprobe@drm.service modprobe@efi_pstore.service

# A container image of busybox alone, as a tree.
mkdir -p /root/image/bin /root/image/dev /root/image/proc /root/image/sys /root/image/tmp /root/image/etc
cp /bin/busybox /root/image/bin/busybox
for name in sh ls cat sleep nc mknod dd id echo true head stat test; do
	ln -s busybox "/root/image/bin/$name"
done
echo 'root:x:0:0::/:/bin/sh' >/root/image/etc/passwd

if [ "$1" = full ]; then
	systemctl mask --quiet podman-auto-update.timer podman-auto-update.service podman-restart.service podman.socket \
		podman-clean-transient.service nftables.service slurmctld.service slurmd.service munge.service
	systemctl disable --quiet docker.service docker.socket containerd.service
	dd if=/dev/urandom of=/etc/munge/munge.key bs=1024 count=1 status=none
	chown munge:munge /etc/munge/munge.key
	chmod 400 /etc/munge/munge.key
	mkdir -p /var/spool/slurmctld /var/spool/slurmd /var/log/slurm
	chown slurm:slurm /var/spool/slurmctld /var/log/slurm
fi
