// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The kernel memory of a fence, of which a host may have many. */
#include "kernel/member_programs.h"
#include "kernel/trial.h"
#include "system/standing/standing.h"
#include "support/fences.h"
#include "support/harness.h"
#include "support/memory.h"
#include "support/sockets.h"

#include <bpf/bpf.h>
#include <string.h>
#include <unistd.h>

TestSuite(memory, .init = harness_begin, .fini = standing_end);

/*
 * The specification allows 64 KiB. Each program fits into a page, also before the verifier removes what the policy has no
 * use for; one that needs another page breaks these bounds.
 */
#define FENCE_MAX (56 * 1024)
#define DEVICES_MAX (20 * 1024)
/* The specification allows 24 KiB. */
#define SHARER_MAX (13 * 1024)

/*
 * A standing fence takes 5 KiB more for the map of its members, 1 KiB for a pattern with the programs of the host,
 * and longer machine code, which takes still more for arm64.
 */
#ifdef __aarch64__
#define STANDING_MAX (68 * 1024)
#else
#define STANDING_MAX (64 * 1024)
#endif
#define STANDING_DEVICES_MAX (28 * 1024)

/* Before 6.4 the kernel counts whole pages for each map (array_map_mem_usage, kernel/bpf/arraymap.c). */
static void skip_if_pages_are_counted(void)
{
	int map = bpf_map_create(BPF_MAP_TYPE_ARRAY, "small", sizeof(uint32_t), 8, 1, NULL);
	size_t bytes = memory_of_object(map);

	close(map);
	if (bytes >= 4096)
		sockets_skip("this kernel counts whole pages for the smallest map");
}

/* Its part in the maps of the host, where it is the only one. */
static size_t memory_on_host(uint64_t id)
{
	static const char *const tries[] = { "globs", "gone" };
	size_t bytes = cgfence_standing_is_id(id) ? sizeof(struct cgfence_place) : 0;

	for (size_t i = 0; bytes && i < sizeof(tries) / sizeof(tries[0]); i++) {
		char path[128];
		int map;

		snprintf(path, sizeof(path), MEMBER_PROGRAMS_DIRECTORY "/%s", tries[i]);
		map = bpf_obj_get(path);
		cr_assert_geq(map, 0);
		bytes += memory_of_object(map);
		close(map);
	}
	return bytes;
}

static void expect_less_of(uint64_t id, const char *policy, size_t max)
{
	struct memory memory = { 0 };
	int code = memory_of_pins(id, &memory);

	cr_assert_eq(code, 0, "%s", strerror(-code));
	cr_expect_gt(memory.bytes, 0);
	cr_expect_neq(memory.policy_map, 0);
	memory.bytes += memory_on_host(id);
	cr_expect_leq(memory.bytes, max, "%s takes %zu bytes", policy, memory.bytes);
}

static void expect_less(const char *policy, size_t max)
{
	skip_if_pages_are_counted();
	harness_attach(harness_cgroup(), policy);
	expect_less_of(cgfence_cgroup_id(harness_cgroup()), policy, max);
}

static void expect_less_standing(const char *policy, size_t max)
{
	uint64_t id = 0;

	skip_if_pages_are_counted();
	standing_attach("job-*", policy);
	cr_assert_eq(cgfence_standing_find(standing_pattern("job-*"), &id, NULL), 0);
	expect_less_of(id, policy, max);
	standing_detach("job-*");
}

Test(memory, a_fence_of_all_hooks_takes_at_most_what_is_specified)
{
	expect_less(
		"{'devices': {'defaults': true}, 'ports': {'tcp': [8080, '31000-31005'], 'udp': 'any'}}",
		FENCE_MAX);
	expect_less("{'devices': {'defaults': true}, 'ports': [8080, '31000-31005']}", FENCE_MAX);
}

static const char both[] =
	"{'devices': {'defaults': true}, 'ports': {'tcp': [8080, '31000-31005'], 'udp': 'any'}}";

Test(memory, one_that_shares_its_policy_takes_what_is_its_own)
{
	struct cgfence_cgroup *first = harness_child_cgroup(harness_cgroup(), "first");
	struct cgfence_cgroup *second = harness_child_cgroup(harness_cgroup(), "second");
	size_t bytes = 0;

	harness_attach(first, both);
	harness_attach(second, both);
	if (trial_recall("shared") == TRIAL_REFUSED ||
	    fences_guard(first, NULL) == CGFENCE_GUARD_DENY)
		sockets_skip("this kernel takes no programs that such fences may share");
	cr_assert_eq(memory_of_sharer(cgfence_cgroup_id(second), cgfence_cgroup_id(first), &bytes),
		     0);
	cr_expect_gt(bytes, 0);
	cr_expect_leq(bytes, SHARER_MAX, "it takes %zu bytes", bytes);
}

/* The programs of ports are not loaded. */
Test(memory, a_fence_of_devices_takes_a_third_of_that)
{
	expect_less("{'devices': {'defaults': true}}", DEVICES_MAX);
}

Test(memory, a_standing_fence_takes_little_more)
{
	expect_less_standing("{'devices': {'defaults': true}, 'ports': [8080, '31000-31005']}",
			     STANDING_MAX);
	expect_less_standing("{'devices': {'defaults': true}}", STANDING_DEVICES_MAX);
}
