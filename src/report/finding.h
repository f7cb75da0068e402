/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What was found, a line each, with what would mend it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum finding_state {
	FINDING_OK,
	FINDING_NOTE, /* it can be lived with */
	FINDING_BAD,
};

struct finding {
	enum finding_state state;
	const char *check; /* what was looked at; static */
	char *found;
	char *remedy; /* NULL if there is nothing to mend */
};

struct findings {
	struct finding *items;
	size_t count;
	bool bad; /* there is one that is */
};

/**
 * findings_add() - append one.
 * @check: static
 * @remedy: what would mend it, a sentence without its full stop; copied, NULL for nothing
 * @format: what was found, likewise
 */
void findings_add(struct findings *findings, enum finding_state state, const char *check,
		  const char *remedy, const char *format, ...)
	__attribute__((format(printf, 5, 6)));

/** findings_print() - on a terminal in lines that it has room for, elsewhere with tabs, a line each. */
void findings_print(const struct findings *findings);

/** findings_json() - a new array with an object for each. */
json_t *findings_json(const struct findings *findings);

/** findings_release() - free the list. */
void findings_release(struct findings *findings);

#define cleanup_findings __attribute__((cleanup(findings_release)))
