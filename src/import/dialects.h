/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The readers of the dialects, each for the table of importing.c; they fill the policy of the import. */
#pragma once

#include "import/importing.h"

/** import_read_systemd() - a unit, and its drop-ins in their order. */
int import_read_systemd(struct importing *import);

/** import_read_runc() - config.json of a bundle, as runc takes it. */
int import_read_runc(struct importing *import);

/** import_read_crun() - config.json of a bundle, as crun takes it. */
int import_read_crun(struct importing *import);

/** import_read_lxc() - the configuration of a container. */
int import_read_lxc(struct importing *import);

/** import_read_compose() - a service of a Compose file. */
int import_read_compose(struct importing *import);

/** import_read_cdi() - devices of the Container Device Interface. */
int import_read_cdi(struct importing *import);

/** import_read_k8s() - a pod of Kubernetes. */
int import_read_k8s(struct importing *import);

/** import_read_mesos() - the resources of an agent and of a task, and allowed devices. */
int import_read_mesos(struct importing *import);

/** import_read_nomad() - an allocation or a job as the HTTP interface gives it. */
int import_read_nomad(struct importing *import);

/** import_read_slurm() - gres.conf, with ConstrainDevices=yes. */
int import_read_slurm(struct importing *import);

/** import_read_libvirt() - qemu.conf. */
int import_read_libvirt(struct importing *import);

/** import_read_snapd() - the udev rules of a snap. */
int import_read_snapd(struct importing *import);

/** import_read_marathon() - an app. */
int import_read_marathon(struct importing *import);

/** import_read_cgroup1() - what was written to devices.allow and devices.deny, or what devices.list shows. */
int import_read_cgroup1(struct importing *import);
