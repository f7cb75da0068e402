/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A fence in the place of the device programs that others attached, which are kept and can be given back. */
#pragma once

#include <cgfence/cgfence.h>
#include <cgfence/foreign.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * cgfence_fence_adopt() - make a fence decide about devices in place of the programs of others.
 * @cgroup: the fence root; programs on it and on the cgroup `container` below it, as crun has it, are meant
 * @policy: what they allow; NULL to take back the place of programs that have come back on an adopted fence
 * @taken: receives the number of programs whose place was taken; 0 if the fence was an adopted one and none has come back
 *
 * The kernel is asked whether policy and programs agree: on every device that either names, that exists on this host, on
 * their neighbours, and on a sample of all others. If they do, the fence is attached, with "adopt" in its policy, and
 * only then are the programs detached; they stay pinned. At no instant is a request decided by neither. An adopted fence
 * keeps its policy: programs that have come back must be as those that they replace, or agree with it.
 *
 * Return: 0, -EPERM if they do not agree, with the first difference, or if a program was attached so that nothing can
 * take its place, -EEXIST if there is a fence that is not adopted, -ENOENT if there is no program of others, -EINVAL if
 * the policy cannot take the place of one, another -errno. Nothing has changed then.
 */
CGFENCE_API int cgfence_fence_adopt(const struct cgfence_cgroup *cgroup,
				    const struct cgfence_policy *policy, size_t *taken,
				    struct cgfence_error *error);

/**
 * cgfence_standing_adopt() - make a standing fence decide about the devices of a member in place of the programs of others.
 * @id: of the fence, whose policy has "adopt"
 * @member: id of the member; programs on it and on the cgroup `container` below it are meant
 * @taken: receives the number of programs whose place was taken
 *
 * cgfence_standing_attach() does so for the members that are there, and watch for later ones. The fence judges a member
 * from its beginning, so that its policy may be stricter than the programs; it must not allow what they refuse, unless
 * they are like programs whose place it has taken before.
 *
 * Return: 0, -EPERM if its policy allows what they refuse, with the first such device, or if a program was attached so
 * that nothing can take its place, -EAGAIN while a runtime sets up a container there, -EINVAL if the policy has no
 * "adopt", -ENOENT if there is no such fence or member, another -errno. Nothing has changed then.
 */
CGFENCE_API int cgfence_standing_adopt(uint64_t id, uint64_t member, size_t *taken,
				       struct cgfence_error *error);

/**
 * cgfence_fence_release() - put back exactly the programs that an adopted fence has taken the place of, and detach it.
 * @released: receives whether there was such a fence
 * @given_back: receives the number of programs
 *
 * They are attached, with the flags and in the order that they had, before the fence is detached. cgfence_fence_detach()
 * does the same.
 *
 * Return: 0, -EINVAL for a fence that is not adopted, another -errno. If a program cannot be attached again, the fence
 * stays.
 */
CGFENCE_API int cgfence_fence_release(const struct cgfence_cgroup *cgroup, bool *released,
				      size_t *given_back, struct cgfence_error *error);

/** cgfence_standing_release() - the same of a standing fence, to all members. @id: of the fence */
CGFENCE_API int cgfence_standing_release(uint64_t id, bool *released, size_t *given_back,
					 struct cgfence_error *error);

/**
 * cgfence_fence_list_adopted() - the programs whose place a fence has taken.
 * @id: of the fence root
 * @programs: receives an array to be given to free(), the paths in it included; that of a cgroup that no mount shows is
 *	"id:N"
 * @count: receives its length; 0 if the fence is no adopted one
 */
CGFENCE_API int cgfence_fence_list_adopted(uint64_t id, struct cgfence_foreign_program **programs,
					   size_t *count, struct cgfence_error *error);

/** struct cgfence_rules - the device rules of an owner, as they are written. */
struct cgfence_rules {
	const char *dialect; /* of cgfence_import(); static */
	char *name;	     /* the path of the file, or the unit */
	char *text;	     /* NULL for a unit, which systemd has to be asked for */
	size_t length;	     /* of @text, in bytes */
};

/**
 * cgfence_cgroup_find_rules() - find the rules that the programs on a cgroup come from.
 * @cgroup: its path below the cgroup2 root
 * @rules: receives config.json of the bundle, by way of the state that runc and crun keep below /run, or the unit that the
 *	cgroup is called after; to be given to cgfence_rules_free()
 *
 * Return: 0, -ENOENT if neither is found, another -errno.
 */
CGFENCE_API int cgfence_cgroup_find_rules(const char *cgroup, struct cgfence_rules *rules,
					  struct cgfence_error *error);

/** cgfence_rules_free() - free what it points to. */
CGFENCE_API void cgfence_rules_free(struct cgfence_rules *rules);

/** cgfence_policy_adopts() - does the policy say "adopt": true? */
CGFENCE_API bool cgfence_policy_adopts(const struct cgfence_policy *policy);

#ifdef __cplusplus
}
#endif
