// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Policies of what has a say on a cgroup that is there. */
#include "program.h"
#include "support/harness.h"
#include "support/port_filter.h"
#include "support/whitelist.h"

#include <stdio.h>
#include <sys/stat.h>

TestSuite(import_cgroup, .init = harness_begin, .fini = harness_end);

static struct program_result import(const struct cgfence_cgroup *cgroup)
{
	return program_run(NULL, WORDS("import", cgfence_cgroup_path(cgroup)));
}

/* To be given to cgfence_policy_free(). */
static struct cgfence_policy *policy_of(const struct program_result *result)
{
	struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(result->status, 0, "%s", result->errors);
	cr_assert_eq(cgfence_policy_parse(result->output, strlen(result->output), "it", &policy,
					  &error),
		     0, "%s", error.text);
	return policy;
}

static bool allows(const struct cgfence_policy *policy, const char *text)
{
	struct cgfence_explanation explanation;
	struct cgfence_device_request request;

	cr_assert_eq(cgfence_device_request_parse(text, &request, NULL), 0);
	cr_assert_eq(cgfence_policy_explain_device(policy, &request, &explanation, NULL), 0);
	return explanation.allowed;
}

Test(import_cgroup, of_a_fence)
{
	struct program_result result;
	struct program_result shown;

	harness_attach(harness_cgroup(),
		       "{'name': 'n', 'devices': {'defaults': true, 'deny': ['c 1:5 w']},"
		       " 'ports': [80], 'isolated_range': '1-1000', 'on_violation': 'kill'}");
	result = import(harness_cgroup());
	shown = program_run(NULL, WORDS("show", cgfence_cgroup_path(harness_cgroup())));
	assert_done(result);
	cr_expect_str_eq(result.output, shown.output);
}

Test(import_cgroup, of_fences_one_above_the_other)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");
	struct program_result result;
	struct cgfence_policy *policy;

	harness_attach(
		harness_cgroup(),
		"{'devices': {'allow': ['c 1:* r']}, 'ports': ['80-90'], 'on_violation': 'kill'}");
	harness_attach(child,
		       "{'devices': {'allow': ['c *:3 rw', 'c 1:5 w']}, 'ports': ['85-99']}");
	result = import(child);
	policy = policy_of(&result);
	cr_expect(allows(policy, "c 1:3 r"));
	cr_expect_not(allows(policy, "c 1:3 w"));
	cr_expect_not(allows(policy, "c 1:5 w"));
	cr_expect_not(allows(policy, "c 2:3 r"));
	assert_has(result.output, "\"85-90\"");
	assert_has(result.output, "\"on_violation\": \"kill\"");
	assert_has(result.errors, "several have a say on ports");
	cgfence_policy_free(policy);
}

Test(import_cgroup, an_audit_refuses_nothing)
{
	harness_attach(harness_cgroup(), "{'enforce': false, 'devices': {}}");
	assert_fails(import(harness_cgroup()), 1, "this fence only audits");
}

/* Asked of the kernel: the numbers of what exists, and nothing that the program refuses. */
Test(import_cgroup, of_a_program_of_others)
{
	struct whitelist whitelist = whitelist_put(harness_cgroup());
	struct program_result result = import(harness_cgroup());
	struct cgfence_policy *policy = policy_of(&result);

	cr_expect(allows(policy, "c 1:3 rwm"));
	cr_expect(allows(policy, "c 1:5 r"));
	cr_expect_not(allows(policy, "c 1:5 w"));
	cr_expect(allows(policy, "c 1:7 m"));
	cr_expect_not(allows(policy, "c 1:7 r"));
	/* The program allows that, but to none of the devices here would the answer say so. */
	cr_expect_not(allows(policy, "c 300:1 m"));
	assert_has(result.errors, "it has a say on devices");
	assert_has(result.errors, "the kernel was asked about ");
	assert_has(result.errors, "devices that do not exist here");
	cgfence_policy_free(policy);
	whitelist_close(&whitelist);
}

Test(import_cgroup, of_a_program_below_a_fence)
{
	struct cgfence_cgroup *child = harness_child_cgroup(harness_cgroup(), "child");
	struct whitelist whitelist = whitelist_put(child);
	struct program_result result;
	struct cgfence_policy *policy;

	harness_attach(harness_cgroup(), "{'devices': {'allow': ['c 1:* r']}}");
	result = import(child);
	policy = policy_of(&result);
	cr_expect(allows(policy, "c 1:3 r"));
	cr_expect_not(allows(policy, "c 1:3 w"));
	cr_expect_not(allows(policy, "c 1:8 r"));
	cgfence_policy_free(policy);
	whitelist_close(&whitelist);
}

static bool allows_port(const struct cgfence_policy *policy, enum cgfence_protocol protocol,
			enum cgfence_family family, uint16_t port)
{
	struct cgfence_port_request request = { .protocol = protocol, .port = port };
	struct cgfence_explanation explanation;
	struct cgfence_error error;

	request.families[family] = true;
	cr_assert_eq(cgfence_policy_explain_port(policy, &request, &explanation, &error), 0, "%s",
		     error.text);
	return explanation.allowed;
}

Test(import_cgroup, of_a_port_program_of_others)
{
	struct program_result result;
	struct cgfence_policy *policy;

	port_filter_put(harness_cgroup(), BPF_CGROUP_INET4_BIND);
	result = import(harness_cgroup());
	policy = policy_of(&result);
	for (int i = CGFENCE_TCP; i <= CGFENCE_UDP; i++) {
		enum cgfence_protocol protocol = (enum cgfence_protocol)i;

		cr_expect_not(allows_port(policy, protocol, CGFENCE_IPV4, 8080));
		cr_expect(allows_port(policy, protocol, CGFENCE_IPV4, 8079));
		cr_expect(allows_port(policy, protocol, CGFENCE_IPV4, 65535));
		cr_expect(allows_port(policy, protocol, CGFENCE_IPV6, 8080));
	}
	assert_has(result.errors, "it has a say on ports");
	assert_has(result.errors, "the kernel was asked about each port");
	cgfence_policy_free(policy);
}

Test(import_cgroup, of_a_port_program_below_a_fence)
{
	struct program_result result;
	struct cgfence_policy *policy;

	port_filter_put(harness_cgroup(), BPF_CGROUP_INET6_BIND);
	harness_attach(harness_cgroup(), "{'ports': {'tcp': '8080-8081'}}");
	result = import(harness_cgroup());
	policy = policy_of(&result);
	cr_expect(allows_port(policy, CGFENCE_TCP, CGFENCE_IPV4, 8080));
	cr_expect_not(allows_port(policy, CGFENCE_TCP, CGFENCE_IPV6, 8080));
	cr_expect(allows_port(policy, CGFENCE_TCP, CGFENCE_IPV6, 8081));
	cr_expect_not(allows_port(policy, CGFENCE_TCP, CGFENCE_IPV6, 8082));
	cr_expect_not(allows_port(policy, CGFENCE_UDP, CGFENCE_IPV6, 8081));
	cgfence_policy_free(policy);
}

/* As a manager of services has it: systemctl says what is written. */
static struct program_result import_unit(const struct cgfence_cgroup *unit)
{
	const char *script =
		"mkdir $0/bin && printf '#!/bin/sh\\necho \"[Service]\\nDevicePolicy=strict\\n"
		"DeviceAllow=/dev/null rw\\nDeviceAllow=/dev/zero r\\n\"\\n' >$0/bin/systemctl &&"
		" chmod 755 $0/bin/systemctl && PATH=$0/bin:$PATH exec \"$1\" import \"$2\"";
	const struct program_options options = { .by_words = true };

	return program_run(&options, WORDS("sh", "-c", script, harness_directory(), program_path(),
					   cgfence_cgroup_path(unit)));
}

Test(import_cgroup, of_rules_that_the_kernel_confirms)
{
	static const struct whitelist_entry entries[] = {
		{ BPF_DEVCG_DEV_CHAR, 1, 3, BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE },
		{ BPF_DEVCG_DEV_CHAR, 1, 5, BPF_DEVCG_ACC_READ },
	};
	struct cgfence_cgroup *unit = harness_child_cgroup(harness_cgroup(), "a.service");
	struct whitelist whitelist = whitelist_load(entries, 2);
	struct program_result result;

	whitelist_attach(&whitelist, unit, BPF_F_ALLOW_MULTI);
	result = import_unit(unit);
	cr_expect_eq(result.status, 0, "%s", result.errors);
	assert_has(result.output, "\"/dev/null rw\"");
	assert_has(result.output, "\"/dev/zero r\"");
	assert_has(result.errors, "of the unit a.service: it has a say on devices");
	assert_lacks(result.errors, "are not taken");
	whitelist_close(&whitelist);
}

/* The program lets everything be made, which the unit does not. */
Test(import_cgroup, of_rules_that_the_kernel_contradicts)
{
	struct cgfence_cgroup *unit = harness_child_cgroup(harness_cgroup(), "a.service");
	struct whitelist whitelist = whitelist_put(unit);
	struct program_result result = import_unit(unit);

	cr_expect_eq(result.status, 0, "%s", result.errors);
	assert_has(result.errors,
		   "the rules of its owner are not taken: the policy and the programs"
		   " attached do not agree");
	assert_has(result.output, "\"c 1:3 rwm\"");
	whitelist_close(&whitelist);
}

Test(import_cgroup, faults)
{
	assert_fails(import(harness_cgroup()), 1, "has neither a fence nor a program of others");
	assert_fails(program_run(NULL, WORDS("import", "/no/such/cgroup")), 1, "/no/such/cgroup");
	assert_fails(program_run(NULL, WORDS("import", "--part", "x", "/")), 2,
		     "--part is for a file");
	assert_fails(program_run(NULL, WORDS("import", "/", "/")), 2, "give one cgroup");
}
