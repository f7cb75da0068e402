/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The reconciler of libcgfence: finds the listeners in fences that no hook can see, and acts.
 */
#pragma once

#include <cgfence/cgfence.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The action on an excess listener. */
enum cgfence_action {
	CGFENCE_ACTION_LOGGED,	 /* only reported: an audit, or on_violation is log */
	CGFENCE_ACTION_CLOSED,	 /* the socket was destroyed */
	CGFENCE_ACTION_SILENCED, /* it keeps its port, but nothing reaches it any more */
	CGFENCE_ACTION_KILLED,	 /* every process of the fence was killed */
	CGFENCE_ACTION_FAILED,	 /* the action had no effect; the next pass tries again */
	CGFENCE_ACTION_NONE,	 /* a second look found it no longer in excess */
	CGFENCE_ACTION_COUNT,
};

/* How many violations of a fence a pass spells out, how many ends, and how many events do between two passes. */
#define CGFENCE_SPELLED_MAX 100

/* How many ranges of ports in excess a report names. */
#define CGFENCE_EXCESS_MAX 32

/** cgfence_action_name() - such as "closed". */
CGFENCE_API const char *cgfence_action_name(enum cgfence_action action);

/**
 * struct cgfence_violation - an excess listener, or a number of them; its pointers are valid while the callback runs.
 *
 * What a fence has beyond CGFENCE_SPELLED_MAX is acted on likewise, but only counted. One report of a pass then has
 * @rest, and beside it only @ended, @time_ns, @cgroup and @rest_actions; its texts are empty.
 */
struct cgfence_violation {
	bool ended;	     /* it is in excess no more */
	uint64_t time_ns;    /* CLOCK_BOOTTIME */
	const char *cgroup;  /* the path of the fence root; "id:N" if no mount shows it */
	const char *member;  /* the cgroup that holds the socket, likewise; NULL if it is gone */
	uint32_t pid;	     /* of the holder in the fence; 0 if there is none */
	const char *comm;    /* "" if there is none */
	const char *cmdline; /* arguments separated by spaces; "" if there is none */
	enum cgfence_protocol protocol;
	enum cgfence_family family; /* of the socket */
	const char *address;	    /* as inet_ntop(3) writes it */
	uint16_t port;		    /* host order */
	uint32_t inode;		    /* of the socket */
	/*
	 * The ports of this protocol that are in excess in the fence, such as "9,8080-8081": the first CGFENCE_EXCESS_MAX
	 * ranges of them.
	 */
	const char *excess;
	size_t excess_left_out; /* how many ranges there are beside these */
	const char *reason;	/* why it is in excess, and how it came into the fence */
	enum cgfence_action action;
	/* Why the action failed, or what failed before it, such as the kill before a socket was closed; "" if nothing did. */
	const char *failure;
	size_t rest; /* not 0: it stands for that many that are not spelled out */
	size_t rest_actions[CGFENCE_ACTION_COUNT]; /* how many of them had which action */
};

/** A function that receives each report. */
typedef void cgfence_report(const struct cgfence_violation *violation, void *context);

struct cgfence_reconciler;

/**
 * cgfence_reconciler_new() - make a reconciler, which remembers its reports from pass to pass.
 * @reconciler: receives the reconciler, to be given to cgfence_reconciler_free()
 */
CGFENCE_API int cgfence_reconciler_new(struct cgfence_reconciler **reconciler,
				       struct cgfence_error *error);

struct cgfence_census;

/**
 * cgfence_reconciler_use_census() - let passes over all fences look at those of a census (<cgfence/watch.h>) as it was
 * taken last.
 * @census: borrowed until the reconciler is freed; NULL to look at all as they are, as at first
 *
 * A policy that is replaced after that is honoured all the same before anything is acted on.
 */
CGFENCE_API void cgfence_reconciler_use_census(struct cgfence_reconciler *reconciler,
					       struct cgfence_census *census);

/** cgfence_reconciler_free() - free it; NULL is fine. */
CGFENCE_API void cgfence_reconciler_free(struct cgfence_reconciler *reconciler);

/**
 * cgfence_reconciler_uses_iterator() - does it find holders with the BPF iterator, not in /proc?
 */
CGFENCE_API bool cgfence_reconciler_uses_iterator(const struct cgfence_reconciler *reconciler);

/**
 * cgfence_reconciler_pass() - look at all listeners in fences, act on those in excess, report.
 * @fence_id: the only fence to look at, 0 for all
 * @report: called for each violation that is new or whose action changed, and for each that ended
 * @in_excess: receives the number of violations
 *
 * It calls the function of cgfence_yield_set() now and then.
 *
 * Return: 0, or the first failure to look at something. The pass looks at the rest and acts on it all the same, but
 * reports no end.
 */
CGFENCE_API int cgfence_reconciler_pass(struct cgfence_reconciler *reconciler, uint64_t fence_id,
					cgfence_report *report, void *context, size_t *in_excess,
					struct cgfence_error *error);

/**
 * cgfence_reconciler_count_excess() - how many violations of each fence are known that have not ended.
 * @ids: of the fences, in ascending order
 * @counts: receives as many numbers; those of closed listeners count until the next pass
 */
CGFENCE_API void cgfence_reconciler_count_excess(const struct cgfence_reconciler *reconciler,
						 const uint64_t *ids, size_t count, size_t *counts);

/**
 * cgfence_reconciler_handle() - the same for the one socket of a listen event of the kernel.
 *
 * The next pass reports how many were not spelled out.
 *
 * Return: 0; -EAGAIN within the function of cgfence_yield_set(), while a command changes the fence, for which the next pass
 * waits; another -errno.
 */
CGFENCE_API int cgfence_reconciler_handle(struct cgfence_reconciler *reconciler,
					  const struct cgfence_event *event, cgfence_report *report,
					  void *context, struct cgfence_error *error);

/**
 * cgfence_fence_report_excess() - report the listeners of a fence that are in excess, and act on none.
 * @fence_id: of the fence root
 *
 * It needs no iterator, so it is fast for a fence with few tasks. It spells as many out as a pass.
 */
CGFENCE_API int cgfence_fence_report_excess(uint64_t fence_id, cgfence_report *report,
					    void *context, struct cgfence_error *error);

#ifdef __cplusplus
}
#endif
