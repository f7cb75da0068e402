// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/job_ports.h"
#include "base/cleanup.h"
#include "unit/support/policy_text.h"

#include <stdio.h>
#include <string.h>

TestSuite(job_ports);

#define ADD(environment, pattern, policy, error) \
	job_ports_add(environment, sizeof(environment) - 1, pattern, policy, error)

Test(job_ports, are_those_of_the_variables_that_match)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse("{`ports`: [80]}");
	cleanup_policy struct cgfence_policy *right =
		policy_text_parse("{`ports`: [80, 25432, 31000, `31002-31004`]}");
	static const char environment[] = "PATH=/bin\0NOMAD_PORT_http=25432\0NOMAD_PORT\0"
					  "XNOMAD_PORT_x=1\0NOMAD_PORT_a=31000,31002-31004\0"
					  "NOMAD_PORTS=7\0";

	cr_assert_eq(ADD(environment, "NOMAD_PORT_*", policy, NULL), 0);
	policy_text_expect_same(policy, right, "NOMAD_PORT_*");
}

/* A process that overwrote its environment may have left no null byte at the end. */
Test(job_ports, end_with_the_environment)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse("{`ports`: []}");
	cleanup_policy struct cgfence_policy *right = policy_text_parse("{`ports`: [80]}");

	cr_assert_eq(job_ports_add("P=8012", 4, "P", policy, NULL), 0);
	policy_text_expect_same(policy, right, "P=80");
}

Test(job_ports, what_is_no_list_of_ports_is_refused)
{
	static const char *const values[] = { "",
					      "any",
					      "ipv4:any",
					      "ipv4:80",
					      "80 81",
					      "0",
					      "65536",
					      "5-4",
					      "tcp",
					      "80\n81",
					      "-",
					      "+80",
					      "0x50",
					      "80;1",
					      "1-2-3",
					      "\033[2J8080",
					      "99999999999999999999" };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		cleanup_policy struct cgfence_policy *policy = policy_text_parse("{`ports`: []}");
		cleanup_policy struct cgfence_policy *before = policy_text_parse("{`ports`: []}");
		struct cgfence_error error = { 0 };
		char environment[64];
		int length = snprintf(environment, sizeof(environment), "P_A=80%cP_B=%s", '\0',
				      values[i]);

		cr_expect_eq(job_ports_add(environment, (size_t)length + 1, "P_*", policy, &error),
			     -EINVAL, "'%s'", values[i]);
		cr_expect_not_null(strstr(error.text, "the variable P_B of the process is '"), "%s",
				   error.text);
		policy_text_expect_same(policy, before, values[i]);
	}
}

Test(job_ports, long_names_and_values_are_cut_in_messages)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse("{`ports`: []}");
	struct cgfence_error error = { 0 };
	char environment[1000];

	memset(environment, 'P', sizeof(environment));
	environment[400] = '=';
	cr_expect_eq(job_ports_add(environment, sizeof(environment), "P*", policy, &error),
		     -EINVAL);
	cr_expect_lt(strlen(error.text), 300);
	cr_expect_not_null(strstr(error.text, "no list of ports"));
}

Test(job_ports, none_at_all_is_a_failure)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse("{`ports`: []}");
	struct cgfence_error error = { 0 };

	cr_expect_eq(ADD("PATH=/bin\0", "NOMAD_PORT_*", policy, &error), -ENOENT);
	cr_expect_str_eq(error.text,
			 "the process has no variable 'NOMAD_PORT_*' in its environment");
	cr_expect_eq(ADD("", "*", policy, NULL), -ENOENT);
}

Test(job_ports, are_those_of_a_process)
{
	static const char *const names[] = { "1",	   "pid:",    "pid:-1",
					     "pid:1/../2", "pid:1 ",  "pid:99999999999",
					     "/a/b",	   "pid:Self" };
	struct cgfence_error error = { 0 };
	cleanup_close int process = -1;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		cr_expect_eq(job_ports_open(names[i], &process, &error), -EINVAL, "%s", names[i]);
	cr_expect_eq(job_ports_open("pid:4194305", &process, &error), -ESRCH);
	cr_expect_eq(job_ports_open("pid:self", &process, &error), 0, "%s", error.text);
	cr_expect_eq(job_ports_check_alive(process, &error), 0);
}
