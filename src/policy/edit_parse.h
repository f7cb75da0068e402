/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The edit of a policy that `allow` and `revoke` receive as operands. */
#pragma once

#include "policy/device_resolve.h"
#include "policy/port_set.h"

struct cgfence_edit {
	enum cgfence_edit_action action;
	enum cgfence_topic topic;
	struct device_entries entries;	/* CGFENCE_TOPIC_DEVICES */
	char *written;			/* likewise, the entry as it was given */
	uint8_t access;			/* likewise */
	enum cgfence_protocol protocol; /* CGFENCE_TOPIC_PORTS */
	struct port_set ports;		/* CGFENCE_TOPIC_PORTS */
	char *text;			/* the thing to allow or revoke, normalised */
};

static inline void cleanup_free_edit(struct cgfence_edit **edit)
{
	cgfence_edit_free(*edit);
}

#define cleanup_edit __attribute__((cleanup(cleanup_free_edit)))
