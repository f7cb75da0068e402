// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Binds that are under way when their ports are fenced: they have not passed the bind program, but the one after it. */
#include "fence/standing.h"
#include "kernel/hook.h"
#include "kernel/link.h"
#include "support/clock.h"
#include "support/sockets.h"
#include "system/standing/standing.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <unistd.h>

TestSuite(port_under_way, .init = sockets_begin, .fini = standing_end);

#define CLIENT "tcp 127.0.0.1 0"
#define PORTS "'ports': [8080]"

static void detach_bind_program(uint64_t id)
{
	int i = 0;
	cleanup_link struct link link = LINK_CLOSED;

	while (hooks[i].attach_type != BPF_CGROUP_INET4_BIND)
		i++;
	cr_assert_eq(link_open(id, &hooks[i], &link, NULL), 0);
	cr_assert_eq(bpf_link_detach(link.fd), 0);
}

/* Since when the last attach was at work. */
static uint64_t attaching_ns;

static uint64_t attach(const struct cgfence_cgroup *cgroup, const char *policy)
{
	attaching_ns = clock_ns();
	harness_attach(cgroup, policy);
	return cgfence_cgroup_id(cgroup);
}

static uint64_t attach_to_members(const char *policy)
{
	uint64_t id = 0;

	attaching_ns = clock_ns();
	standing_attach("mem*", policy);
	cr_assert_eq(cgfence_standing_find(standing_pattern("mem*"), &id, NULL), 0);
	return id;
}

/* On a machine where an attach and a bind take that long, there is nothing to see. */
static void expect_begun_before(int result)
{
	if (clock_ns() - attaching_ns < CGFENCE_BIND_NS)
		cr_expect_eq(result, 0, "%s", strerror(result));
}

/* Each fence is older than any bind, and judges more of them from then on. */
Test(port_under_way, a_bind_gets_the_port_the_kernel_chooses_when_it_is_judged_anew)
{
	struct cgfence_cgroup *again = sockets_fence();
	struct cgfence_cgroup *wider = harness_child_cgroup(harness_cgroup(), "wider");
	struct cgfence_cgroup *member = harness_child_cgroup(harness_cgroup(), "member");
	bool may_stand = !standing_is_refused();

	detach_bind_program(attach(again, "{" PORTS "}"));
	attach(wider, "{" PORTS "}");
	if (may_stand)
		attach_to_members("{'except': ['member'], " PORTS "}");
	sleep(CGFENCE_BIND_NS / 1000000000 + 1);
	cr_expect_eq(sockets_bind(again, CLIENT), EPERM);

	detach_bind_program(attach(again, "{" PORTS "}"));
	expect_begun_before(sockets_bind(again, CLIENT));

	attach(again, "{'devices': {'defaults': true}}");
	detach_bind_program(attach(again, "{'devices': {'defaults': true}, " PORTS "}"));
	expect_begun_before(sockets_bind(again, CLIENT));

	detach_bind_program(attach(wider, "{'netns': 'any', " PORTS "}"));
	expect_begun_before(harness_in_cgroup(wider, sockets_bind_elsewhere, (void *)CLIENT));

	if (may_stand)
		detach_bind_program(attach_to_members("{" PORTS "}"));
	expect_begun_before(sockets_bind(member, CLIENT));
}
