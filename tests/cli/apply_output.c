// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Nobody may read what apply says. */
#include "program.h"
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(apply_output, .init = harness_begin, .fini = harness_end);

/* The lines about so many cgroups with long names are more than a pipe is given at once. */
#define COUNT 30

static struct cgfence_cgroup *cgroups[COUNT];

/* Return: the directory. */
static const char *write_policies(void)
{
	static char directory[128];
	char policy[4096];
	char name[201];
	char file[32];

	snprintf(directory, sizeof(directory), "%s/policies", harness_directory());
	cr_assert_eq(mkdir(directory, 0700), 0);
	for (int i = 0; i < COUNT; i++) {
		snprintf(name, sizeof(name), "%0200d", i);
		cgroups[i] = harness_child_cgroup(harness_cgroup(), name);
		snprintf(policy, sizeof(policy), "{'cgroup': '%s', 'devices': {}}",
			 cgfence_cgroup_path(cgroups[i]));
		snprintf(file, sizeof(file), "policies/%d.json", i);
		program_file(file, policy);
	}
	return directory;
}

Test(apply_output, a_reader_that_goes_away_keeps_no_cgroup_from_its_fence)
{
	struct program program;

	program_start(&program, NULL, WORDS("apply", write_policies()));
	close(program.output);
	program.output = -1;
	program_finish(&program);
	assert_status(program.result, 1);
	assert_has(program.result.errors, "cannot write to standard output: Broken pipe");
	for (int i = 0; i < COUNT; i++)
		cr_expect_eq(harness_open(cgroups[i], "c 1:5", O_RDONLY), EPERM, "%d", i);
}
