// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Following what carries what, in a world that is written down here. */
#include "reconcile/flight.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* An object carries others: those are the edges. What is a listener has its number as its cookie. */
struct edge {
	uint64_t from;
	uint64_t to;
	enum cgfence_carrier kind; /* of what is carried */
};

struct world {
	const struct edge *edges;
	size_t count;
	uint64_t changing; /* an object that changes whenever it is looked at, or so often */
	unsigned int changes;
	uint64_t unknown;
	uint64_t endless;
	size_t looks;
};

static int look_at(enum cgfence_carrier carrier, struct cgfence_look *look, void *context)
{
	struct world *world = context;
	bool requests = carrier == CGFENCE_CARRIER_REQUESTS;

	world->looks++;
	look->count = 0;
	look->result = CGFENCE_LOOK_DONE;
	if (look->object == world->unknown) {
		look->result = CGFENCE_LOOK_UNKNOWN;
		return 0;
	}
	if (look->object == world->endless) {
		look->found[look->count++] =
			(struct cgfence_carried){ .object = 1000000 + world->looks,
						  .kind = CGFENCE_CARRIER_BUNCH };
		look->result = CGFENCE_LOOK_MORE;
		return 0;
	}
	if (look->object == world->changing && world->changes) {
		world->changes--;
		look->result = CGFENCE_LOOK_CHANGED;
		return 0;
	}
	/* One at a time, to be asked again. */
	for (; look->position < world->count && !requests; look->position++) {
		const struct edge *edge = &world->edges[look->position];

		if (edge->from != look->object)
			continue;
		look->found[look->count++] = (struct cgfence_carried){
			.object = edge->to, .kind = edge->kind, .inode = 7, .netns_inum = 8
		};
		look->position++;
		look->result = CGFENCE_LOOK_MORE;
		return 0;
	}
	return 0;
}

static void add_lead(struct holders *leads, uint64_t fence, uint32_t pid,
		     enum cgfence_holding holding, uint64_t object)
{
	const struct cgfence_holder lead = {
		.fence_id = fence,
		.cgroup_id = 1000 + pid,
		.pid = pid,
		.fd = 3,
		.cookie = object,
		.holding = holding,
	};

	cr_assert_eq(holders_add(leads, &lead), 0);
}

/*
 * What was found as "FENCE:PID:COOKIE:HOLDING", u for a unix socket and r for an io_uring; then the threads that serve
 * what was not found, as "FENCE:PID:?".
 */
static void expect(struct world *world, struct holders *leads, int code, const char *expected)
{
	struct cgfence_error error = { 0 };
	struct holders found = { 0 };
	struct holders unserved = { 0 };
	char text[512] = "";
	size_t length = 0;

	cr_expect_eq(flight_follow(leads, look_at, world, &found, &unserved, &error), code, "%s",
		     error.text);
	cr_expect_eq(!error.text[0], code == 0, "'%s'", error.text);
	for (size_t i = 0; i < found.count; i++) {
		const struct cgfence_holder *holder = &found.items[i];

		cr_expect_eq(holder->fd, HOLDER_FD_UNKNOWN);
		cr_expect_eq(holder->inode, 7);
		cr_expect_eq(holder->netns_inum, 8);
		cr_expect_eq(holder->cgroup_id, 1000 + holder->pid);
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%u:%u:%u:%c",
					   i ? " " : "", (unsigned int)holder->fence_id,
					   holder->pid, (unsigned int)holder->cookie,
					   holder->holding == CGFENCE_HOLDING_UNIX ? 'u' : 'r');
	}
	for (size_t i = 0; i < unserved.count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%u:%u:?",
					   length ? " " : "",
					   (unsigned int)unserved.items[i].fence_id,
					   unserved.items[i].pid);
	cr_expect_str_eq(text, expected, "'%s', not '%s'", text, expected);
	holders_free(&unserved);
	holders_free(&found);
	holders_free(leads);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct edge nested[] = {
	{ 1, 10, CGFENCE_CARRIER_BUNCH },
	{ 10, 2, CGFENCE_CARRIER_UNIX },
	{ 10, 3, CGFENCE_CARRIER_UNIX },
	{ 2, 20, CGFENCE_CARRIER_BUNCH },
	{ 20, 50, CGFENCE_CARRIER_LISTENER },
	{ 3, 30, CGFENCE_CARRIER_BUNCH },
	{ 30, 50, CGFENCE_CARRIER_LISTENER },
	{ 30, 51, CGFENCE_CARRIER_LISTENER },
	/* And back again. */
	{ 30, 1, CGFENCE_CARRIER_UNIX },
	{ 30, 3, CGFENCE_CARRIER_UNIX },
};

Test(flight, without_leads_nobody_is_asked)
{
	struct world world = { 0 };
	struct holders leads = { 0 };

	expect(&world, &leads, 0, "");
	cr_expect_eq(world.looks, 0);
	add_lead(&leads, 5, 1, CGFENCE_HOLDING_DESCRIPTOR, 50);
	expect(&world, &leads, 0, "");
	cr_expect_eq(world.looks, 0);
}

Test(flight, circles_end_and_each_listener_is_found_once)
{
	struct world world = { .edges = nested, .count = COUNT(nested) };
	struct holders leads = { 0 };

	add_lead(&leads, 5, 9, CGFENCE_HOLDING_UNIX, 1);
	add_lead(&leads, 5, 8, CGFENCE_HOLDING_UNIX, 1);
	add_lead(&leads, 5, 7, CGFENCE_HOLDING_UNIX, 2);
	expect(&world, &leads, 0, "5:7:50:u 5:8:51:u");
}

Test(flight, each_fence_finds_what_is_its_own)
{
	struct world world = { .edges = nested, .count = COUNT(nested) };
	struct holders leads = { 0 };

	add_lead(&leads, 6, 2, CGFENCE_HOLDING_UNIX, 2);
	add_lead(&leads, 5, 1, CGFENCE_HOLDING_UNIX, 3);
	/* Its task sits too deep for the kernel program to find the fence. */
	add_lead(&leads, 0, 4, CGFENCE_HOLDING_UNIX, 2);
	expect(&world, &leads, 0, "5:1:50:u 5:1:51:u 6:2:50:u 0:4:50:u");
}

Test(flight, what_an_io_uring_holds)
{
	static const struct edge edges[] = {
		{ 1, 2, CGFENCE_CARRIER_RING_TREE }, { 2, 3, CGFENCE_CARRIER_FILES },
		{ 3, 50, CGFENCE_CARRIER_LISTENER }, { 3, 4, CGFENCE_CARRIER_UNIX },
		{ 4, 40, CGFENCE_CARRIER_BUNCH },    { 40, 51, CGFENCE_CARRIER_LISTENER },
		{ 40, 5, CGFENCE_CARRIER_FILES },    { 5, 52, CGFENCE_CARRIER_LISTENER },
	};
	struct world world = { .edges = edges, .count = COUNT(edges) };
	struct holders leads = { 0 };

	add_lead(&leads, 5, 1, CGFENCE_HOLDING_TASK, 1);
	expect(&world, &leads, 0, "5:1:50:r 5:1:51:u 5:1:52:r");
	add_lead(&leads, 5, 1, CGFENCE_HOLDING_URING, 5);
	expect(&world, &leads, 0, "5:1:52:r");
}

/* Of two that one thread serves, one leads to the other, in the fence where it is found. */
Test(flight, a_thread_is_known_by_what_it_serves)
{
	static const struct edge edges[] = {
		{ 1, 2, CGFENCE_CARRIER_SERVER },
		{ 1, 3, CGFENCE_CARRIER_FILES },
		{ 3, 50, CGFENCE_CARRIER_LISTENER },
	};
	struct world world = { .edges = edges, .count = COUNT(edges) };
	struct holders leads = { 0 };

	add_lead(&leads, 5, 1, CGFENCE_HOLDING_URING, 1);
	add_lead(&leads, 5, 1, CGFENCE_HOLDING_SERVER, 2);
	expect(&world, &leads, 0, "5:1:50:r");
	add_lead(&leads, 5, 1, CGFENCE_HOLDING_URING, 1);
	add_lead(&leads, 5, 1, CGFENCE_HOLDING_SERVER, 4);
	add_lead(&leads, 6, 7, CGFENCE_HOLDING_SERVER, 2);
	expect(&world, &leads, 0, "5:1:50:r 5:1:? 6:7:?");
}

Test(flight, what_changes_is_read_again)
{
	struct world world = {
		.edges = nested, .count = COUNT(nested), .changing = 3, .changes = FLIGHT_TRIES - 1
	};
	struct holders leads = { 0 };

	add_lead(&leads, 5, 1, CGFENCE_HOLDING_UNIX, 1);
	expect(&world, &leads, 0, "5:1:50:u 5:1:51:u");
}

Test(flight, what_cannot_be_looked_at_is_said_and_the_rest_is_found)
{
	struct world world = {
		.edges = nested, .count = COUNT(nested), .changing = 3, .changes = FLIGHT_TRIES
	};
	struct holders leads = { 0 };

	add_lead(&leads, 5, 1, CGFENCE_HOLDING_UNIX, 1);
	expect(&world, &leads, -EAGAIN, "5:1:50:u");
	world = (struct world){ .edges = nested, .count = COUNT(nested), .unknown = 2 };
	add_lead(&leads, 5, 1, CGFENCE_HOLDING_UNIX, 1);
	expect(&world, &leads, -EOPNOTSUPP, "5:1:50:u 5:1:51:u");
}

/* Its fence alone goes without an answer, and even after many such fences there is something left for one. */
Test(flight, what_has_no_end_ends)
{
	const uint32_t fences = FLIGHT_LOOKS_TOTAL / FLIGHT_LOOKS_MAX + 2;
	struct world world = { .edges = nested, .count = COUNT(nested), .endless = 99 };
	struct holders leads = { 0 };

	for (uint32_t i = 1; i <= fences; i++)
		add_lead(&leads, i, i, CGFENCE_HOLDING_UNIX, 99);
	add_lead(&leads, 100, 1, CGFENCE_HOLDING_UNIX, 2);
	expect(&world, &leads, -E2BIG, "100:1:50:u");
	cr_expect_leq(world.looks, FLIGHT_LOOKS_TOTAL + 3 * FLIGHT_LOOKS_SHARE);
}
