// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What `doctor` says of a kernel is what the other tests then see; it runs in all machines. */
#include "support/harness.h"
#include "support/sockets.h"

#include <cgfence/standing.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

TestSuite(doctor, .init = sockets_begin, .fini = harness_end, .timeout = 300);

#define POLICY "{'devices': {}, 'ports': ['ipv6:1'], 'on_violation': 'kill'}"

/* To be given to json_decref(). */
static json_t *ask_doctor(void)
{
	const char *program = getenv("CGFENCE_SOAK_PROGRAM");
	char command[256];
	json_t *report;
	FILE *output;

	snprintf(command, sizeof(command), "%s doctor --json",
		 program && *program ? program : "build/cgfence");
	output = popen(command, "re");
	cr_assert(output);
	report = json_loadf(output, 0, NULL);
	cr_assert_eq(pclose(output), 0);
	cr_assert(report);
	return report;
}

/* What is found by a check; NULL if there is none. */
static const char *find(const json_t *report, const char *check, const char *key)
{
	const json_t *checks = json_object_get(report, "checks");

	for (size_t i = 0; i < json_array_size(checks); i++) {
		const json_t *one = json_array_get(checks, i);

		if (strcmp(json_string_value(json_object_get(one, "check")), check) == 0)
			return json_string_value(json_object_get(one, key));
	}
	return NULL;
}

static bool has_standing_fences(void)
{
	struct cgfence_policy *policy = harness_policy("{'devices': {}}");
	enum cgfence_attach_result done;
	char pattern[512];
	int result;

	snprintf(pattern, sizeof(pattern), "%s/m-*", cgfence_cgroup_path(harness_cgroup()));
	result = cgfence_standing_attach(pattern, policy, 0, &done, NULL);
	cgfence_policy_free(policy);
	return result == 0;
}

Test(doctor, says_of_this_kernel_what_fences_then_are)
{
	static const char *const names[] = { "caller", "v6only", "port_range", "netns", "who" };
	json_t *report = ask_doctor();
	char guard[32];

	cr_expect(json_is_true(json_object_get(report, "fences_hold")));
	cr_expect_str_eq(find(report, "devices", "state"), "ok");
	cr_expect_str_eq(find(report, "ports", "state"), "ok");
	harness_attach(sockets_fence(), POLICY);
	snprintf(guard, sizeof(guard), "(guard %s)",
		 cgfence_guard_name(sockets_guard(sockets_fence())));
	cr_assert(find(report, "listen", "found"));
	cr_expect(strstr(find(report, "listen", "found"), guard), "%s is not %s",
		  find(report, "listen", "found"), guard);
	cr_expect_str_neq(find(report, "listen", "state"), "bad");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_expect_eq(find(report, names[i], "state") != NULL, sockets_misses(names[i]),
			     "%s", names[i]);
	cr_expect_str_eq(find(report, "standing", "state"), has_standing_fences() ? "ok" : "note");
	json_decref(report);
}
