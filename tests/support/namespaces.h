/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Namespaces of one's own, so that no pin, mount or port meets those of others. Without Criterion. */
#pragma once

#include <stdbool.h>

/**
 * namespaces_enter_mount() - go to a new mount namespace that has a bpffs and a tmpfs of its own.
 * @directory: a template of mkdtemp(3), which becomes the path of the tmpfs; it is "" if none was made
 *
 * Return: 0 or -errno; namespaces_leave_mount() takes the directory away in both cases.
 */
int namespaces_enter_mount(char *directory);

/** namespaces_leave_mount() - take the tmpfs away; the namespace stays. Return: 0 or -errno. */
int namespaces_leave_mount(const char *directory);

/** namespaces_enter_net() - go to a new network namespace whose loopback is up. Return: 0 or -errno. */
int namespaces_enter_net(void);

/**
 * namespaces_visit_net() - the same, to come back from.
 * @before: receives a descriptor for namespaces_return_net()
 *
 * Return: 0 or -errno; the calling thread is where it was then.
 */
int namespaces_visit_net(int *before);

/** namespaces_return_net() - go back, and close @before; aborts if that fails, since what follows would run elsewhere. */
void namespaces_return_net(int before);

/** namespaces_has_users() - can a user namespace be made? Not in a chroot (user_namespaces(7)). */
bool namespaces_has_users(void);

/**
 * namespaces_move_cgroup2() - have cgroup2 itself at /sys/fs/cgroup, as runc wants it.
 *
 * It is moved if it is mounted elsewhere, since a new mount would set the options of the whole hierarchy.
 *
 * Return: 0 or -errno.
 */
int namespaces_move_cgroup2(void);
