// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "doctoring.h"
#include "support/harness.h"

#include <string.h>

const json_t *doctoring_find(const json_t *report, const char *check)
{
	const json_t *checks = json_object_get(report, "checks");

	cr_assert(json_is_array(checks));
	for (size_t i = 0; i < json_array_size(checks); i++) {
		if (strcmp(text_of(json_array_get(checks, i), "check"), check) == 0)
			return json_array_get(checks, i);
	}
	return NULL;
}

void doctoring_expect(const json_t *report, const char *check, const char *state, const char *part)
{
	const json_t *found = doctoring_find(report, check);

	cr_assert(found, "there is no check %s", check);
	cr_expect_str_eq(text_of(found, "state"), state, "%s: %s", check, text_of(found, "found"));
	assert_has(text_of(found, "found"), part);
}

json_t *doctoring_look_at_host(int status)
{
	struct program_result result = program_run(NULL, WORDS("doctor", "--json"));

	assert_status(result, status);
	cr_expect_str_eq(result.errors, "");
	return program_json(&result);
}

json_t *doctoring_look_at(const char *name)
{
	struct program_result result = program_run(NULL, WORDS("doctor", "--json", name));

	assert_done(result);
	return program_json(&result);
}
