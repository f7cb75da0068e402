#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Runners of continuous integration, whose jobs run in privileged containers, in the slice of the manual's recipe. The image of
# a job is this host's own system, with an engine that it runs inside.
# shellcheck disable=SC2317,SC2016 # run_tests calls the functions, and eval expands what they wait for
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# What a job tries: a disk that the host has mounted, one that it has not, the log and the memory of the kernel.
# shellcheck disable=SC2034 # lib.sh uses them
TRIED='/dev/vda /dev/loop0 /dev/kmsg /dev/mem /dev/null /dev/fuse /dev/net/tun'
AS_FENCED='/dev/vda=refused /dev/loop0=refused /dev/kmsg=refused /dev/mem=refused /dev/null=allowed /dev/fuse=allowed /dev/net/tun=allowed'
AS_FREE='/dev/vda=allowed /dev/loop0=allowed /dev/kmsg=allowed /dev/mem=allowed /dev/null=allowed /dev/fuse=allowed /dev/net/tun=allowed'

make_disk() {
	modprobe -a loop fuse tun
	cp /usr/lib/host/disk "$SCRATCH/disk"
	losetup /dev/loop0 "$SCRATCH/disk"
	later 'losetup --detach /dev/loop0'
}

# Its /usr is that of the host, read-only.
make_image() { # ENGINE
	local root=$SCRATCH/root

	mkdir -p "$root"/{usr,var/{lib,tmp},run,tmp,proc,sys,dev,root,mnt}
	ln -s usr/bin usr/sbin usr/lib usr/lib64 "$root/"
	cp --archive /etc "$root/"
	rm -rf "$root"/etc/{docker,cgfence,hosts,resolv.conf,hostname}
	tar --directory="$root" --create . | "$1" import - job >/dev/null
	later "$1 rmi --force job"
	tar --directory=/root/image --create --file="$SCRATCH/box.tar" .
}

# What the jobs do: each answer is a line of the log.
write_jobs() {
	cat >"$SCRATCH/tries" <<-END
		/usr/lib/host/probe $LOG $TRIED
		mount -t ext4 /dev/loop0 /mnt && echo 'mounted the disk' >>$LOG
		dd if=/dev/zero of=/dev/vda bs=512 count=0 conv=notrunc && echo 'opened the disk' >>$LOG
	END
	cat >"$SCRATCH/build" <<-END
		printf 'FROM box\nRUN echo built >/built && mknod /null c 1 3\n' >/tmp/Dockerfile
		cd /tmp
	END
	{
		cat "$SCRATCH/tries" "$SCRATCH/build"
		cat <<-END
			# As the image docker:dind does, for the controllers of the cgroups inside.
			mkdir /sys/fs/cgroup/init
			xargs -rn1 </sys/fs/cgroup/cgroup.procs >/sys/fs/cgroup/init/cgroup.procs
			sed 's/ / +/g; s/^/+/' /sys/fs/cgroup/cgroup.controllers >/sys/fs/cgroup/cgroup.subtree_control
			dockerd --iptables=false --ip6tables=false --bridge=none --exec-opt native.cgroupdriver=cgroupfs >/tmp/dockerd.log 2>&1 &
			for i in \$(seq 600); do
				docker info >/dev/null 2>&1 && break
				sleep 0.5
			done
			docker import $SCRATCH/box.tar box >/dev/null
			DOCKER_BUILDKIT=0 docker build --network=none --tag built . || tail /tmp/dockerd.log
			docker run --rm --network=none built cat /built >>$LOG
		END
	} >"$SCRATCH/docker-job"
	{
		cat "$SCRATCH/tries" "$SCRATCH/build"
		cat <<-END
			podman() {
				command podman --storage-driver=vfs --root=/tmp/podman --runroot=/run/podman --cgroup-manager=cgroupfs "\$@"
			}
			podman import $SCRATCH/box.tar box >/dev/null
			podman build --isolation=chroot --cap-add=MKNOD --tag built .
			podman run --rm --network=none --cgroups=disabled built cat /built >>$LOG
		END
	} >"$SCRATCH/podman-job"
}

# run_job ENGINE OPTION...: by the runner's unit.
run_job() {
	local engine=$1 container=(--rm --privileged --network=none --volume=/usr:/usr:ro "--volume=$SCRATCH:$SCRATCH")

	shift
	unit ci-runner.service <<-END
		[Service]
		Type=oneshot
		Slice=ci.slice
		KillMode=process
		ExecStart=$(command -v "$engine") run ${container[*]} $* job bash $SCRATCH/$engine-job
	END
	systemctl start ci-runner.service || true
}

expect_job() { # ENGINE OPTION...
	make_disk
	follow ci-runner
	make_image "$1"
	write_jobs
	run_job "$@"
	[[ $(cat "$LOG") == "$AS_FENCED"$'\nbuilt' ]] || fail "$(cat "$LOG"; journalctl --unit=ci-runner.service --output=cat)"
}

clean_recipe() {
	# The tests restart Docker more often than systemd lets it start.
	systemctl reset-failed docker.service docker.socket
	later 'systemctl stop ci.slice; rm -rf /etc/cgfence /etc/docker/daemon.json; systemctl restart docker.service'
}

test_docker_in_docker() {
	clean_recipe
	expect_job docker --volume=/var/lib/docker
}

test_podman_in_podman() {
	clean_recipe
	expect_job podman --cgroup-parent=ci.slice
}

# What the other tests see is by the fence.
test_without_a_fence() {
	make_disk
	make_image podman
	write_jobs
	cp "$SCRATCH/tries" "$SCRATCH/podman-job"
	run_job podman --cgroup-parent=ci.slice
	[[ $(cat "$LOG") == "$AS_FREE"$'\nmounted the disk\nopened the disk' ]] || fail "$(cat "$LOG")"
}

# The runner itself, and jobs that it runs without a container.
test_the_runner_itself() {
	clean_recipe
	make_disk
	follow ci-runner
	probing_unit ci-runner.service Slice=ci.slice
	systemctl start ci-runner.service || true
	expect_lines 1
}

run_tests "$@"
