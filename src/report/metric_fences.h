/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The fences of this host, as far as metrics tell of them. */
#pragma once

#include <cgfence/reconcile.h>

struct metric_fence {
	uint64_t id;
	char *cgroup; /* its path or pattern, made printable; "id:N" where another fence has that name too */
	char *name; /* of its policy; "" if it has none */
	bool enforces;
	bool has_ports;
	bool is_standing;
	enum cgfence_listen_guard guard;
	uint64_t generation;
	struct cgfence_counters counters;
	size_t members;	  /* of a standing fence */
	size_t in_excess; /* listeners that the last pass of a watch found */
};

struct metric_fences {
	struct metric_fence *items; /* by ascending id */
	size_t count;
	size_t unreadable;
};

/**
 * metric_fences_read() - read them all.
 * @reconciler: that of the watch; NULL without one
 * @fences: receives them, to be given to metric_fences_release()
 */
int metric_fences_read(const struct cgfence_reconciler *reconciler, struct metric_fences *fences,
		       struct cgfence_error *error);

/** metric_fences_release() - free the list. */
void metric_fences_release(struct metric_fences *fences);

#define cleanup_metric_fences __attribute__((cleanup(metric_fences_release)))
