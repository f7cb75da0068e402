// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Of which protocols the reconciler lists the sockets. */
#include "holding.h"
#include "reconcile/observe.h"
#include "wanted.h"

#include <netinet/in.h>

TestSuite(reconcile_listed, .init = holding_begin, .fini = holding_end);

static const char *const both[] = { "tcp 127.0.0.1 9", "udp 127.0.0.1 9", NULL };

static size_t count_of(const struct observation *observation, int ip_protocol)
{
	size_t count = 0;

	for (size_t i = 0; i < observation->listeners.count; i++)
		count += observation->listeners.items[i].ip_protocol == ip_protocol;
	return count;
}

static void expect(const char *policy, bool tcp, bool udp, size_t sightings)
{
	const struct observation_scope scope = { .fence_id = cgfence_cgroup_id(sockets_fence()) };
	struct observation observation;
	struct cgfence_error error = { 0 };

	harness_attach(sockets_fence(), policy);
	cr_assert_eq(observe(&scope, &observation, &error), 0, "%s", error.text);
	cr_expect_eq(count_of(&observation, IPPROTO_TCP) > 0, tcp, "%s", policy);
	cr_expect_eq(count_of(&observation, IPPROTO_UDP) > 0, udp, "%s", policy);
	cr_expect_eq(observation.sighting_count, sightings, "%s", policy);
	observation_free(&observation);
}

/* The host may have thousands of sockets of a protocol of which every port is allowed. */
Test(reconcile_listed, only_what_a_fence_judges_is_listed)
{
	holding_start(harness_cgroup(), holding_move_in, (void *)both);
	expect("{'ports': [8080]}", true, true, 2);
	expect("{'ports': {'tcp': [8080], 'udp': 'any'}}", true, false, 1);
	expect("{'ports': {'tcp': 'any', 'udp': [8080]}}", false, true, 1);
}
