/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Policies from what other systems call their device lists and ports, and from what has a say on a cgroup. */
#pragma once

#include <stddef.h>
#include <cgfence/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** struct cgfence_import_source - a text to read, which need not be NUL-terminated. */
struct cgfence_import_source {
	const char *name; /* what messages call it, usually a file name */
	const char *text;
	size_t length; /* of @text, in bytes */
};

/** A function that is given a line about what a policy leaves out, tightens or cannot say, with its place. */
typedef void cgfence_import_remark(const char *text, void *context);

/**
 * cgfence_import() - make a policy of a configuration of another system.
 * @dialect: one of cgfence_import_dialect()
 * @part: which of several things in the text, such as the service of a Compose file; of Slurm the devices that the job was
 *	given, with commas between them; NULL for none
 * @sources: what to read; several only where the dialect has drop-ins
 * @count: of @sources, at least 1
 * @remark: called for each remark; NULL for none
 * @context: handed on to @remark
 * @text: receives a policy as JSON that cgfence_policy_parse() takes, to be given to free()
 *
 * The policy allows nothing that the dialect refuses. Names of drivers and paths of devices stay names; those that this
 * host does not have become optional.
 *
 * Return: 0, -EINVAL for an unknown dialect or a text that it would not take, -ENODATA if nothing is restricted, so
 * that there is no policy, -ENOMEM.
 */
CGFENCE_API int cgfence_import(const char *dialect, const char *part,
			       const struct cgfence_import_source *sources, size_t count,
			       cgfence_import_remark *remark, void *context, char **text,
			       struct cgfence_error *error);

/** cgfence_import_dialect() - the name of the @index-th dialect, NULL past the last; static. */
CGFENCE_API const char *cgfence_import_dialect(size_t index);

struct cgfence_cgroup;

/**
 * cgfence_import_cgroup() - make a policy of all that has a say on a cgroup.
 * @cgroup: its fences, those above, and the device programs that others attached to it or above
 * @written: policies, as JSON, of the rules that these programs may come from (cgfence_cgroup_find_rules()), ended by
 *	NULL; NULL for none
 * @remark: called for each remark; NULL for none
 * @context: handed on to @remark
 * @text: receives a policy as JSON, to be given to free()
 *
 * The policy allows nothing that any of these refuses. The kernel is asked whether the programs agree with one of the
 * policies in @written, on all devices that either names, that exist, and on a sample of the others; that is taken then.
 * Otherwise the policy has the devices that exist here and that all programs allow, by their numbers.
 *
 * Return: 0, -ENODATA if nothing has a say, -EBUSY if a fence is pinned in another bpffs, another -errno.
 */
CGFENCE_API int cgfence_import_cgroup(const struct cgfence_cgroup *cgroup,
				      const char *const *written, cgfence_import_remark *remark,
				      void *context, char **text, struct cgfence_error *error);

#ifdef __cplusplus
}
#endif
