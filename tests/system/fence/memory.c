// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel memory of a fence, of which a host may have many. */
#include "support/harness.h"
#include "support/memory.h"
#include "support/sockets.h"

#include <bpf/bpf.h>
#include <string.h>
#include <unistd.h>

TestSuite(memory, .init = harness_begin, .fini = harness_end);

/* Of the specification. */
#define FENCE_MAX 65536

/* Before 6.4 the kernel counts whole pages for each map (array_map_mem_usage, kernel/bpf/arraymap.c). */
static void skip_if_pages_are_counted(void)
{
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "small", sizeof(uint32_t), 8, 1, NULL);
	size_t bytes = memory_of_object(map);

	close(map);
	if (bytes >= 4096)
		sockets_skip("this kernel counts whole pages for the smallest map");
}

static void expect_less(const char *policy, size_t max)
{
	struct memory memory = { 0 };
	int code;

	skip_if_pages_are_counted();
	harness_attach(harness_cgroup(), policy);
	code = memory_of_fence(harness_cgroup(), &memory);
	cr_assert_eq(code, 0, "%s", strerror(-code));
	cr_expect_gt(memory.bytes, 0);
	cr_expect_neq(memory.policy_map, 0);
	cr_expect_leq(memory.bytes, max, "%s takes %zu bytes", policy, memory.bytes);
}

Test(memory, a_fence_of_all_hooks_takes_at_most_what_is_specified)
{
	expect_less(
		"{'devices': {'defaults': true}, 'ports': {'tcp': [8080, '31000-31005'], 'udp': 'any'}}",
		FENCE_MAX);
	expect_less("{'devices': {'defaults': true}, 'ports': [8080, '31000-31005']}", FENCE_MAX);
}

/* The programs of ports are not loaded. */
Test(memory, a_fence_of_devices_takes_half_of_that)
{
	expect_less("{'devices': {'defaults': true}}", FENCE_MAX / 2);
}
