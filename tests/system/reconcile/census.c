// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * A daemon does not look again at a fence in which nothing changed, and misses nothing: whatever changes, also past
 * cgfence, is seen the next time, whether links are seen one by one or all at once.
 */
#include "holding.h"
#include "fence/census.h"
#include "fence/mark.h"
#include "kernel/link.h"
#include "kernel/pins.h"
#include "support/endpoint.h"
#include "support/syscalls.h"

#include <bpf/bpf.h>
#include <cgfence/reconcile.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define POLICY "{'ports': [8080], 'on_violation': 'log'}"
#define OTHER "{'ports': [9090], 'on_violation': 'log'}"
#define DEVICES "{'devices': {'allow': []}}"
#define BOTH "{'devices': {'allow': []}, 'ports': [8080], 'on_violation': 'log'}"

#define FENCES_MAX 40
#define FENCES_FEW 10

static struct cgfence_census *census;
static struct cgfence_reconciler *reconciler;
static struct cgfence_adopter *adopter;
static struct cgfence_resolver *resolver;
static struct cgfence_cgroup *fences[FENCES_MAX];
static size_t fence_count;

static void census_begin(void)
{
	holding_begin();
	cr_assert_eq(cgfence_census_new(&census, NULL), 0);
	cr_assert_eq(cgfence_reconciler_new(&reconciler, NULL), 0);
	cr_assert_eq(cgfence_adopter_open(&adopter, NULL), 0);
	cr_assert_eq(cgfence_resolver_new(&resolver, NULL), 0);
	cgfence_reconciler_use_census(reconciler, census);
	cgfence_adopter_use_census(adopter, census);
	cgfence_resolver_use_census(resolver, census);
}

static void census_end(void)
{
	cgfence_reconciler_free(reconciler);
	cgfence_adopter_close(adopter);
	cgfence_resolver_free(resolver);
	cgfence_census_free(census);
	holding_end();
}

TestSuite(reconcile_census, .init = census_begin, .fini = census_end);

static void ignore(const struct cgfence_violation *violation, void *context)
{
	(void)violation;
	(void)context;
}

/* Does what the daemon does at each interval. Return: how many listeners are in excess. */
static size_t interval(void)
{
	struct cgfence_error error = { 0 };
	size_t in_excess = 0;
	bool more;

	cr_assert_eq(cgfence_census_take(census, &error), 0, "%s", error.text);
	cgfence_adopter_look(adopter);
	cgfence_adopter_work(adopter, NULL, NULL);
	cr_assert_eq(cgfence_resolver_pass(resolver, NULL, NULL, &more, &error), 0, "%s",
		     error.text);
	cr_assert_eq(cgfence_reconciler_pass(reconciler, 0, ignore, NULL, &in_excess, &error), 0,
		     "%s", error.text);
	return in_excess;
}

static bool has(const struct cgfence_cgroup *cgroup)
{
	size_t count;
	const uint64_t *ids = cgfence_census_ids(census, &count);

	for (size_t i = 0; i < count; i++) {
		if (ids[i] == cgfence_cgroup_id(cgroup))
			return true;
	}
	return false;
}

static void grow(size_t count, const char *policy)
{
	for (; fence_count < count; fence_count++) {
		char name[32];

		snprintf(name, sizeof(name), "f%zu", fence_count);
		fences[fence_count] = harness_child_cgroup(harness_cgroup(), name);
		harness_attach(fences[fence_count], policy);
	}
}

/* A change of less than a second ago might be followed by another one at the same time of the clock, so it is no mark. */
static void await_marks(void)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	for (size_t i = 0; i < fence_count; i++) {
		while (!fence_mark(cgfence_cgroup_id(fences[i])))
			nanosleep(&pause, NULL);
	}
}

static void settle_with(size_t count, const char *policy)
{
	grow(count, policy);
	await_marks();
	interval();
	/* The first one that knows them. */
	interval();
}

static bool be_interval(void *unused)
{
	(void)unused;
	interval();
	return true;
}

static void shrink(size_t count)
{
	bool detached;

	while (fence_count > count)
		cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(fences[--fence_count]),
						  &detached, NULL),
			     0);
	interval();
}

static void expect_calls(const char *policy)
{
	long calls_of_few;
	long calls;
	long each;

	settle_with(FENCES_MAX, policy);
	calls = syscalls_count(be_interval, NULL);
	shrink(FENCES_FEW);
	calls_of_few = syscalls_count(be_interval, NULL);
	cr_assert(calls_of_few > 0 && calls > 0);
	/* The list of the links, or what is asked of one of them. Some calls are of buffers that are full. */
	each = census->links.iterator ? 1 : 5;
	cr_expect_leq(calls - calls_of_few, each * (FENCES_MAX - FENCES_FEW) + 4,
		      "%ld calls with %d fences, %ld with %d", calls_of_few, FENCES_FEW, calls,
		      FENCES_MAX);
}

Test(reconcile_census, a_fence_of_ports_in_which_nothing_changed_costs_one_call)
{
	if (!cgfence_reconciler_uses_iterator(reconciler))
		holding_skip(
			"this kernel has no iterator over descriptors, and the tasks of a fence are walked");
	expect_calls(POLICY);
}

Test(reconcile_census, a_fence_of_devices_in_which_nothing_changed_costs_one_call)
{
	expect_calls(DEVICES);
}

/* A round with the list of all links, and one without, as on older kernels; each with a fence of its own. */
#define ROUNDS 2
#define ENOUGH 10

static void begin_round(size_t round)
{
	census->links.refused = census->links.refused || round == 1;
}

static int listen_and_enter(void *cgroup)
{
	int fd = endpoint_open("tcp 127.0.0.1 9090");

	if (fd < 0 || listen(fd, 1) < 0)
		return 1;
	return -harness_enter(cgroup);
}

static int make_socket_and_leave(void *cgroup)
{
	int result = harness_enter(cgroup);

	if (result == 0 && socket(AF_INET, SOCK_STREAM, 0) < 0)
		return 1;
	return result ? -result : -harness_enter(harness_cgroup());
}

Test(reconcile_census, a_fence_that_is_attached_or_detached_is_seen)
{
	bool detached;

	settle_with(ENOUGH, POLICY);
	for (size_t i = 0; i < ROUNDS; i++) {
		begin_round(i);
		cr_expect(has(fences[i]));
		cgfence_fence_detach(cgfence_cgroup_id(fences[i]), &detached, NULL);
		interval();
		cr_expect(!has(fences[i]));
		harness_attach(fences[i], POLICY);
		interval();
		cr_expect(has(fences[i]));
	}
}

/* By somebody who knows nothing of cgfence, so that no pin changes. */
static void detach_links(const struct cgfence_cgroup *cgroup)
{
	for (int hook = 0; hook < hook_count; hook++) {
		cleanup_link struct link link = LINK_CLOSED;

		if (link_open(cgfence_cgroup_id(cgroup), &hooks[hook], &link, NULL) == 0)
			cr_assert_eq(bpf_link_detach(link.fd), 0);
	}
}

Test(reconcile_census, links_that_are_detached_past_it_are_seen)
{
	settle_with(ENOUGH, POLICY);
	for (size_t i = 0; i < ROUNDS; i++) {
		begin_round(i);
		cr_expect(has(fences[i]));
		detach_links(fences[i]);
		interval();
		cr_expect(!has(fences[i]));
	}
}

Test(reconcile_census, a_policy_that_is_replaced_is_seen)
{
	settle_with(ENOUGH, POLICY);
	for (size_t i = 0; i < ROUNDS; i++) {
		pid_t pid = holding_start(harness_cgroup(), listen_and_enter, fences[i]);

		begin_round(i);
		cr_expect_eq(interval(), 1);
		harness_attach(fences[i], OTHER);
		cr_expect_eq(interval(), 0);
		harness_attach(fences[i], POLICY);
		cr_expect_eq(interval(), 1);
		holding_stop(pid);
	}
}

/* The link that is asked stays, with another program. A change of just now is looked at anyway. */
Test(reconcile_census, a_change_that_was_a_while_ago_is_seen)
{
	settle_with(ENOUGH, DEVICES);
	holding_start(harness_cgroup(), listen_and_enter, fences[0]);
	cr_expect_eq(interval(), 0);
	harness_attach(fences[0], BOTH);
	await_marks();
	cr_expect_eq(interval(), 1);
}

/* As a command does that is killed before it touches the directory of the pins. */
static void give_programs(const struct cgfence_cgroup *cgroup, const struct cgfence_cgroup *other)
{
	for (int hook = 0; hook < hook_count; hook++) {
		cleanup_link struct link link = LINK_CLOSED;
		cleanup_link struct link model = LINK_CLOSED;

		if (link_open(cgfence_cgroup_id(cgroup), &hooks[hook], &link, NULL) == 0 &&
		    link_open(cgfence_cgroup_id(other), &hooks[hook], &model, NULL) == 0)
			cr_assert_eq(bpf_link_update(link.fd, model.program, NULL), 0);
	}
}

Test(reconcile_census, programs_that_are_replaced_past_it_are_seen)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");

	harness_attach(other, OTHER);
	settle_with(ENOUGH, POLICY);
	for (size_t i = 0; i < ROUNDS; i++) {
		pid_t pid = holding_start(harness_cgroup(), listen_and_enter, fences[i]);

		begin_round(i);
		cr_expect_eq(interval(), 1);
		give_programs(fences[i], other);
		cr_expect_eq(interval(), 0);
		holding_stop(pid);
	}
}

/* The links live as long as a socket that was made there, and name the cgroup. */
Test(reconcile_census, a_cgroup_that_goes_is_seen_though_a_socket_keeps_its_links)
{
	settle_with(ENOUGH, POLICY);
	for (size_t i = 0; i < ROUNDS; i++) {
		pid_t pid = holding_start(harness_cgroup(), make_socket_and_leave, fences[i]);

		begin_round(i);
		cr_expect(has(fences[i]));
		cr_assert_eq(cgfence_cgroup_remove(fences[i], NULL), 0);
		interval();
		cr_expect(!has(fences[i]));
		cr_expect(!pins_are_there(cgfence_cgroup_id(fences[i])));
		holding_stop(pid);
	}
}

/* Facts about a cgroup that is gone are not taken for those of another one with its name. */
Test(reconcile_census, a_cgroup_of_the_same_name_is_another_one)
{
	settle_with(ENOUGH, POLICY);
	for (size_t i = 0; i < ROUNDS; i++) {
		struct cgfence_cgroup *again;
		char name[32];

		begin_round(i);
		snprintf(name, sizeof(name), "f%zu", i);
		cr_assert_eq(cgfence_cgroup_remove(fences[i], NULL), 0);
		again = harness_child_cgroup(harness_cgroup(), name);
		interval();
		cr_expect(!has(fences[i]));
		cr_expect(!has(again));
		harness_attach(again, POLICY);
		interval();
		cr_expect(has(again));
	}
}
