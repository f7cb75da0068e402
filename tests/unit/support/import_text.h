/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Imports on a host that a test describes. */
#pragma once

#include "import/importing.h"
#include "policy/policy.h"
#include "unit/support/policy_text.h"

/* What came of an import; given to import_text_free(). */
struct imported {
	int result;
	struct cgfence_error error;
	char *text;    /* the policy as it was printed */
	char *remarks; /* a line each */
	json_t *host;  /* what the import was told of the host */
};

/**
 * import_text_run() - import texts.
 * @part: NULL for none
 * @host: {"nodes": {"/dev/fuse": "c 10:229", "/dev/dri": "directory", "/": "large directory", "/dev/l": "link to c 1:3"},
 *	"proc_devices": "..."}; NULL for an empty one
 */
struct imported import_text_run(const char *dialect, const char *part,
				const struct cgfence_import_source *sources, size_t count,
				const json_t *host);

/** import_text_lookups() - how often the last import looked up a driver on its host. */
size_t import_text_lookups(void);

/** import_text_run_one() - the same for one text, called "f", on an empty host. */
struct imported import_text_run_one(const char *dialect, const char *text);

/** import_text_policy() - the policy as it is in force on that host; to be given to cgfence_policy_free(). */
struct cgfence_policy *import_text_policy(const struct imported *imported);

/** import_text_allows() - does a policy allow a request such as "c 10:229 rw"? */
bool import_text_allows(const struct cgfence_policy *policy, const char *request);

/** struct import_expectation - a text, and all that comes of it; with ` for ". */
struct import_expectation {
	const char *text;
	const char *policy;  /* NULL if there is none */
	const char *remarks; /* all of them, a line each; of a text without policy, the error */
};

/** import_text_expect() - import each text of a table, called "f". */
void import_text_expect(const char *dialect, const char *host,
			const struct import_expectation *cases, size_t count);

/** import_text_free() - free what came of an import. */
void import_text_free(struct imported *imported);

#define cleanup_imported __attribute__((cleanup(import_text_free)))
