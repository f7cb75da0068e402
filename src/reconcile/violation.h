/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A violation in words. */
#pragma once

#include "reconcile/excess.h"

/* The content of a report, owned; strings that could not be read are NULL. */
struct violation_text {
	char *cgroup;
	char *member;
	char *cmdline;
	char *excess;
	size_t excess_left_out;
	char *reason;
	char comm[17];
	char address[INET6_ADDRSTRLEN];
	uint32_t pid;
	uint32_t inode;
	uint16_t port; /* host order */
	enum cgfence_protocol protocol;
	enum cgfence_family family;
};

/**
 * violation_describe() - put a sighting that is in excess into words.
 * @excess: the ports that are in excess in its fence
 * @text: receives them, to be given to violation_text_free()
 *
 * It reads the command line and the member cgroup now.
 *
 * Return: 0 or -ENOMEM.
 */
int violation_describe(const struct observation *observation, const struct sighting *sighting,
		       struct excess_lists *excess, struct violation_text *text);

/** violation_text_free() - free the strings. */
void violation_text_free(struct violation_text *text);

/** violation_fill() - the public form, which points into @text. */
void violation_fill(const struct violation_text *text, struct cgfence_violation *violation);
