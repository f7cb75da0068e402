// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/journal.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_catalog(void)
{
	FILE *file = fopen("tools/cgfence.catalog", "re");
	char *text = calloc(1, 65536);

	cr_assert(file && text);
	cr_assert_gt(fread(text, 1, 65535, file), 0);
	fclose(file);
	return text;
}

/* Each kind of event stands in the catalog once, and nothing else does. */
Test(journal, the_catalog_has_each_event)
{
	char *catalog = read_catalog();
	const char *what;
	const char *id;
	unsigned int count = 0;
	size_t entries = 0;

	for (; (id = journal_message_id(count, &what)); count++) {
		char line[64];
		const char *found;

		snprintf(line, sizeof(line), "\n-- %s\nSubject: ", id);
		found = strstr(catalog, line);
		cr_expect(found, "%s, %s", what, id);
		cr_expect(!found || !strstr(found + 1, line), "%s is there twice", what);
	}
	for (const char *at = catalog; (at = strstr(at, "\n-- ")); at++)
		entries++;
	cr_expect_eq(entries, count);
	free(catalog);
}

Test(journal, without_systemd_there_is_none)
{
	unsetenv("JOURNAL_STREAM");
	cr_expect_null(journal_open());
	setenv("JOURNAL_STREAM", "1:2", 1);
	cr_expect_null(journal_open());
	cr_expect_not(journal_send(NULL, &(struct journal_entry){ .what = "error" }, "text"));
	journal_close(NULL);
}
