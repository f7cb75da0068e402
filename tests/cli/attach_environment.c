// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* attach with the ports that a scheduler wrote into the environment of a job. */
#include "program.h"
#include "support/children.h"
#include "support/harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static pid_t job;

static void end(void)
{
	if (job)
		children_end(job);
	harness_end();
}

TestSuite(attach_environment, .init = harness_begin, .fini = end);

/* Starts a job in the test's cgroup; it has its environment when this returns. */
static const char *start(const char *variable)
{
	char *const words[] = { "sleep", "1000", NULL };
	char *const environment[] = { "PATH=/bin", (char *)variable, NULL };
	static char name[32];
	int executed[2];
	char byte;

	cr_assert_eq(pipe2(executed, O_CLOEXEC), 0);
	job = children_fork_in(harness_cgroup(), executed[1]);
	if (job == 0) {
		fcntl(3, F_SETFD, FD_CLOEXEC);
		execve("/bin/sleep", words, environment);
		_exit(127);
	}
	close(executed[1]);
	cr_assert_eq(read(executed[0], &byte, 1), 0);
	close(executed[0]);
	snprintf(name, sizeof(name), "pid:%d", job);
	return name;
}

static struct program_result attach(const char *name)
{
	return program_run(NULL, WORDS("attach", name, "--ports-from-env", "NOMAD_PORT_*", "--tcp",
				       "8080", program_file("p.json", "{'devices': {}}")));
}

Test(attach_environment, assigns_the_ports_of_the_job)
{
	struct program_result result;

	assert_done(attach(start("NOMAD_PORT_http=25432")));
	result = program_run(NULL, WORDS("show", cgfence_cgroup_path(harness_cgroup())));
	assert_has(result.output, "\"tcp\": [\n      8080,\n      25432\n    ]");
	assert_has(result.output, "\"udp\": [\n      25432\n    ]");
}

Test(attach_environment, what_is_no_port_fences_nothing)
{
	assert_fails(attach(start("NOMAD_PORT_http=any")), 2,
		     "the variable NOMAD_PORT_http of the process is 'any'");
	assert_fails(program_run(NULL, WORDS("show", cgfence_cgroup_path(harness_cgroup()))), 1,
		     "has no fence");
}

/* A terminal must not obey a job. */
Test(attach_environment, what_the_job_wrote_is_printed_harmlessly)
{
	struct program_result result = attach(start("NOMAD_PORT_http=\033[2J80"));

	cr_expect_eq(result.status, 2);
	assert_has(result.errors, "[2J80");
	assert_lacks(result.errors, "\033");
}

Test(attach_environment, without_such_a_variable_it_fails)
{
	assert_fails(attach(start("NOMAD_ADDR_http=1:2")), 1, "no variable 'NOMAD_PORT_*'");
}

Test(attach_environment, is_that_of_a_process)
{
	assert_fails(attach(cgfence_cgroup_path(harness_cgroup())), 2, "give pid:N");
}

Test(attach_environment, as_often_as_given_it_adds_ports)
{
	const char *name = start("NOMAD_PORT_http=25432");
	struct program_result result = program_run(
		NULL, WORDS("attach", name, "--ports-from-env", "none", "--ports-from-env",
			    "NOMAD_PORT_*", program_file("p.json", "{'devices': {}}")));

	assert_fails(result, 1, "no variable 'none'");
	assert_done(program_run(NULL, WORDS("attach", name, "--ports-from-env", "NOMAD_PORT_[h,x]*",
					    "--ports-from-env", "NOMAD_PORT_http",
					    program_file("p.json", "{'devices': {}}"))));
}
