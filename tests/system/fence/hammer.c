// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Processes in a fence open devices and bind ports as fast as they can while its policy is replaced over and over by
 * policies of other shapes. CGFENCE_HAMMER_ROUNDS sets how often; then the figures are printed.
 */
#include "hammer_work.h"
#include "kernel_objects.h"
#include "support/clock.h"

#include <linux/bpf.h>
#include <string.h>

TestSuite(hammer, .init = sockets_begin, .fini = harness_end, .timeout = 3600);

#define LARGE_ENTRIES 4096

/* The refused requests, in the order of hammer_ways. */
static const struct cgfence_denial_subject way_subjects[HAMMER_WAYS] = {
	{ CGFENCE_HOOK_DEVICE, CGFENCE_VERDICT_DENIED, BPF_DEVCG_DEV_CHAR,
	  BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE, 1, 7 },
	{ CGFENCE_HOOK_BIND, CGFENCE_VERDICT_DENIED, IPPROTO_TCP, CGFENCE_IPV4, 9, 0 },
	{ CGFENCE_HOOK_BIND, CGFENCE_VERDICT_DENIED, IPPROTO_TCP, CGFENCE_IPV6, 9, 0 },
	{ CGFENCE_HOOK_BIND, CGFENCE_VERDICT_DENIED, IPPROTO_UDP, CGFENCE_IPV4, 9, 0 },
	{ CGFENCE_HOOK_BIND, CGFENCE_VERDICT_DENIED, IPPROTO_UDP, CGFENCE_IPV6, 9, 0 },
};

/* CGFENCE_HAMMER_ROUNDS, else @usual of them on a machine of usual speed. */
static unsigned int round_count(unsigned int usual)
{
	const char *wanted = getenv("CGFENCE_HAMMER_ROUNDS");

	return wanted ? (unsigned int)strtoul(wanted, NULL, 10) : harness_rounds(usual);
}

static void replace(struct hammer *hammer, struct cgfence_policy *const *shapes, size_t count)
{
	struct cgfence_error error = { 0 };
	enum cgfence_attach_result result;
	size_t shape = 0;

	for (unsigned int i = 0; i < hammer->rounds; i++) {
		/* With changing strides, so that each policy follows each other one. */
		unsigned int stride = i / (unsigned int)count % ((unsigned int)count - 1) + 1;

		shape = (shape + stride) % count;
		cr_assert_eq(cgfence_fence_attach(sockets_fence(), shapes[shape], 0, &result,
						  &error),
			     0, "round %u: %s", i, error.text);
		hammer->replaced += result == CGFENCE_REPLACED;
	}
}

static void run(struct hammer *hammer, struct cgfence_policy *const *shapes, size_t count)
{
	pid_t children[HAMMER_WORKERS + 1];
	uint64_t begin_ns;

	hammer_start(hammer, children);
	begin_ns = clock_ns();
	replace(hammer, shapes, count);
	hammer->seconds = clock_ms_since(begin_ns) / 1e3;
	cr_expect_eq(hammer_stop(hammer, children), 0);
}

static struct hammer *new_hammer(bool refuses_always, unsigned int usual_rounds)
{
	struct hammer *hammer = harness_share(sizeof(*hammer));

	hammer->refuses_always = refuses_always;
	hammer->rounds = round_count(usual_rounds);
	return hammer;
}

static uint64_t find_record(const struct refusals *refusals,
			    const struct cgfence_denial_subject *subject)
{
	for (size_t i = 0; i < refusals->count; i++) {
		if (memcmp(&refusals->records[i].subject, subject, sizeof(*subject)) == 0)
			return refusals->records[i].count;
	}
	return 0;
}

/* Counters and denials match the refusals that the workers saw. */
static void expect_counts(const struct hammer *hammer)
{
	struct refusals refusals = sockets_refusals(sockets_fence());
	const __u64(*counted)[CGFENCE_VERDICT_SLOTS] = refusals.counters.refusals;
	const unsigned long *refused = hammer->sum.refused;
	unsigned long ports = 0;

	for (int way = 0; way < HAMMER_WAYS; way++) {
		cr_expect_eq(find_record(&refusals, &way_subjects[way]), refused[way],
			     "%s: %lu recorded, %lu seen", hammer_ways[way],
			     (unsigned long)find_record(&refusals, &way_subjects[way]),
			     refused[way]);
		ports += way ? refused[way] : 0;
	}
	cr_expect_eq(counted[CGFENCE_HOOK_DEVICE][CGFENCE_VERDICT_DENIED], refused[0]);
	cr_expect_eq(counted[CGFENCE_HOOK_BIND][CGFENCE_VERDICT_DENIED], ports);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN), 0);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_CREATE), 0);
	cr_expect_eq(refusals.count, HAMMER_WAYS);
	cr_expect_eq(refusals.counters.evicted, 0);
	free(refusals.records);
}

static void expect_generation(unsigned int generation)
{
	struct cgfence_fence *fence = NULL;

	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(sockets_fence()), &fence, NULL), 0);
	cr_expect_eq(cgfence_fence_generation(fence), generation);
	cgfence_fence_close(fence);
}

/* @before: of the whole host; others may make and remove fences meanwhile, but not one for each round. */
static void expect_no_leak(const struct hammer *hammer, const struct kernel_objects *before)
{
	struct kernel_objects left = kernel_objects_settle(cgfence_cgroup_id(sockets_fence()));
	struct kernel_objects after = kernel_objects_named();
	unsigned int slack = hammer->rounds / 2 + 50;

	cr_expect_eq(left.programs, left.links);
	cr_expect_eq(left.policies, 1);
	cr_expect_leq(left.maps, 5);
	cr_expect_lt(after.programs, before->programs + slack);
	cr_expect_lt(after.maps + after.policies, before->maps + before->policies + slack);
	cr_expect_lt(after.links, before->links + slack);
	if (getenv("CGFENCE_HAMMER_ROUNDS"))
		fprintf(stderr,
			"hammer: left %u programs, %u links, %u policy maps, %u other maps; "
			"on the host %u programs before and %u after, %u maps and %u, %u links and %u\n",
			left.programs, left.links, left.policies, left.maps, before->programs,
			after.programs, before->maps + before->policies,
			after.maps + after.policies, before->links, after.links);
}

static void print_figures(const struct hammer *hammer)
{
	const struct hammer_worker *sum = &hammer->sum;
	unsigned long ports = 0;

	for (int way = 1; way < HAMMER_WAYS; way++)
		ports += sum->refused[way];
	if (getenv("CGFENCE_HAMMER_ROUNDS"))
		fprintf(stderr,
			"hammer: %u replacements in %.1f s; %lu always allowed, %lu of them refused; "
			"%lu opens and %lu binds refused, %lu wrongly allowed; "
			"at most %u programs of a type in %lu looks\n",
			hammer->rounds, hammer->seconds, sum->allowed, sum->wrongly_refused,
			sum->refused[0], ports, sum->wrongly_allowed, hammer->attached_max,
			hammer->samples);
}

static void hammer_on(bool refuses_always, unsigned int usual_rounds,
		      struct cgfence_policy *const *shapes, size_t count)
{
	struct hammer *hammer = new_hammer(refuses_always, usual_rounds);
	struct kernel_objects before = kernel_objects_named();
	unsigned int descriptors = kernel_objects_descriptors();
	enum cgfence_attach_result result;

	cr_assert_eq(cgfence_fence_attach(sockets_fence(), shapes[0], 0, &result, NULL), 0);
	run(hammer, shapes, count);
	print_figures(hammer);
	cr_expect_gt(hammer->sum.allowed, 5 * hammer->rounds);
	cr_expect_eq(hammer->sum.wrongly_refused, 0, "%lu wrongly refused; %s",
		     hammer->sum.wrongly_refused, hammer->sum.first_wrong);
	cr_expect_eq(hammer->sum.wrongly_allowed, 0, "%lu wrongly allowed; %s",
		     hammer->sum.wrongly_allowed, hammer->sum.first_wrong);
	cr_expect_eq(hammer->attached_max, 1);
	cr_expect_eq(hammer->replaced, hammer->rounds);
	expect_generation(1 + hammer->rounds);
	expect_counts(hammer);
	expect_no_leak(hammer, &before);
	cr_expect_eq(kernel_objects_descriptors(), descriptors);
	for (size_t i = 0; i < count; i++)
		cgfence_policy_free(shapes[i]);
}

/* As many entries as a policy may reasonably have, and ports in as many ranges as fit beside them. */
static struct cgfence_policy *large_policy(void)
{
	struct cgfence_policy *policy;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);

	fprintf(stream, "{'devices': {'allow': ['c 1:3 rw', 'c 1:5 r'");
	for (unsigned int i = 0; i < LARGE_ENTRIES; i++)
		fprintf(stream, ", 'c 200:%u r'", i * 7);
	fprintf(stream, "]}, 'ports': ['8080-8081'");
	for (unsigned int i = 0; i < LARGE_ENTRIES; i++)
		fprintf(stream, ", %u", 10000 + i * 3);
	fprintf(stream, "]}");
	fclose(stream);
	policy = harness_policy(text);
	free(text);
	return policy;
}

Test(hammer, no_verdict_is_wrong_while_policies_of_all_shapes_replace_each_other)
{
	struct cgfence_policy *shapes[] = {
		harness_policy("{'devices': {'allow': ['c 1:3 rw']}, 'ports': ['8080-8081']}"),
		harness_policy(
			"{'devices': {'allow': ['c 1:* rw', 'c 5:* r'],"
			" 'deny': ['c 1:7 w']},"
			" 'ports': {'tcp': ['8000-8999', 'ipv4:10-20'], 'udp': ['8080-8081'],"
			" 'sctp': 'any'}}"),
		harness_policy("{'devices': {'defaults': true, 'deny': ['a *:7 rwm']},"
			       " 'ports': [8080, 8081], 'isolated_range': ['1-9999'],"
			       " 'on_violation': 'kill'}"),
		large_policy(),
		harness_policy("{'devices': {'allow': ['c *:* rwm'], 'deny': ['c 1:7 rwm']},"
			       " 'ports': ['1-8', '10-65535'], 'netns': 'any',"
			       " 'on_violation': 'close'}"),
	};

	hammer_on(true, 60, shapes, sizeof(shapes) / sizeof(shapes[0]));
}

/* The hooks of a section come and go with it. Refusals meanwhile are counted all the same. */
Test(hammer, no_verdict_is_wrong_while_sections_come_and_go)
{
	struct cgfence_policy *shapes[] = {
		harness_policy("{'devices': {'allow': ['c 1:3 rw']}}"),
		harness_policy("{'ports': ['8080-8081']}"),
		harness_policy("{'devices': {'allow': ['c 1:3 rw']}, 'ports': ['8080-8081']}"),
	};

	hammer_on(false, 80, shapes, sizeof(shapes) / sizeof(shapes[0]));
}
