/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * For a daemon, beside the reconciler: the events of the kernel, and notice of changed fences. Each has a descriptor
 * for poll(2).
 */
#pragma once

#include <cgfence/cgfence.h>
#include <cgfence/foreign.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * cgfence_watch_lock() - become the one watch of this host.
 * @lock: receives a descriptor, to be given to cgfence_watch_unlock(); the lock ends with its process
 * @first: receives the pid of the running watch, 0 if unknown; only with -EBUSY
 *
 * Return: 0, -EBUSY if there is another, another -errno.
 */
CGFENCE_API int cgfence_watch_lock(int *lock, pid_t *first, struct cgfence_error *error);

/** cgfence_watch_unlock() - release the lock. */
CGFENCE_API void cgfence_watch_unlock(int lock);

/**
 * cgfence_watch_find() - is there a watch on this host?
 * @pid: receives its pid
 *
 * It takes no lock, and mounts nothing. A watch in another pid namespace than this process's and those below is not seen.
 *
 * Return: 0, -ENOENT if there is none, another -errno.
 */
CGFENCE_API int cgfence_watch_find(pid_t *pid, struct cgfence_error *error);

struct cgfence_census;

/**
 * cgfence_census_new() - make a census of all fences, empty at first.
 * @census: receives the census, to be given to cgfence_census_free()
 */
CGFENCE_API int cgfence_census_new(struct cgfence_census **census, struct cgfence_error *error);

/** cgfence_census_free() - free it, after all that use it; NULL is fine. */
CGFENCE_API void cgfence_census_free(struct cgfence_census *census);

/**
 * cgfence_census_take() - look at all fences, and sweep as cgfence_fence_sweep() does. It yields (<cgfence/yield.h>).
 *
 * Of a fence in which nothing changed since the last time it only sees that, in five system calls. On failure the census is
 * as it was.
 */
CGFENCE_API int cgfence_census_take(struct cgfence_census *census, struct cgfence_error *error);

/**
 * cgfence_census_ids() - the fences that it saw, as cgfence_fence_list() has them.
 * @count: receives how many
 *
 * Return: their ids, owned by @census until it is taken again; NULL if there are none.
 */
CGFENCE_API const uint64_t *cgfence_census_ids(const struct cgfence_census *census, size_t *count);

struct cgfence_events;

/**
 * cgfence_events_open() - open the ring buffer of events, which has one reader.
 * @events: receives the reader, to be given to cgfence_events_close()
 */
CGFENCE_API int cgfence_events_open(struct cgfence_events **events, struct cgfence_error *error);

/**
 * cgfence_events_open_learning() - open the ring buffer of a fence that was attached with CGFENCE_ATTACH_LEARN.
 * @id: of the fence root, or of the standing fence
 * @events: as above
 *
 * It has each request that the audit has recorded since, also where records make room for others; like all, it has one
 * reader. If its reader is too slow for 32 MiB of them, the counters of the fence say more than there were events.
 */
CGFENCE_API int cgfence_events_open_learning(uint64_t id, struct cgfence_events **events,
					     struct cgfence_error *error);

/** cgfence_events_close() - close it; events that were not read stay. NULL is fine. */
CGFENCE_API void cgfence_events_close(struct cgfence_events *events);

/** cgfence_events_fd() - readable when there is an event; owned by @events. */
CGFENCE_API int cgfence_events_fd(const struct cgfence_events *events);

/**
 * cgfence_events_read() - take events out of the ring buffer, oldest first.
 * @list: receives at most @size of them
 * @count: receives how many there were
 */
CGFENCE_API int cgfence_events_read(struct cgfence_events *events, struct cgfence_event *list,
				    size_t size, size_t *count, struct cgfence_error *error);

/** struct cgfence_return - device programs of others that came to judge beside a fence whose policy has "adopt". */
struct cgfence_return {
	const char *cgroup; /* the fence root; of a standing fence the pattern */
	const char *member; /* of a standing fence the path of the member; else NULL */
	const struct cgfence_foreign_program *programs;
	size_t count;
	bool taken;	    /* the fence has their place */
	const char *reason; /* why it has not; "" if it has */
};

/** A callback for them; what it is given lives until it returns. */
typedef void cgfence_return_visitor(const struct cgfence_return *found, void *context);

struct cgfence_adopter;

/**
 * cgfence_adopter_open() - begin to see to such programs.
 * @adopter: receives it, to be given to cgfence_adopter_close(); it wants to look at once
 *
 * The kernel tells it when anybody loads a program, while there is a fence with "adopt". One that comes back again and
 * again is dealt with less and less often.
 */
CGFENCE_API int cgfence_adopter_open(struct cgfence_adopter **adopter, struct cgfence_error *error);

/**
 * cgfence_adopter_use_census() - let it look at the fences of a census as it was taken last.
 * @census: borrowed until the adopter is closed; NULL to look at all as they are, as at first
 */
CGFENCE_API void cgfence_adopter_use_census(struct cgfence_adopter *adopter,
					    const struct cgfence_census *census);

/** cgfence_adopter_close() - close it; NULL is fine. */
CGFENCE_API void cgfence_adopter_close(struct cgfence_adopter *adopter);

/** cgfence_adopter_fd() - readable when cgfence_adopter_read() is due; owned by @adopter. */
CGFENCE_API int cgfence_adopter_fd(const struct cgfence_adopter *adopter);

/** cgfence_adopter_read() - take notice of what the kernel tells. */
CGFENCE_API void cgfence_adopter_read(struct cgfence_adopter *adopter);

/** cgfence_adopter_look() - let the next call of cgfence_adopter_work() look at all fences. */
CGFENCE_API void cgfence_adopter_look(struct cgfence_adopter *adopter);

/** cgfence_adopter_wait_ns() - how long until cgfence_adopter_work() has something to do; UINT64_MAX if nothing is planned. */
CGFENCE_API uint64_t cgfence_adopter_wait_ns(const struct cgfence_adopter *adopter);

/**
 * cgfence_adopter_work() - look for such programs, or take the place of those of one cgroup. It yields (<cgfence/yield.h>).
 * @visit: called for programs whose place was taken, and for those whose place cannot be taken, once as long as they and
 *	the policy stay as they are
 */
CGFENCE_API void cgfence_adopter_work(struct cgfence_adopter *adopter,
				      cgfence_return_visitor *visit, void *context);

/** cgfence_adopter_problem() - why some are seen only by cgfence_adopter_look(), "" if all are at once. */
CGFENCE_API const char *cgfence_adopter_problem(const struct cgfence_adopter *adopter);

struct cgfence_monitor;

/**
 * cgfence_monitor_open() - watch for fences that are made, changed or taken away.
 * @monitor: receives the monitor, to be given to cgfence_monitor_close()
 *
 * It attaches a standing fence whose anchor is removed to another one. A limit of inotify(7) is no failure:
 * cgfence_monitor_problem() tells of it.
 */
CGFENCE_API int cgfence_monitor_open(struct cgfence_monitor **monitor, struct cgfence_error *error);

/** cgfence_monitor_close() - close it; NULL is fine. */
CGFENCE_API void cgfence_monitor_close(struct cgfence_monitor *monitor);

/** cgfence_monitor_fd() - readable when something has changed; owned by @monitor; -1 if no change can be seen. */
CGFENCE_API int cgfence_monitor_fd(const struct cgfence_monitor *monitor);

/** cgfence_monitor_problem() - why some changes are not seen, "" if all are; it lives until the monitor is used again. */
CGFENCE_API const char *cgfence_monitor_problem(const struct cgfence_monitor *monitor);

/** cgfence_monitor_read() - consume all changes so far. Return: did a fence change? */
CGFENCE_API bool cgfence_monitor_read(struct cgfence_monitor *monitor);

struct cgfence_resolver;

/** struct cgfence_resolved - a fence whose words stand for something else by now; valid while the visitor runs. */
struct cgfence_resolved {
	const char *cgroup;	  /* path of the fence root, or the pattern of a standing fence */
	const char *reason;	  /* which words stand for what now */
	const char *changes;	  /* of the policy in force, as cgfence_policy_diff() has them */
	const char *changes_json; /* likewise, as cgfence_policy_diff_json() */
	const struct cgfence_error
		*error; /* why nothing changed; NULL if it did, else nothing else is set */
};

/** A function that is told of fences that were resolved again. */
typedef void cgfence_resolved_visitor(const struct cgfence_resolved *resolved, void *context);

/**
 * cgfence_resolver_new() - resolve the names and patterns of fences again as devices come and go.
 * @resolver: receives the resolver, to be given to cgfence_resolver_free()
 */
CGFENCE_API int cgfence_resolver_new(struct cgfence_resolver **resolver,
				     struct cgfence_error *error);

/**
 * cgfence_resolver_use_census() - let it look at the fences of a census as it was taken last.
 * @census: borrowed until the resolver is freed; NULL to look at all as they are, as at first
 */
CGFENCE_API void cgfence_resolver_use_census(struct cgfence_resolver *resolver,
					     const struct cgfence_census *census);

/** cgfence_resolver_free() - free it; the fences stay. NULL is fine. */
CGFENCE_API void cgfence_resolver_free(struct cgfence_resolver *resolver);

/** cgfence_resolver_fd() - readable when the kernel tells of devices (NETLINK_KOBJECT_UEVENT); owned by @resolver; -1 if it tells nobody. */
CGFENCE_API int cgfence_resolver_fd(const struct cgfence_resolver *resolver);

/** cgfence_resolver_read() - consume what the kernel told, or some of very much. Return: is a pass worth while? */
CGFENCE_API bool cgfence_resolver_read(struct cgfence_resolver *resolver);

/**
 * cgfence_resolver_pass() - let fences enforce what their words stand for now, for some 50 ms. It yields
 * (<cgfence/yield.h>).
 * @visit: is told of each fence that changes, or should and cannot
 * @more: receives true if the next call is to go on where this one ended
 *
 * What is allowed and matches nothing any more is not allowed any more, since its numbers may be those of another device.
 * What is denied then keeps its numbers. Each change is an ordinary replacement of the policy.
 */
CGFENCE_API int cgfence_resolver_pass(struct cgfence_resolver *resolver,
				      cgfence_resolved_visitor *visit, void *context, bool *more,
				      struct cgfence_error *error);

#ifdef __cplusplus
}
#endif
