// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The output of the commands about ports. */
#include "program.h"
#include "support/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(ports, .init = harness_begin, .fini = harness_end);

#define POLICY \
	"{'ports': {'tcp': ['8000-8100', 'ipv4:99'], 'udp': []}, 'isolated_range': ['1-30000']}"

static struct program_result explain(const char *policy, const char *protocol, const char *port)
{
	const struct program_options options = { .input = policy };

	return program_run(&options, WORDS("explain", "-", "port", protocol, port));
}

Test(ports, explain_names_the_range_or_what_is_missing)
{
	static const struct {
		const char *protocol;
		const char *port;
		int status;
		const char *because;
	} cases[] = {
		{ "tcp", "8080", 0, "'8000-8100' is assigned" },
		{ "tcp", "ipv4:99", 0, "'ipv4:99' is assigned" },
		{ "tcp", "99", 3, "it is not assigned for IPv6" },
		{ "tcp", "ipv6:99", 3, "it is not assigned for IPv6" },
		{ "tcp", "8101", 3, "it is not assigned for IPv4" },
		{ "udp", "8080", 3, "it is not assigned for IPv4" },
		{ "udp", "30001", 0, "it is outside the isolated range" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct program_result result = explain(POLICY, cases[i].protocol, cases[i].port);

		cr_expect_eq(result.status, cases[i].status, "%s %s", cases[i].protocol,
			     cases[i].port);
		cr_expect_neq(strstr(result.output, cases[i].because), NULL, "%s", result.output);
	}
}

Test(ports, explain_refuses_what_is_no_port)
{
	cr_expect_eq(explain(POLICY, "tcp", "1-2").status, 2);
	cr_expect_eq(explain(POLICY, "tcp", "0").status, 2);
	cr_expect_eq(explain(POLICY, "tcp", "65536").status, 2);
	cr_expect_eq(explain(POLICY, "sctp", "80").status, 2);
	assert_fails(program_run(NULL, WORDS("explain", "/", "port", "tcp", "80", "81")), 2,
		     "leave out '81'");
	assert_fails(program_run(NULL, WORDS("explain", "/", "port", "tcp")), 2,
		     "the port is missing");
}

/* The only element of a printed array; to be given to json_decref(). */
static json_t *only_element(const struct program_result *result)
{
	json_t *list = json_loads(result->output, 0, NULL);
	json_t *element;

	cr_assert_eq(json_array_size(list), 1, "%s", result->output);
	element = json_incref(json_array_get(list, 0));
	json_decref(list);
	return element;
}

static int bind_unassigned(void *argument)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(7001) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)argument;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	return bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : errno;
}

Test(ports, status_shows_hooks_and_guard_and_denials_the_port)
{
	const char *path = cgfence_cgroup_path(harness_cgroup());
	struct program_result result;
	const char *guard;
	json_t *record;
	json_t *fence;

	harness_attach(harness_cgroup(), "{'ports': [8080]}");
	result = program_run(NULL, WORDS("status", path, "--json"));
	fence = only_element(&result);
	guard = json_string_value(json_object_get(fence, "listen_guard"));
	cr_expect_str_eq(guard, cgfence_guard_name(sockets_guard(harness_cgroup())));
	json_decref(fence);
	cr_expect_neq(strstr(result.output, "\"post_bind6\""), NULL, "%s", result.output);

	cr_assert_eq(harness_in_cgroup(harness_cgroup(), bind_unassigned, NULL), EPERM);
	result = program_run(NULL, WORDS("denials", path, "--json"));
	record = only_element(&result);
	cr_expect_str_eq(json_string_value(json_object_get(record, "hook")), "bind");
	cr_expect_str_eq(json_string_value(json_object_get(record, "verdict")), "denied");
	cr_expect_str_eq(json_string_value(json_object_get(record, "protocol")), "tcp");
	cr_expect_str_eq(json_string_value(json_object_get(record, "family")), "ipv4");
	cr_expect_eq(json_integer_value(json_object_get(record, "port")), 7001);
	cr_expect_null(json_object_get(record, "device"));
	json_decref(record);
	result = program_run(NULL, WORDS("denials", path));
	cr_expect_neq(strstr(result.output, "\tbind\ttcp ipv4:7001\t"), NULL, "%s", result.output);
}

Test(ports, show_is_taken_back_unchanged)
{
	struct program_options options = { 0 };
	const char *path = cgfence_cgroup_path(harness_cgroup());
	struct program_result shown;
	struct program_result again;

	harness_attach(harness_cgroup(), POLICY);
	shown = program_run(NULL, WORDS("show", path));
	options.input = shown.output;
	again = program_run(&options, WORDS("attach", path, "-"));
	cr_expect_neq(strstr(again.output, "nothing changed"), NULL, "%s%s", again.output,
		      again.errors);
}
