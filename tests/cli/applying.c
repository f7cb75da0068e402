// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "applying.h"

#include <stdio.h>
#include <sys/stat.h>

const char *applying_directory(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/policies", harness_directory());
	mkdir(path, 0700);
	return path;
}

void applying_write_policy(const char *name, const char *cgroup, const char *rest)
{
	char text[512];
	char path[64];

	applying_directory();
	snprintf(path, sizeof(path), "policies/%s", name);
	snprintf(text, sizeof(text), "{'cgroup': '%s%s', %s}",
		 cgfence_cgroup_path(harness_cgroup()), cgroup, rest);
	program_file(path, text);
}

void applying_start(struct watching *watching)
{
	watching_start_with(watching, NULL,
			    WORDS("watch", "--json", "--interval", LONG_INTERVAL, "--apply",
				  applying_directory()));
	watching_skip(watching, "started");
}

static void expect_applied(struct watching *watching, const char *cgroup, const char *file)
{
	json_t *event = watching_event(watching, "applied");
	const char *path = json_string_value(json_object_get(event, "file"));

	cr_assert_str_eq(json_string_value(json_object_get(event, "cgroup")), cgroup);
	assert_has(path, file);
	json_decref(event);
}

void applying_expect_applied(struct watching *watching, const struct cgfence_cgroup *cgroup,
			     const char *file)
{
	expect_applied(watching, cgfence_cgroup_path(cgroup), file);
}

void applying_expect_applied_to(struct watching *watching, const char *pattern, const char *file)
{
	char name[512];

	snprintf(name, sizeof(name), "%s%s", cgfence_cgroup_path(harness_cgroup()), pattern);
	expect_applied(watching, name, file);
}

json_int_t applying_ports_of(const struct cgfence_cgroup *cgroup)
{
	json_t *status = program_status(cgroup);
	json_t *tcp =
		json_object_get(json_object_get(json_object_get(status, "policy"), "ports"), "tcp");
	/* A list for both protocols has no keys for each. */
	json_t *list = tcp ? tcp : json_object_get(json_object_get(status, "policy"), "ports");
	json_int_t port = json_integer_value(json_array_get(list, 0));

	json_decref(status);
	return port;
}

void applying_expect_error(struct watching *watching, const char *part)
{
	json_t *event = watching_event(watching, "error");

	assert_has(text_of(event, "error"), part);
	json_decref(event);
}
