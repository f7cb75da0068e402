// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What explain says of programs of others on the hooks of ports, which it asks the kernel about. */
#include "program.h"
#include "support/harness.h"
#include "support/port_filter.h"

TestSuite(explain_ports, .init = harness_begin, .fini = harness_end);

static struct program_result explain_port(const struct cgfence_cgroup *cgroup, const char *protocol,
					  const char *port)
{
	return program_run(NULL,
			   WORDS("explain", cgfence_cgroup_path(cgroup), "port", protocol, port));
}

Test(explain_ports, programs_of_others_are_asked_about_ports)
{
	struct cgfence_cgroup *unit = harness_child_cgroup(harness_cgroup(), "web.service");
	struct program_result result;

	port_filter_put(unit, BPF_CGROUP_INET4_BIND);
	result = explain_port(unit, "tcp", "ipv4:8080");
	assert_status(result, 3);
	assert_has(result.output, "\trefused\tprogram ");
	assert_has(result.output, "on the bind4 hook, of the unit web.service, refuses it\n");
	assert_status(explain_port(unit, "udp", "ipv4:8080"), 3);
	assert_done(explain_port(unit, "tcp", "ipv4:8081"));
	assert_done(explain_port(unit, "tcp", "ipv6:8080"));
	/* Below 1024 too. */
	assert_done(explain_port(unit, "tcp", "80"));
}

Test(explain_ports, a_program_of_ipv6_has_a_say_on_mapped_addresses_alone)
{
	struct program_result result;

	port_filter_put(harness_cgroup(), BPF_CGROUP_INET6_BIND);
	assert_status(explain_port(harness_cgroup(), "tcp", "8080"), 3);
	assert_status(explain_port(harness_cgroup(), "tcp", "ipv6:8080"), 3);
	result = explain_port(harness_cgroup(), "tcp", "ipv4:8080");
	assert_fails(result, 1,
		     "it cannot be told whether 'tcp ipv4:8080' would be allowed: program ");
	assert_has(result.errors, "it refuses it to sockets of IPv6 with a mapped address");
	assert_done(explain_port(harness_cgroup(), "tcp", "ipv4:8081"));
}
