// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What systemd is asked: whether it listens for a service on a port that its fence does not assign, and rules of units. */
#include "program.h"
#include "support/harness.h"

#include <stdio.h>
#include <sys/stat.h>

static struct cgfence_cgroup *service;

static void begin(void)
{
	harness_begin();
	service = harness_child_cgroup(harness_cgroup(), "web.service");
}

TestSuite(activation, .init = begin, .fini = harness_end);

/* What systemctl says of the unit web.service, with its cgroup in place of %s, and of web.socket. */
#define TRIGGERED "TriggeredBy=web.path web.socket\\nControlGroup=%s\\nSlice=-.slice"
#define ACCEPTS_NOT "Accept=no\\nSocketProtocol=0\\nBindIPv6Only=default"
#define LISTENS \
	"Listen=[::]:8080 (Stream)\\nListen=/run/web (Stream)\\nListen=127.0.0.1:53 (Datagram)"

/* One that is in the directory of the test comes before all others. */
static void use_systemctl(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s:%s", harness_directory(), getenv("PATH"));
	setenv("PATH", path, 1);
}

/* Puts a systemctl in front of all others. It complains like the real one where there is no systemd, without @triggered. */
static void fake_systemctl(const char *triggered, const char *about_socket, const char *listens)
{
	char answer[512] = "";
	char script[2048];

	if (triggered)
		snprintf(answer, sizeof(answer), triggered, cgfence_cgroup_path(service));
	snprintf(script, sizeof(script),
		 "#!/bin/sh\n"
		 "test -n '%s' || { echo Host is down >&2; exit 1; }\n"
		 "case $3,$5 in\n"
		 "TriggeredBy,*,web.service) printf '%s\\n' ;;\n"
		 "Accept,*,web.socket) printf '%s\\n' ;;\n"
		 "Listen,web.socket) printf '%s\\n' ;;\n"
		 "esac\n",
		 answer, answer, about_socket, listens);
	cr_assert_eq(chmod(program_file("systemctl", script), 0755), 0);
	use_systemctl();
}

static struct program_result attach(const char *policy)
{
	return program_run(NULL, WORDS("attach", cgfence_cgroup_path(service),
				       program_file("policy.json", policy)));
}

static struct program_result explain(const char *protocol, const char *port)
{
	return program_run(NULL,
			   WORDS("explain", cgfence_cgroup_path(service), "port", protocol, port));
}

Test(activation, attach_names_the_socket_and_the_port)
{
	struct program_result result;

	fake_systemctl(TRIGGERED, ACCEPTS_NOT, LISTENS);
	result = attach("{'ports': {'tcp': [9090], 'udp': [53]}, 'on_violation': 'kill'}");
	assert_status(result, 0);
	cr_assert_str_eq(
		result.errors,
		"cgfence: web.socket listens on tcp [::]:8080 for web.service, which holds that listener then:"
		" it is in excess, and the service is killed for it; assign the port.\n");
	result = attach("{'ports': {'tcp': ['ipv6:8080']}}");
	assert_has(result.errors, "tcp [::]:8080 for web.service");
	assert_has(result.errors, "udp 127.0.0.1:53 for web.service");
	assert_lacks(result.errors, "killed");
	assert_lacks(result.errors, "/run/web");
}

Test(activation, what_is_assigned_or_no_business_of_the_fence_is_not_told)
{
	fake_systemctl(TRIGGERED, ACCEPTS_NOT, LISTENS);
	assert_done(attach("{'ports': {'tcp': [8080], 'udp': [53]}, 'on_violation': 'kill'}"));
	assert_done(attach("{'ports': {}, 'isolated_range': ['9000-9999']}"));
	assert_done(attach("{'devices': {}}"));
}

Test(activation, a_dry_run_says_it_too)
{
	struct program_result result;

	fake_systemctl(TRIGGERED, ACCEPTS_NOT, LISTENS);
	result = program_run(NULL, WORDS("attach", "--dry-run", cgfence_cgroup_path(service),
					 program_file("policy.json", "{'ports': {'udp': [53]}}")));
	assert_status(result, 0);
	assert_has(result.errors, "web.socket listens on tcp [::]:8080");
}

Test(activation, explain_names_the_socket_of_a_refused_port)
{
	struct program_result result;

	fake_systemctl(TRIGGERED, ACCEPTS_NOT, LISTENS);
	harness_attach(service, "{'ports': {'udp': [53]}, 'on_violation': 'kill'}");
	result = explain("tcp", "8080");
	assert_status(result, 3);
	assert_has(result.errors, "web.socket listens on tcp [::]:8080 for web.service");
	assert_has(result.errors, "and the service is killed for it");
	cr_assert_str_eq(explain("tcp", "9090").errors, "");
	cr_assert_str_eq(explain("udp", "8080").errors, "");
	assert_done(explain("udp", "53"));
}

Test(activation, a_standing_fence_of_a_service_that_does_not_run)
{
	struct program_result result;
	char name[4096];

	fake_systemctl("TriggeredBy=web.socket\\nControlGroup=\\nSlice=web.slice", ACCEPTS_NOT,
		       LISTENS);
	snprintf(name, sizeof(name), "%s/web.slice/web.service",
		 cgfence_cgroup_path(harness_cgroup()));
	result = program_run(NULL, WORDS("attach", "--standing", name,
					 program_file("policy.json", "{'ports': {'udp': [53]}}")));
	assert_status(result, 0);
	assert_has(result.errors, "web.socket listens on tcp [::]:8080");
	result = program_run(NULL, WORDS("explain", name, "port", "tcp", "8080"));
	assert_status(result, 3);
	assert_has(result.errors, "web.socket listens on tcp [::]:8080");
	assert_done(program_run(NULL, WORDS("detach", "--standing", name)));
}

Test(activation, connections_are_no_listeners)
{
	fake_systemctl(TRIGGERED, "Accept=yes", LISTENS);
	assert_done(attach("{'ports': {}}"));
}

/* The manager of a user may have a service of that name, which is not what systemctl tells of. */
Test(activation, a_service_of_another_cgroup_is_another_one)
{
	fake_systemctl("TriggeredBy=web.socket\\nControlGroup=/system.slice/web.service\\n"
		       "Slice=system.slice",
		       ACCEPTS_NOT, LISTENS);
	assert_done(attach("{'ports': {}}"));
}

Test(activation, nothing_is_said_where_systemd_cannot_be_asked)
{
	fake_systemctl(NULL, "", "");
	assert_done(attach("{'ports': {}}"));
	cr_assert_str_eq(explain("tcp", "8080").errors, "");
}

Test(activation, a_systemd_that_does_not_answer_is_not_waited_for)
{
	cr_assert_eq(chmod(program_file("systemctl", "#!/bin/sh\nexec sleep 1000\n"), 0755), 0);
	use_systemctl();
	assert_done(attach("{'ports': {}}"));
}

/* The real one prints a name that no unit can have as it is, and takes a pattern for all units that match. */
Test(activation, systemctl_gets_only_names_that_a_unit_can_have)
{
	static const char *const names[] = { "a\x1b[31m.service", "*.service", "a b.service" };
	struct program_result result;

	cr_assert_eq(chmod(program_file("systemctl", "#!/bin/sh\necho \"asked: $*\" >&2\nexit 1\n"),
			   0755),
		     0);
	use_systemctl();
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct cgfence_cgroup *cgroup = harness_child_cgroup(harness_cgroup(), names[i]);
		const char *path = cgfence_cgroup_path(cgroup);

		result = program_run(NULL, WORDS("adopt", path));
		assert_status(result, 1);
		assert_has(result.errors, "systemd knows no unit of that name");
		assert_lacks(result.errors, "asked");
		result = program_run(NULL, WORDS("attach", path,
						 program_file("policy.json", "{'ports': {}}")));
		assert_status(result, 0);
		assert_lacks(result.errors, "asked");
	}
}
