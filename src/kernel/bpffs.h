/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The file system that the pins are in: how long it lasts, and who can write in it. */
#pragma once

#include <cgfence/cgfence.h>

#define BPFFS_POINT "/sys/fs/bpf"

/* Programs of the same bpffs find each other's pins; it ends with the last mount of it. */

/** bpffs_is_mounted() - is there one? */
bool bpffs_is_mounted(void);

/**
 * bpffs_mount() - mount one, if there is none, that root alone can enter.
 * @may_end: even if it ends with this mount namespace
 *
 * One that is mounted in the mount namespace of PID 1, or spreads there (mount_namespaces(7), peer groups), stays until
 * the host goes down.
 *
 * Return: 0, -EPERM if it would end earlier or that cannot be told, another -errno.
 */
int bpffs_mount(bool may_end, struct cgfence_error *error);

/** bpffs_check_mount() - would bpffs_mount() refuse? */
int bpffs_check_mount(struct cgfence_error *error);

/** bpffs_check_owner() - can nobody but root rename or remove what root makes in it? Return: 0, -EPERM. */
int bpffs_check_owner(struct cgfence_error *error);

/** bpffs_check_directory() - can nobody but root write in a directory? Return: 0, also if there is none; -EPERM. */
int bpffs_check_directory(const char *path, struct cgfence_error *error);

/** bpffs_check_lockable() - can nobody but root open the directory @fd, and so lock it? Return: 0, -EPERM. */
int bpffs_check_lockable(int fd, const char *path, struct cgfence_error *error);
