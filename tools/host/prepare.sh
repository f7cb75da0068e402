#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Brings the full machine of run.sh to where its state is saved: the container engines and Slurm run and have the image.
set -eu

modprobe -a overlay bridge br_netfilter
tar -C /root/image -cf /root/image.tar .
podman import --quiet /root/image.tar box >/dev/null
systemctl start containerd.service docker.service
docker import /root/image.tar box >/dev/null
docker save box -o /root/docker.tar
ctr image import /root/docker.tar >/dev/null
rm /root/docker.tar
systemctl unmask --quiet munge.service slurmctld.service slurmd.service
systemctl start munge.service slurmctld.service slurmd.service
srun --immediate=60 true
