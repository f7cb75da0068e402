#!/bin/sh
# /init of the machines of run.sh: mounts the disk, puts the files of the job there if there is one at boot already, and
# starts systemd.
busybox mount -t devtmpfs devtmpfs /dev
busybox mount -t proc proc /proc
busybox insmod /virtio_blk.ko
busybox mount -t ext4 -o rw,noatime /dev/vda /mnt
if busybox head -c 512 /dev/vdb | busybox grep -q '^host-job/'; then
	busybox tar -xf /dev/vdb -C /mnt
	echo >/mnt/host-job/unpacked
fi
busybox umount /proc
busybox mount --move /dev /mnt/dev
exec busybox switch_root /mnt /sbin/init
