// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What each form of "ports", "isolated_range" and "privileged_ports" allows. */
#include "support/sockets.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(port_policies, .init = sockets_begin, .fini = harness_end);

struct policy_case {
	const char *policy;
	const char *allowed[8];
	const char *refused[8];
};

static const struct policy_case cases[] = {
	{ "{'ports': 'any'}",
	  { "tcp 127.0.0.1 1", "tcp :: 65535", "udp ::1 1", "udp 0.0.0.0 65535" },
	  { NULL } },
	{ "{'ports': []}",
	  { "tcp 127.0.0.1 0", "udp ::1 0" },
	  { "tcp 127.0.0.1 1", "tcp :: 65535", "udp ::1 1", "udp 0.0.0.0 65535" } },
	{ "{'ports': {}}", { "tcp ::1 0" }, { "tcp 127.0.0.1 8080", "udp ::1 8080" } },
	{ "{'ports': {'tcp': [8080]}}",
	  { "tcp 127.0.0.1 8080", "tcp ::1 8080" },
	  { "udp 127.0.0.1 8080", "udp ::1 8080", "tcp 127.0.0.1 8079" } },
	{ "{'ports': {'udp': [8080]}}",
	  { "udp 127.0.0.1 8080", "udp ::1 8080" },
	  { "tcp 127.0.0.1 8080", "tcp ::1 8080", "udp 127.0.0.1 8081" } },
	{ "{'ports': {'tcp': 'any', 'udp': [53]}}",
	  { "tcp 127.0.0.1 9", "tcp :: 65535", "udp ::1 53" },
	  { "udp 127.0.0.1 9", "udp :: 65535" } },
	{ "{'ports': {'tcp': [80], 'udp': 'any'}}",
	  { "udp 127.0.0.1 9", "udp :: 65535", "tcp ::1 80" },
	  { "tcp 127.0.0.1 9", "tcp :: 65535" } },
	{ "{'ports': {'sctp': 'any'}}", { "tcp ::1 0" }, { "tcp 127.0.0.1 8080", "udp ::1 8080" } },
	/* Both ends of a range, and one beyond each; on and across the words of the bitmap. */
	{ "{'ports': ['31000-31005']}",
	  { "tcp 127.0.0.1 31000", "tcp 127.0.0.1 31005", "udp ::1 31000", "udp ::1 31005",
	    "tcp :: 31003" },
	  { "tcp 127.0.0.1 30999", "tcp 127.0.0.1 31006", "udp ::1 30999", "udp ::1 31006" } },
	{ "{'ports': ['64-127']}",
	  { "tcp 127.0.0.1 64", "tcp ::1 127" },
	  { "tcp 127.0.0.1 63", "tcp ::1 128", "udp ::1 63", "udp 127.0.0.1 128" } },
	{ "{'ports': ['127-128', 191, '192-193']}",
	  { "tcp 127.0.0.1 127", "tcp ::1 128", "udp ::1 191", "udp ::1 192", "tcp ::1 193" },
	  { "tcp 127.0.0.1 126", "tcp ::1 129", "udp ::1 190", "udp ::1 194" } },
	/* Both ends of the space. */
	{ "{'ports': [1]}",
	  { "tcp 127.0.0.1 1", "udp ::1 1" },
	  { "tcp 127.0.0.1 2", "udp ::1 65535", "tcp ::1 64", "tcp ::1 65" } },
	{ "{'ports': [65535]}",
	  { "tcp 127.0.0.1 65535", "udp ::1 65535" },
	  { "tcp 127.0.0.1 65534", "udp ::1 1", "tcp ::1 63" } },
	{ "{'ports': ['1-65534']}",
	  { "tcp 127.0.0.1 1", "udp ::1 65534" },
	  { "tcp 127.0.0.1 65535", "udp ::1 65535" } },
	{ "{'ports': ['2-65535']}",
	  { "tcp :: 2", "udp ::1 65535" },
	  { "tcp 127.0.0.1 1", "udp ::1 1" } },
	{ "{'ports': ['1-65535']}",
	  { "tcp :: 1", "udp ::1 65535", "udp 127.0.0.1 300" },
	  { NULL } },
	/* One family. */
	{ "{'ports': ['ipv4:8080-8081', 'ipv6:8081-8082']}",
	  { "tcp 127.0.0.1 8080", "tcp 127.0.0.1 8081", "tcp ::1 8081", "tcp ::1 8082",
	    "udp :: 8081" },
	  { "tcp 127.0.0.1 8082", "tcp ::1 8080", "udp 127.0.0.1 8082", "udp ::1 8080",
	    "udp :: 8080" } },
	{ "{'ports': ['ipv4:1-65535']}",
	  { "tcp 127.0.0.1 1", "udp 0.0.0.0 65535" },
	  { "tcp ::1 1", "udp :: 65535", "tcp :: 8080" } },
	{ "{'ports': ['ipv6:1-65535']}",
	  { "tcp ::1 1", "udp ::1 65535" },
	  { "tcp 127.0.0.1 1", "udp :: 65535", "tcp 0.0.0.0 8080" } },
	/* The fence ignores ports outside the isolated range. */
	{ "{'ports': [31000], 'isolated_range': ['31000-32000']}",
	  { "tcp 127.0.0.1 31000", "tcp ::1 30999", "udp :: 32001", "udp 127.0.0.1 1",
	    "tcp :: 65535" },
	  { "tcp 127.0.0.1 31001", "tcp ::1 32000", "udp :: 31500", "udp 127.0.0.1 32000" } },
	{ "{'ports': [80, 31000], 'isolated_range': ['31000-32000']}",
	  { "tcp 127.0.0.1 80", "tcp ::1 81" },
	  { "udp 127.0.0.1 31001" } },
	{ "{'ports': [], 'isolated_range': ['ipv4:8080']}",
	  { "tcp ::1 8080", "tcp :: 8081", "udp ::1 8080", "udp 127.0.0.1 8079" },
	  { "tcp 127.0.0.1 8080", "tcp :: 8080", "udp 127.0.0.1 8080",
	    "udp ::ffff:127.0.0.1 8080" } },
	{ "{'ports': [], 'isolated_range': []}", { "tcp :: 1", "udp 127.0.0.1 65535" }, { NULL } },
	{ "{'ports': [8080], 'isolated_range': 'any'}",
	  { "tcp :: 8080" },
	  { "tcp :: 8081", "udp ::1 1" } },
};

Test(port_policies, each_form_of_ports_allows_what_it_says_and_no_more)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		harness_attach(sockets_fence(), cases[i].policy);
		for (const char *const *endpoint = cases[i].allowed; *endpoint; endpoint++)
			cr_expect_eq(sockets_bind(sockets_fence(), *endpoint), 0, "%s: %s",
				     cases[i].policy, *endpoint);
		for (const char *const *endpoint = cases[i].refused; *endpoint; endpoint++)
			cr_expect_eq(sockets_bind(sockets_fence(), *endpoint), EPERM, "%s: %s",
				     cases[i].policy, *endpoint);
	}
}

#define RANGE_COUNT 128

Test(port_policies, each_of_128_ranges_is_judged)
{
	char *policy = NULL;
	char endpoint[64];
	size_t size = 0;
	FILE *stream = open_memstream(&policy, &size);

	/* Ports 1000 to 1003, 1500 to 1503, and so on up to 64503. */
	fprintf(stream, "{'ports': [");
	for (unsigned int i = 0; i < RANGE_COUNT; i++)
		fprintf(stream, "%s'%u-%u'", i ? ", " : "", 1000 + i * 500, 1003 + i * 500);
	fprintf(stream, "]}");
	fclose(stream);
	harness_attach(sockets_fence(), policy);
	for (unsigned int i = 0; i < RANGE_COUNT; i++) {
		for (int offset = -1; offset <= 4; offset += offset == 0 ? 3 : 1) {
			snprintf(endpoint, sizeof(endpoint), "%s 127.0.0.1 %u",
				 i % 2 ? "tcp" : "udp", 1000 + i * 500 + (unsigned int)offset);
			cr_expect_eq(sockets_bind(sockets_fence(), endpoint),
				     offset == 0 || offset == 3 ? 0 : EPERM, "%s", endpoint);
		}
	}
	free(policy);
}

Test(port_policies, what_lies_outside_the_isolated_range_is_neither_recorded_nor_guarded)
{
	struct refusals refusals;

	harness_attach(
		sockets_fence(),
		"{'ports': [31000], 'isolated_range': ['31000-32000'], 'on_violation': 'kill'}");
	cr_expect_eq(sockets_listen(sockets_fence(), "tcp 127.0.0.1 30999"), 0);
	cr_expect_eq(sockets_listen(sockets_fence(), "tcp :: 32001"), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "udp 127.0.0.1 9"), 0);
	refusals = sockets_refusals(sockets_fence());
	cr_expect_eq(refusals.count, 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN), 0);
	free(refusals.records);
}

/* With no capabilities: an unprivileged user. */
static int bind_as_nobody(void *argument)
{
	int fd;

	if (setgroups(0, NULL) < 0 || setgid(65534) < 0 || setuid(65534) < 0)
		return SOCKETS_FAILED;
	fd = endpoint_open(argument);
	return fd < 0 ? -fd : 0;
}

static void expect_as_nobody(const char *endpoint, int expected)
{
	int result = harness_in_cgroup(sockets_fence(), bind_as_nobody, (void *)endpoint);

	cr_expect_eq(result, expected, "%s: %d, not %d", endpoint, result, expected);
}

/* Attaches. Return: false if the kernel cannot, which the error must say. */
static bool attach_privileged(const char *json)
{
	struct cgfence_policy *policy = harness_policy(json);
	struct cgfence_error error = { 0 };
	enum cgfence_attach_result result;
	int code = cgfence_fence_attach(sockets_fence(), policy, 0, &result, &error);

	cgfence_policy_free(policy);
	if (code == 0)
		return true;
	cr_expect_neq(strstr(error.text, "privileged_ports"), NULL, "%s", error.text);
	cr_expect_neq(strstr(error.text, "5.12"), NULL, "%s", error.text);
	return false;
}

Test(port_policies, an_assigned_privileged_port_needs_no_capability_if_the_policy_says_so)
{
	if (!attach_privileged("{'ports': [80, 'ipv4:82', 1023, 1024], 'privileged_ports': true}"))
		return;
	expect_as_nobody("tcp 127.0.0.1 80", 0);
	expect_as_nobody("tcp :: 80", 0);
	expect_as_nobody("udp ::1 80", 0);
	expect_as_nobody("tcp 127.0.0.1 1023", 0);
	expect_as_nobody("tcp 127.0.0.1 1024", 0);
	expect_as_nobody("tcp 127.0.0.1 82", 0);
	expect_as_nobody("tcp ::1 82", EPERM);
	expect_as_nobody("tcp 127.0.0.1 81", EPERM);
	expect_as_nobody("udp ::1 81", EPERM);
	expect_as_nobody("tcp 127.0.0.1 0", 0);
}

Test(port_policies, an_assigned_privileged_port_needs_the_capability_otherwise)
{
	harness_attach(sockets_fence(), "{'ports': [80, 1024]}");
	expect_as_nobody("tcp 127.0.0.1 80", EACCES);
	expect_as_nobody("udp ::1 80", EACCES);
	expect_as_nobody("tcp 127.0.0.1 1024", 0);
	expect_as_nobody("tcp 127.0.0.1 81", EPERM);
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 80"), 0);
}

Test(port_policies, a_privileged_port_outside_the_isolated_range_keeps_needing_the_capability)
{
	if (!attach_privileged(
		    "{'ports': [80], 'isolated_range': ['80-100'], 'privileged_ports': true}"))
		return;
	expect_as_nobody("tcp 127.0.0.1 80", 0);
	expect_as_nobody("tcp 127.0.0.1 99", EPERM);
	expect_as_nobody("tcp 127.0.0.1 101", EACCES);
}

Test(port_policies, every_port_can_be_assigned_with_privilege)
{
	if (!attach_privileged("{'ports': 'any', 'privileged_ports': true}"))
		return;
	expect_as_nobody("tcp 127.0.0.1 80", 0);
	expect_as_nobody("udp :: 1", 0);
}

/* The verifiers of older kernels (6.1) follow impossible paths, which differ here. */
Test(port_policies, privileged_ports_may_be_none_of_those_assigned)
{
	if (!attach_privileged("{'ports': [1024, '8080-8090'], 'privileged_ports': true}"))
		return;
	expect_as_nobody("tcp 127.0.0.1 8085", 0);
	expect_as_nobody("tcp 127.0.0.1 80", EPERM);
}
