/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libcgfence: fence a cgroup v2 subtree.
 *
 * The library never prints, never exits and keeps no state of its own: the kernel is the database.
 * Functions that can fail return 0 or -errno and fill a caller-owned struct cgfence_error (which may be
 * NULL); their out-parameters are unchanged on failure. Inputs are borrowed.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <cgfence/abi.h>
#include <cgfence/error.h>
#include <cgfence/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CGFENCE_VERSION "0.1.0"

/**
 * cgfence_claim_libbpf() - say that nothing else in this process uses libbpf.
 *
 * Then libbpf gets handlers for sections of cgfence's own, and does not read the types of the kernel again for programs
 * that are attached to its functions: some need 15 ms less. To be called before there is another thread.
 */
CGFENCE_API void cgfence_claim_libbpf(void);

/* ---- cgroup ---- */

struct cgfence_cgroup;

/**
 * cgfence_cgroup_open() - find a cgroup.
 * @name: an absolute path under a cgroup2 mount, a path relative to the cgroup2 root, "pid:N", "pid:self" or "id:N"
 * @cgroup: receives the cgroup, to be given to cgfence_cgroup_close()
 *
 * Return: 0, -ENOENT if there is no such cgroup, another -errno.
 */
CGFENCE_API int cgfence_cgroup_open(const char *name, struct cgfence_cgroup **cgroup,
				    struct cgfence_error *error);

/** cgfence_cgroup_open_id() - the same by cgroup id; -ENOENT if the cgroup is gone, -EXDEV if no mount shows it. */
CGFENCE_API int cgfence_cgroup_open_id(uint64_t id, struct cgfence_cgroup **cgroup,
				       struct cgfence_error *error);

/** cgfence_cgroup_open_parent() - the cgroup above; -ENOENT if @cgroup is the root. */
CGFENCE_API int cgfence_cgroup_open_parent(const struct cgfence_cgroup *cgroup,
					   struct cgfence_cgroup **parent,
					   struct cgfence_error *error);

/** cgfence_cgroup_close() - close a cgroup; NULL is fine. */
CGFENCE_API void cgfence_cgroup_close(struct cgfence_cgroup *cgroup);

/**
 * cgfence_cgroup_path() - the path relative to the cgroup2 root, with a leading slash; cgfence_cgroup_open() takes it.
 *
 * It is "id:N" if the cgroup was opened so and no mount shows it.
 */
CGFENCE_API const char *cgfence_cgroup_path(const struct cgfence_cgroup *cgroup);

/** cgfence_cgroup_id() - the id that bpf_get_current_cgroup_id() gives (kernfs node id). */
CGFENCE_API uint64_t cgfence_cgroup_id(const struct cgfence_cgroup *cgroup);

/** cgfence_cgroup_is_root() - is it the root of the hierarchy? Fencing that one needs CGFENCE_ATTACH_FORCE. */
CGFENCE_API bool cgfence_cgroup_is_root(const struct cgfence_cgroup *cgroup);

/** cgfence_cgroup_fd() - an O_DIRECTORY descriptor that @cgroup owns. */
CGFENCE_API int cgfence_cgroup_fd(const struct cgfence_cgroup *cgroup);

/**
 * cgfence_cgroup_create() - make a cgroup below another.
 * @parent: where
 * @name: of the new directory, without a slash
 * @cgroup: receives the new cgroup, to be given to cgfence_cgroup_close()
 *
 * Below a thread root or a threaded cgroup the new one is made threaded too, for it could hold no processes else.
 */
CGFENCE_API int cgfence_cgroup_create(const struct cgfence_cgroup *parent, const char *name,
				      struct cgfence_cgroup **cgroup, struct cgfence_error *error);

/**
 * cgfence_cgroup_fork() - fork(2) a child that is in a cgroup from its first instruction.
 * @exit_signal: what the caller receives when the child ends, SIGCHLD or 0 for nothing; with 0 only waitpid(2) with
 *	__WALL waits for it
 * @child: receives the pid; 0 in the child
 *
 * No handlers of pthread_atfork(3) run. The child of a program with threads makes only calls that are async-signal-safe
 * (signal-safety(7)).
 *
 * Return: 0 in both, or -errno: -EOPNOTSUPP if the type of the cgroup holds no processes.
 */
CGFENCE_API int cgfence_cgroup_fork(const struct cgfence_cgroup *cgroup, int exit_signal,
				    pid_t *child, struct cgfence_error *error);

/**
 * cgfence_cgroup_remove() - kill the processes in a cgroup and in those below it, and remove the cgroups.
 *
 * Return: 0, also if it was gone already; -EBUSY if processes outlived SIGKILL for two seconds.
 */
CGFENCE_API int cgfence_cgroup_remove(struct cgfence_cgroup *cgroup, struct cgfence_error *error);

/* ---- where fences are pinned ---- */

enum cgfence_bpffs_flags {
	CGFENCE_BPFFS_PRIVATE =
		1, /* even if it ends with this mount namespace, and the fences in it with it */
};

/**
 * cgfence_bpffs_mount() - mount the bpffs that keeps the fences, if there is none.
 * @flags: enum cgfence_bpffs_flags
 *
 * What makes a fence does this by itself, without flags.
 *
 * Return: 0, -EPERM if a fence would end before the host goes down, another -errno.
 */
CGFENCE_API int cgfence_bpffs_mount(unsigned int flags, struct cgfence_error *error);

/** cgfence_bpffs_check() - would the same without flags refuse? It mounts nothing. */
CGFENCE_API int cgfence_bpffs_check(struct cgfence_error *error);

/** cgfence_bpffs_is_private() - does the one that is mounted end with this mount namespace? If in doubt, no. */
CGFENCE_API bool cgfence_bpffs_is_private(void);

/* ---- fence ---- */

enum cgfence_attach_flags {
	CGFENCE_ATTACH_FORCE = 1,     /* fence even the root cgroup */
	CGFENCE_ATTACH_EPHEMERAL = 2, /* the cgroup was made for one command and goes with it */
	CGFENCE_ATTACH_NEW = 4,	      /* leave a fence that is there already alone, and fail */
	/* A container runtime that is setting up its container there has attached its own device program already. */
	CGFENCE_ATTACH_IN_SETUP = 8,
	/* Tell each request that an audit records to cgfence_events_open_learning(), until the policy is replaced. */
	CGFENCE_ATTACH_LEARN = 16,
};

enum cgfence_attach_result {
	CGFENCE_ATTACHED,  /* there was no fence */
	CGFENCE_REPLACED,  /* there was one with another policy */
	CGFENCE_UNCHANGED, /* this policy was in force already */
	CGFENCE_REWORDED, /* the same, but it was written otherwise; cgfence_fence_source() gives it as now */
};

/**
 * cgfence_fence_attach() - fence a cgroup, or replace the policy of its fence.
 * @cgroup: the fence root
 * @policy: what to enforce
 * @flags: enum cgfence_attach_flags
 * @result: receives what was done
 *
 * If this returns 0, the whole new policy is in force; otherwise the old one is. At no instant does the fence refuse a
 * request that both policies allow, or allow one that both refuse. It waits for other commands on the same cgroup.
 *
 * A container runtime that sets up its container in the cgroup would fail, or take the fence for its own, if it found a
 * fence of devices there. So such a fence is refused until it is done, for at most 30 seconds. A runtime does not count
 * while it waits for the caller, as for a hook of createRuntime: both runc and crun attach their program before.
 *
 * Return: 0, -EEXIST with CGFENCE_ATTACH_NEW if there is a fence, -EAGAIN if a container is being set up, so that the
 * call is to be repeated in a moment, -ETIMEDOUT if that takes longer than five seconds, -EBUSY if a fence is hidden
 * (cgfence_fence_check_hidden()), -EPERM if a capability is missing, if the fence would end early
 * (cgfence_bpffs_mount()), or if a program of somebody else is in the way, which would lose its say or excludes
 * others, another -errno.
 */
CGFENCE_API int cgfence_fence_attach(const struct cgfence_cgroup *cgroup,
				     const struct cgfence_policy *policy, unsigned int flags,
				     enum cgfence_attach_result *result,
				     struct cgfence_error *error);

/**
 * cgfence_fence_foresee() - find out, without changing anything, whether cgfence_fence_attach() would refuse.
 * @flags: as for that; CGFENCE_ATTACH_NEW has no effect
 *
 * A container that is being set up in the cgroup counts only once that takes too long, and programs of others only
 * where a fence has hooks whatever the kernel takes, not where the listen guard is chosen by trying.
 *
 * Return: 0, or a code of cgfence_fence_attach().
 */
CGFENCE_API int cgfence_fence_foresee(const struct cgfence_cgroup *cgroup,
				      const struct cgfence_policy *policy, unsigned int flags,
				      struct cgfence_error *error);

/**
 * cgfence_fence_edit() - change one thing of the policy of a fence.
 * @cgroup: the fence root
 * @edit: what to change
 * @changed: receives false if the policy had this already and keeps its generation
 *
 * Edits of concurrent commands are all made, one after the other. The fence keeps the network namespace that it was
 * attached from. The new policy comes into force as with cgfence_fence_attach().
 *
 * Return: 0, -ENOENT if the cgroup has no fence of its own, -EINVAL if its policy does not fence what the edit is about
 * or a wider entry would undo the edit, another -errno.
 */
CGFENCE_API int cgfence_fence_edit(const struct cgfence_cgroup *cgroup,
				   const struct cgfence_edit *edit, bool *changed,
				   struct cgfence_error *error);

/**
 * cgfence_fence_detach() - take a fence away; touches only links that this library pinned.
 * @id: of the cgroup, which may be gone
 * @detached: receives whether there was a fence
 */
CGFENCE_API int cgfence_fence_detach(uint64_t id, bool *detached, struct cgfence_error *error);

/**
 * cgfence_fence_list() - the ids of the fenced cgroups, in ascending order.
 * @ids: receives an array to be given to free()
 * @count: receives its length
 */
CGFENCE_API int cgfence_fence_list(uint64_t **ids, size_t *count, struct cgfence_error *error);

/**
 * cgfence_fence_sweep() - remove the remains of removed cgroups and killed commands, and attach standing fences whose
 * anchor is gone to another one.
 */
CGFENCE_API void cgfence_fence_sweep(void);

/**
 * cgfence_fence_sweep_some() - the same at a cost that does not show, for what is about one cgroup.
 *
 * Where there are many fences it looks at a few of them, other ones each time.
 */
CGFENCE_API void cgfence_fence_sweep_some(void);

/**
 * cgfence_fence_check_hidden() - has the cgroup a fence that is pinned in another bpffs?
 *
 * It cannot be read, changed or detached here, and cgfence_fence_attach() refuses to add another.
 *
 * Return: 0, -EBUSY with the program, another -errno.
 */
CGFENCE_API int cgfence_fence_check_hidden(const struct cgfence_cgroup *cgroup,
					   struct cgfence_error *error);

/**
 * cgfence_fence_count_hidden() - on how many cgroups of this host are such fences?
 *
 * It looks at all links of the host, of which there may be many.
 */
CGFENCE_API int cgfence_fence_count_hidden(size_t *count, struct cgfence_error *error);

struct cgfence_fence;

/**
 * cgfence_fence_open() - read a fence back from the kernel.
 * @id: of the fence root
 * @fence: receives a snapshot, to be given to cgfence_fence_close()
 *
 * It first completes the work of a command that was killed.
 *
 * Return: 0, -ENOENT if the cgroup has no fence of its own, another -errno.
 */
CGFENCE_API int cgfence_fence_open(uint64_t id, struct cgfence_fence **fence,
				   struct cgfence_error *error);

/** cgfence_fence_close() - free a snapshot; NULL is fine. */
CGFENCE_API void cgfence_fence_close(struct cgfence_fence *fence);

/** cgfence_fence_policy() - the policy in force; it lives as long as the snapshot. */
CGFENCE_API const struct cgfence_policy *cgfence_fence_policy(const struct cgfence_fence *fence);

/**
 * cgfence_fence_source() - the policy as it was written: names, paths and patterns, and not what they stand for.
 * @text: receives JSON, to be given to free()
 *
 * cgfence_policy_parse() takes it, and a fence of that has the same source. What cgfence_fence_edit() changed since is in
 * it.
 *
 * Return: 0, -ENODATA if it is not known, as another version of this library made the fence; another -errno.
 */
CGFENCE_API int cgfence_fence_source(const struct cgfence_fence *fence, char **text,
				     struct cgfence_error *error);

/**
 * cgfence_fence_check_learning() - does a fence that was attached with CGFENCE_ATTACH_LEARN still stand as it was?
 * @fence: as it was when it was opened
 *
 * Return: 0, -ENOENT if it was detached or went with its cgroup, -EBUSY if it has another policy, another -errno.
 */
CGFENCE_API int cgfence_fence_check_learning(const struct cgfence_fence *fence,
					     struct cgfence_error *error);

/** cgfence_fence_end_learning() - detach such a fence; one that took its place stays. Return: likewise. */
CGFENCE_API int cgfence_fence_end_learning(const struct cgfence_fence *fence,
					   struct cgfence_error *error);

/** cgfence_fence_rewords() - would attaching this policy, which is in force, give CGFENCE_REWORDED? */
CGFENCE_API bool cgfence_fence_rewords(const struct cgfence_fence *fence,
				       const struct cgfence_policy *policy);

/** cgfence_fence_generation() - grows by one with each accepted change. */
CGFENCE_API uint64_t cgfence_fence_generation(const struct cgfence_fence *fence);

/**
 * cgfence_fence_since_ns() - since when it stands (CLOCK_BOOTTIME); 0 if unknown.
 *
 * A new policy leaves it as it is. A standing fence stands where it is since it was attached to its anchor.
 */
CGFENCE_API uint64_t cgfence_fence_since_ns(const struct cgfence_fence *fence);

/** cgfence_fence_counters() - refusals since the fence was made. */
CGFENCE_API const struct cgfence_counters *
cgfence_fence_counters(const struct cgfence_fence *fence);

/**
 * cgfence_counters_denied() - how many refusals of a hook had an effect.
 * @counters: of a fence
 *
 * Listeners that were killed or muted are among them.
 */
CGFENCE_API uint64_t cgfence_counters_denied(const struct cgfence_counters *counters,
					     enum cgfence_hook hook);

/** cgfence_fence_read_counters() - the same as of now, not of when the snapshot was made. */
CGFENCE_API int cgfence_fence_read_counters(const struct cgfence_fence *fence,
					    struct cgfence_counters *counters,
					    struct cgfence_error *error);

/** cgfence_fence_ephemeral() - the cgroup was made for one command. */
CGFENCE_API bool cgfence_fence_ephemeral(const struct cgfence_fence *fence);

/** cgfence_fence_listen_guard() - the guard against listeners that no bind hook saw. */
CGFENCE_API enum cgfence_listen_guard cgfence_fence_listen_guard(const struct cgfence_fence *fence);

/** cgfence_guard_name() - what `status` calls a listen guard; static. */
CGFENCE_API const char *cgfence_guard_name(enum cgfence_listen_guard guard);

/** cgfence_fence_hook_name() - the name of the @index-th hook of a fence, NULL past the last. */
CGFENCE_API const char *cgfence_fence_hook_name(const struct cgfence_fence *fence, size_t index);

/**
 * cgfence_fence_missing_name() - the @index-th thing that a fence does without because the kernel refuses it.
 *
 * A listen guard that is stronger than the one it has, by its name, or "caller", "v6only", "port_range", "netns", "who",
 * "holders" or "in_flight", as cgfence(8) explains them.
 *
 * Return: static, NULL past the last.
 */
CGFENCE_API const char *cgfence_fence_missing_name(const struct cgfence_fence *fence, size_t index);

/** cgfence_hook_name() - as what refusals are counted and recorded, such as "bind"; "?" if it is none; static. */
CGFENCE_API const char *cgfence_hook_name(enum cgfence_hook hook);

/** cgfence_hook_topic() - what such refusals are about. */
CGFENCE_API enum cgfence_topic cgfence_hook_topic(enum cgfence_hook hook);

/** struct cgfence_fence_visit - a fence of this host; what it points to lives as long as the callback runs. */
struct cgfence_fence_visit {
	uint64_t id; /* of the fence root, or of the standing fence */
	const struct cgfence_cgroup
		*cgroup; /* the fence root or the anchor; NULL if no mount shows it */
	const struct cgfence_cgroup
		*member; /* of a standing fence, where it is about that one; else NULL */
	const struct cgfence_fence *fence; /* NULL if it cannot be read */
	const struct cgfence_error *error; /* why it cannot be read; NULL if it can */
};

/** A function that is given each fence. */
typedef void cgfence_fence_visitor(const struct cgfence_fence_visit *visit, void *context);

/**
 * cgfence_fence_visit_all() - read all fences back from the kernel, in ascending order of their ids.
 * @visitor: called for each, also for one that cannot be read, but not for one that ends meanwhile
 * @context: handed on to @visitor
 *
 * Return: 0, or -errno if the fences cannot be listed.
 */
CGFENCE_API int cgfence_fence_visit_all(cgfence_fence_visitor *visitor, void *context,
					struct cgfence_error *error);

/**
 * cgfence_fence_read_denials() - the refusals that the kernel remembers, by the time of the last one.
 * @records: receives an array to be given to free()
 * @count: receives its length
 *
 * Reading takes nothing away: every reader sees them all. They are those of now, not of when the snapshot was made.
 */
CGFENCE_API int cgfence_fence_read_denials(const struct cgfence_fence *fence,
					   struct cgfence_denial_record **records, size_t *count,
					   struct cgfence_error *error);

/** cgfence_denial_format() - write what was refused, such as "c 1:3 rw" or "tcp ipv4:8080", into @text of @size bytes. */
CGFENCE_API void cgfence_denial_format(const struct cgfence_denial_subject *subject, char *text,
				       size_t size);

/** cgfence_verdict_name() - what became of it, such as "denied"; "?" if it is none; static. */
CGFENCE_API const char *cgfence_verdict_name(enum cgfence_verdict verdict);

#ifdef __cplusplus
}
#endif
