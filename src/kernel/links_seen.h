/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All links to cgroups at once, by the iterator of the kernel over links (5.19 and later, unless it is locked down). */
#pragma once

#include <cgfence/abi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct links_bpf;

/* All zero is at the beginning. */
struct links_seen {
	struct links_bpf *iterator; /* NULL before it is loaded */
	bool refused;
	struct cgfence_link_seen *items; /* by ascending id of the link */
	size_t count;
	size_t capacity;
};

/**
 * links_seen_read() - see all links as they are now. It yields.
 * @types: of which attach types, a bit for each
 *
 * Return: false if that cannot be; none are seen then.
 */
bool links_seen_read(struct links_seen *links, uint64_t types);

/** links_seen_find() - a link whose cgroup is not removed; NULL if there is no such link. */
const struct cgfence_link_seen *links_seen_find(const struct links_seen *links, uint32_t link_id);

/** links_seen_free() - forget them, and unload the iterator. */
void links_seen_free(struct links_seen *links);
