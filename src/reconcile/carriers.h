/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Descriptors that carry others. /proc tells that they do, but not what they carry. */
#pragma once

#include <cgfence/cgfence.h>

/**
 * carriers_unix_may_carry() - may descriptors be on their way to this socket (unix_show_fdinfo, net/unix/af_unix.c)?
 * @task: descriptor of the directory of a task in /proc
 * @name: of a descriptor of that task, which may be any socket
 * @holder: the same descriptor
 *
 * Return: 1 or 0, or -errno if it cannot be looked at; 1 also for a socket with connections that nobody has accepted, which
 * 5.10 does not count.
 */
int carriers_unix_may_carry(int task, const char *name, const struct cgfence_holder *holder);

/**
 * carriers_uring_may_carry() - may this io_uring have registered files or waiting requests (io_uring/fdinfo.c)?
 *
 * Return: 1 or 0, or -errno if it cannot be looked at; 1 also if the kernel prints nothing because the io_uring is busy.
 */
int carriers_uring_may_carry(int task, const char *name);
