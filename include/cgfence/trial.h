/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A place to find out by trying what fences are like on this host. */
#pragma once

#include <cgfence/cgfence.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * A function that makes a trial.
 * @cgroup: empty, and with nothing attached to it
 */
typedef void cgfence_trial(const struct cgfence_cgroup *cgroup, void *context);

/**
 * cgfence_trial_run() - call a function where fences are out of sight of all others, and end with the call.
 * @trial: runs in a thread of its own, in a mount namespace whose bpffs is empty, so that what the host remembers of
 *	its kernel has no influence either; @cgroup was made for it below the root of the hierarchy
 * @context: handed on to @trial
 *
 * What @trial attaches is gone when this returns, and so are the cgroup, all cgroups below it and the processes in them.
 *
 * Return: 0, or -errno if there is no such place: without CAP_SYS_ADMIN, or where no cgroup can be made.
 */
CGFENCE_API int cgfence_trial_run(cgfence_trial *trial, void *context, struct cgfence_error *error);

/**
 * cgfence_kernel_types_kept() - how much is kept of the types of the kernel (BTF), which programs are adapted to.
 *
 * The first fence of a boot finds it, and pins it below the fences. Without it the next one reads the types again, which
 * takes 15 ms and more.
 *
 * Return: its size in bytes, 0 if nothing is kept of this kernel for this version of the library.
 */
CGFENCE_API size_t cgfence_kernel_types_kept(void);

#ifdef __cplusplus
}
#endif
