/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Standing fences, which are on names of cgroups: a fence for every cgroup that a pattern matches, now and later. Its
 * programs are attached to the anchor, the deepest cgroup above that the pattern names plainly (no slice that systemd
 * removes with its last unit, nor what is below one), and judge only what is in a member; the kernel decides membership
 * when a cgroup is made. A standing fence has an id as others have, and what goes by the id of a fence takes it:
 * cgfence_fence_open(), cgfence_fence_detach(), cgfence_fence_list() and so on.
 */
#pragma once

#include <cgfence/cgfence.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * cgfence_standing_is_pattern() - does a name stand for more than one cgroup, or for none that is there?
 * @name: as for cgfence_cgroup_open()
 *
 * Return: true if it has '*', '?' or '[' and there is no cgroup of exactly this name.
 */
CGFENCE_API bool cgfence_standing_is_pattern(const char *name);

/**
 * cgfence_standing_attach() - fence all cgroups of a name, or replace the policy of their fence.
 * @pattern: a path as for cgfence_cgroup_open(), each component a pattern (glob(7)) or plain; a backslash has no special
 * meaning, and a period that begins a name must be matched explicitly
 * @policy: what to enforce; its exceptions are no members
 * @flags: enum cgfence_attach_flags, except CGFENCE_ATTACH_EPHEMERAL; CGFENCE_ATTACH_FORCE allows '*' below the root
 * @result: receives what was done
 *
 * As with cgfence_fence_attach() the whole new policy is in force, or the old one. The fence ends when it is detached. If
 * its anchor is removed, whoever opens or sweeps it next attaches it to another one; a monitor does so at once.
 *
 * Return: 0, -EEXIST with CGFENCE_ATTACH_NEW if there is one, -EINVAL if the pattern is none, -EPERM, -ENOTSUP where no
 * mount shows the root of the hierarchy, another -errno.
 */
CGFENCE_API int cgfence_standing_attach(const char *pattern, const struct cgfence_policy *policy,
					unsigned int flags, enum cgfence_attach_result *result,
					struct cgfence_error *error);

/**
 * cgfence_standing_check() - find out whether cgfence_standing_attach() would refuse a pattern.
 * @flags: as for that
 *
 * Return: 0, -EINVAL, -EPERM, another -errno.
 */
CGFENCE_API int cgfence_standing_check(const char *pattern, unsigned int flags,
				       struct cgfence_error *error);

/**
 * cgfence_standing_foresee() - cgfence_standing_check() that also looks at what is on the anchor already: programs that
 * are in the way of this policy, and a fence that is hidden (cgfence_fence_check_hidden()).
 */
CGFENCE_API int cgfence_standing_foresee(const char *pattern, const struct cgfence_policy *policy,
					 unsigned int flags, struct cgfence_error *error);

/**
 * cgfence_standing_anchor() - open the cgroup that has, or is to have, the programs of a standing fence.
 * @pattern: of a fence that need not be there
 * @anchor: receives it, to be given to cgfence_cgroup_close()
 *
 * Return: 0, -EINVAL if the pattern is none, another -errno.
 */
CGFENCE_API int cgfence_standing_anchor(const char *pattern, struct cgfence_cgroup **anchor,
					struct cgfence_error *error);

/**
 * cgfence_standing_find() - the id of the standing fence with a pattern.
 * @pattern: as it was attached, written in any way that means the same
 *
 * Return: 0, -ENOENT if there is none, another -errno.
 */
CGFENCE_API int cgfence_standing_find(const char *pattern, uint64_t *id,
				      struct cgfence_error *error);

/**
 * cgfence_standing_of() - the standing fences that a cgroup is a member of.
 * @cgroup_id: of the cgroup
 * @ids: receives an array to be given to free(); NULL if there are none
 */
CGFENCE_API int cgfence_standing_of(uint64_t cgroup_id, uint64_t **ids, size_t *count,
				    struct cgfence_error *error);

/** cgfence_standing_edit() - cgfence_fence_edit() of a standing fence. */
CGFENCE_API int cgfence_standing_edit(uint64_t id, const struct cgfence_edit *edit, bool *changed,
				      struct cgfence_error *error);

/** cgfence_standing_is_id() - is it the id of a standing fence? */
CGFENCE_API bool cgfence_standing_is_id(uint64_t id);

/** cgfence_fence_pattern() - the pattern of a standing fence, with a leading slash; NULL if the fence is on one cgroup. */
CGFENCE_API const char *cgfence_fence_pattern(const struct cgfence_fence *fence);

/** cgfence_fence_anchor() - the id of the anchor of a standing fence; 0 if it is none. */
CGFENCE_API uint64_t cgfence_fence_anchor(const struct cgfence_fence *fence);

/**
 * cgfence_fence_overflows() - did members of a standing fence find no room?
 *
 * Until it has more, which whoever opens it next sees to, those are judged without counters of their own.
 */
CGFENCE_API bool cgfence_fence_overflows(const struct cgfence_fence *fence);

/**
 * cgfence_fence_read_members() - the members of a standing fence as of now.
 * @ids: receives their ids in ascending order, to be given to free(); NULL if there are none
 */
CGFENCE_API int cgfence_fence_read_members(const struct cgfence_fence *fence, uint64_t **ids,
					   size_t *count, struct cgfence_error *error);

/** cgfence_fence_count_members() - how many there are; it calls the function of cgfence_yield_set() now and then. */
CGFENCE_API int cgfence_fence_count_members(const struct cgfence_fence *fence, size_t *count,
					    struct cgfence_error *error);

/**
 * cgfence_fence_read_member_counters() - the refusals of a member of a standing fence.
 *
 * Return: 0, -ENOENT if it is no member, another -errno.
 */
CGFENCE_API int cgfence_fence_read_member_counters(const struct cgfence_fence *fence,
						   uint64_t member,
						   struct cgfence_counters *counters,
						   struct cgfence_error *error);

/**
 * cgfence_fence_member_path() - the path of a member, also of one that was refused something and is gone.
 * @path: receives the path, to be given to free()
 *
 * Return: 0, -ENOENT if it is not known any more, another -errno.
 */
CGFENCE_API int cgfence_fence_member_path(const struct cgfence_fence *fence, uint64_t member,
					  char **path, struct cgfence_error *error);

/** struct cgfence_member_denial - a record, and the id of the member that was refused something. */
struct cgfence_member_denial {
	struct cgfence_denial_record record;
	uint64_t member; /* 0 if the fence is on one cgroup */
};

/**
 * cgfence_fence_read_member_denials() - cgfence_fence_read_denials() with the members of a standing fence.
 *
 * The same request has a record for each member that was refused it.
 */
CGFENCE_API int cgfence_fence_read_member_denials(const struct cgfence_fence *fence,
						  struct cgfence_member_denial **denials,
						  size_t *count, struct cgfence_error *error);

#ifdef __cplusplus
}
#endif
