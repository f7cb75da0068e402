// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The records of refused ports, and audit mode. */
#include "support/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(port_records, .init = sockets_begin, .fini = harness_end);

static int bind_three_times(void *argument)
{
	prctl(PR_SET_NAME, "binder");
	for (int i = 0; i < 3; i++) {
		if (endpoint_open(argument) != -EPERM)
			return 1;
	}
	return 0;
}

static void expect_one_record(const char *endpoint, uint8_t protocol, enum cgfence_family family,
			      uint32_t port)
{
	const struct cgfence_denial_record *record;
	struct refusals refusals;
	pid_t child = harness_fork();
	int status;

	if (child == 0)
		_exit(harness_enter(sockets_fence()) ? 255 : bind_three_times((void *)endpoint));
	waitpid(child, &status, 0);
	cr_assert_eq(status, 0, "%s", endpoint);
	refusals = sockets_refusals(sockets_fence());
	cr_assert_gt(refusals.count, 0, "%s", endpoint);
	record = &refusals.records[refusals.count - 1];
	cr_expect_eq(record->subject.hook, CGFENCE_HOOK_BIND, "%s", endpoint);
	cr_expect_eq(record->subject.verdict, CGFENCE_VERDICT_DENIED, "%s", endpoint);
	cr_expect_eq(record->subject.type, protocol, "%s", endpoint);
	cr_expect_eq(record->subject.access, family, "%s", endpoint);
	cr_expect_eq(record->subject.major, port, "%s", endpoint);
	cr_expect_eq(record->subject.minor, 0, "%s", endpoint);
	cr_expect_eq(record->pid, (uint32_t)child, "%s", endpoint);
	cr_expect_str_eq(record->comm, "binder");
	cr_expect_eq(record->count, 3, "%s", endpoint);
	cr_expect_gt(record->last_ns, record->first_ns, "%s", endpoint);
	free(refusals.records);
}

Test(port_records, a_refused_bind_is_recorded_with_who_where_and_how_often)
{
	struct refusals refusals;

	harness_attach(sockets_fence(), "{'ports': ['ipv4:8080']}");
	expect_one_record("tcp 127.0.0.1 9", IPPROTO_TCP, CGFENCE_IPV4, 9);
	expect_one_record("tcp ::1 9", IPPROTO_TCP, CGFENCE_IPV6, 9);
	expect_one_record("udp 127.0.0.1 9", IPPROTO_UDP, CGFENCE_IPV4, 9);
	expect_one_record("udp ::1 65535", IPPROTO_UDP, CGFENCE_IPV6, 65535);
	expect_one_record("tcp ::ffff:127.0.0.1 10", IPPROTO_TCP, CGFENCE_IPV4, 10);
	expect_one_record("tcp :: 8080", IPPROTO_TCP, CGFENCE_IPV6, 8080);
	refusals = sockets_refusals(sockets_fence());
	cr_expect_eq(refusals.count, 6);
	cr_expect_eq(refusals.counters.refusals[CGFENCE_HOOK_BIND][CGFENCE_VERDICT_DENIED], 18);
	cr_expect_eq(refusals.counters.refusals[CGFENCE_HOOK_BIND][CGFENCE_VERDICT_AUDITED], 0);
	cr_expect_eq(refusals.counters.refusals[CGFENCE_HOOK_DEVICE][CGFENCE_VERDICT_DENIED], 0);
	cr_expect_eq(refusals.counters.refusals[CGFENCE_HOOK_CREATE][CGFENCE_VERDICT_DENIED], 0);
	cr_expect_eq(refusals.counters.evicted, 0);
	free(refusals.records);
}

Test(port_records, mptcp_and_udp_lite_are_recorded_as_what_they_are_judged_as)
{
	harness_attach(sockets_fence(), "{'ports': []}");
	sockets_skip_without("mptcp 127.0.0.1 unbound");
	expect_one_record("mptcp 127.0.0.1 9", IPPROTO_TCP, CGFENCE_IPV4, 9);
	sockets_skip_without("udplite 127.0.0.1 unbound");
	expect_one_record("udplite 127.0.0.1 9", IPPROTO_UDPLITE, CGFENCE_IPV4, 9);
}

Test(port_records, what_is_allowed_leaves_no_trace)
{
	struct refusals refusals;

	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_expect_eq(sockets_listen(sockets_fence(), "tcp 127.0.0.1 8080"), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "udp :: 8080"), 0);
	cr_expect_eq(sockets_bind(sockets_fence(), "udp :: 0"), 0);
	refusals = sockets_refusals(sockets_fence());
	cr_expect_eq(refusals.count, 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN), 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_CREATE), 0);
	free(refusals.records);
}

Test(port_records, audit_refuses_no_bind_and_records_each_once)
{
	static const char *const endpoints[] = { "tcp 127.0.0.1 9", "tcp :: 10", "udp 0.0.0.0 11",
						 "udp ::1 12" };
	struct refusals refusals;

	harness_attach(sockets_fence(), "{'enforce': false, 'ports': [8080]}");
	for (size_t i = 0; i < 4; i++)
		cr_expect_eq(sockets_bind(sockets_fence(), endpoints[i]), 0, "%s", endpoints[i]);
	refusals = sockets_refusals(sockets_fence());
	cr_expect_eq(refusals.count, 4);
	for (size_t i = 0; i < refusals.count; i++) {
		cr_expect_eq(refusals.records[i].subject.hook, CGFENCE_HOOK_BIND);
		cr_expect_eq(refusals.records[i].subject.verdict, CGFENCE_VERDICT_AUDITED);
		cr_expect_eq(refusals.records[i].count, 1, "port %u was recorded %llu times",
			     refusals.records[i].subject.major,
			     (unsigned long long)refusals.records[i].count);
	}
	cr_expect_eq(refusals.counters.refusals[CGFENCE_HOOK_BIND][CGFENCE_VERDICT_AUDITED], 4);
	cr_expect_eq(refusals.counters.refusals[CGFENCE_HOOK_BIND][CGFENCE_VERDICT_DENIED], 0);
	free(refusals.records);
}

Test(port_records, an_audited_port_is_recorded_at_bind_and_again_at_listen)
{
	struct refusals refusals;

	harness_attach(sockets_fence(), "{'enforce': false, 'ports': [8080]}");
	if (sockets_guard(sockets_fence()) == CGFENCE_GUARD_NONE)
		sockets_skip("this kernel has no listen guard");
	cr_expect_eq(sockets_listen(sockets_fence(), "tcp 127.0.0.1 9"), 0);
	refusals = sockets_refusals(sockets_fence());
	cr_assert_eq(refusals.count, 2);
	cr_expect_eq(refusals.records[0].subject.hook, CGFENCE_HOOK_BIND);
	cr_expect_eq(refusals.records[1].subject.hook, CGFENCE_HOOK_LISTEN);
	cr_expect_eq(refusals.records[1].subject.major, 9);
	cr_expect_eq(refusals.records[1].subject.verdict, CGFENCE_VERDICT_AUDITED);
	free(refusals.records);
}

Test(port_records, audit_counts_sctp_sockets_and_lets_them_be_made)
{
	struct refusals refusals;

	sockets_skip_without("sctp 127.0.0.1 unbound");
	harness_attach(sockets_fence(), "{'enforce': false, 'ports': []}");
	cr_expect_eq(sockets_bind(sockets_fence(), "sctp ::1 9"), 0);
	refusals = sockets_refusals(sockets_fence());
	cr_assert_eq(refusals.count, 1);
	cr_expect_eq(refusals.records[0].subject.hook, CGFENCE_HOOK_CREATE);
	cr_expect_eq(refusals.records[0].subject.type, IPPROTO_SCTP);
	cr_expect_eq(refusals.records[0].subject.access, CGFENCE_IPV6);
	cr_expect_eq(refusals.counters.refusals[CGFENCE_HOOK_CREATE][CGFENCE_VERDICT_AUDITED], 1);
	free(refusals.records);
}

Test(port_records, records_and_counters_go_on_over_a_replacement)
{
	struct refusals refusals;

	harness_attach(sockets_fence(), "{'ports': [8080]}");
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 9"), EPERM);
	harness_attach(sockets_fence(), "{'ports': [8081]}");
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 9"), EPERM);
	/* A change that adds hooks must not begin new records. */
	harness_attach(sockets_fence(), "{'ports': [8081], 'devices': {'defaults': true}}");
	cr_expect_eq(sockets_bind(sockets_fence(), "tcp 127.0.0.1 9"), EPERM);
	refusals = sockets_refusals(sockets_fence());
	cr_assert_eq(refusals.count, 1);
	cr_expect_eq(refusals.records[0].count, 3);
	cr_expect_eq(refusals.counters.refusals[CGFENCE_HOOK_BIND][CGFENCE_VERDICT_DENIED], 3);
	free(refusals.records);
}

static int bind_many(void *argument)
{
	(void)argument;
	for (int port = 1; port <= 2000; port++) {
		char text[64];

		snprintf(text, sizeof(text), "udp 127.0.0.1 %d", port);
		if (endpoint_open(text) != -EPERM)
			return 1;
	}
	return 0;
}

Test(port_records, refused_binds_take_no_room_from_refused_devices)
{
	struct refusals refusals;
	bool found = false;

	harness_attach(sockets_fence(), "{'devices': {}, 'ports': []}");
	cr_assert_eq(harness_open(sockets_fence(), "c 1:11", O_RDONLY), EPERM);
	cr_assert_eq(harness_in_cgroup(sockets_fence(), bind_many, NULL), 0);
	refusals = sockets_refusals(sockets_fence());
	for (size_t i = 0; i < refusals.count; i++)
		found = found || refusals.records[i].subject.hook == CGFENCE_HOOK_DEVICE;
	cr_expect(found);
	free(refusals.records);
}
