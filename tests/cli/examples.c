// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The programs of tools/examples, which another project would start from. */
#include "program.h"
#include "support/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static void begin(void)
{
	if (access("build/examples/fence-job", X_OK) < 0)
		harness_skip("it needs 'make examples'");
	harness_begin();
}

TestSuite(examples, .init = begin, .fini = harness_end);

static const struct program_options by_words = { .by_words = true };

static struct program_result run(const char *const *words)
{
	return program_run(&by_words, words);
}

Test(examples, a_job_is_fenced_and_its_end_reported)
{
	const char *path = cgfence_cgroup_path(harness_cgroup());
	struct program_result result;

	assert_done(run(WORDS("build/examples/fence-job", path, "31000-31002", "c 1:11 r")));
	result = program_run(NULL, WORDS("show", path));
	assert_done(result);
	assert_has(result.output, "\"c 1:11 r\"");
	assert_has(result.output, "\"31000-31002\"");
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:11", O_RDONLY), 0);
	cr_expect_eq(harness_open(harness_cgroup(), "c 1:11", O_WRONLY), EPERM);

	result = run(WORDS("build/examples/fence-job", "--end", path));
	assert_done(result);
	assert_has(result.output, "denied c 1:11 w, 1 times, last to process ");
	assert_fails(program_run(NULL, WORDS("show", path)), 1, "has no fence");
}

Test(examples, a_failure_says_why)
{
	const char *path = cgfence_cgroup_path(harness_cgroup());
	struct program_result result = run(WORDS("build/examples/fence-job", path, "70000"));

	cr_expect_eq(result.status, 1);
	assert_has(result.errors, "fence-job: ");
	assert_has(result.errors, "70000");
}
