// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How much of each fence is reported. */
#include "reconcile/ledger.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* The reports of ledger_close() as "CGROUP:REST:CLOSED", "-" before those of ends. */
static void note_report(const struct cgfence_violation *violation, void *text)
{
	snprintf((char *)text + strlen(text), 64, "%s%s:%zu:%zu ", violation->ended ? "-" : "",
		 violation->cgroup, violation->rest,
		 violation->rest_actions[CGFENCE_ACTION_CLOSED]);
}

static void report_many(struct ledger *ledger, uint64_t fence, bool ended, size_t count)
{
	char path[16];

	snprintf(path, sizeof(path), "/%llu", (unsigned long long)fence);
	for (size_t i = 0; i < count; i++) {
		struct ledger_entry *entry = ledger_entry(ledger, fence, path);

		cr_assert_neq(entry, NULL);
		if (!ledger_spell(entry, ended))
			ledger_count(entry, ended, CGFENCE_ACTION_CLOSED);
	}
}

static void expect_close(struct ledger *ledger, const char *expected)
{
	char text[256] = "";

	ledger_close(ledger, note_report, text);
	cr_expect_str_eq(text, expected, "'%s'", text);
}

Test(ledger, each_fence_has_a_line_for_what_is_not_spelled_out)
{
	struct ledger ledger = { 0 };

	report_many(&ledger, 7, false, CGFENCE_SPELLED_MAX + 1);
	report_many(&ledger, 5, false, CGFENCE_SPELLED_MAX + 3);
	report_many(&ledger, 6, false, CGFENCE_SPELLED_MAX);
	report_many(&ledger, 5, true, CGFENCE_SPELLED_MAX + 2);
	expect_close(&ledger, "-/5:2:2 /5:3:3 /7:1:1 ");
	expect_close(&ledger, "");
	ledger_free(&ledger);
}

Test(ledger, a_pass_spells_out_as_much_as_events_did_before)
{
	struct ledger ledger = { 0 };

	report_many(&ledger, 5, false, CGFENCE_SPELLED_MAX + 1);
	ledger_begin(&ledger);
	report_many(&ledger, 5, false, CGFENCE_SPELLED_MAX + 1);
	expect_close(&ledger, "/5:2:2 ");
	report_many(&ledger, 5, false, CGFENCE_SPELLED_MAX);
	expect_close(&ledger, "");
	ledger_free(&ledger);
}

Test(ledger, a_fence_is_kept_while_it_has_violations)
{
	struct ledger ledger = { 0 };

	ledger_entry(&ledger, 5, "/5")->known = 1;
	ledger_entry(&ledger, 6, "/6");
	expect_close(&ledger, "");
	cr_expect_neq(ledger_find(&ledger, 5), NULL);
	cr_expect_eq(ledger_find(&ledger, 6), NULL);
	ledger_free(&ledger);
}
