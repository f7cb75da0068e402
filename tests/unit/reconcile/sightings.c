// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which listener belongs to which fence, where no cgroup has to be looked up. */
#include "reconcile/sightings.h"
#include "image/image.h"
#include "base/cleanup.h"
#include "cgroup/hierarchy.h"
#include "support/harness.h"
#include "unit/support/policy_text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FENCES 3

static const struct hierarchy hierarchy = HIERARCHY_CLOSED;

/* Fence i has the id 100 + i; 1 is below 0, and 2 stands alone. Each is for every network namespace. */
static void begin(struct observation *observation)
{
	cleanup_policy struct cgfence_policy *policy =
		policy_text_parse("{`ports`: [], `netns`: `any`}");
	int opened;

	memset(observation, 0, sizeof(*observation));
	observation->complete = true;
	observation->fences.items = calloc(FENCES, sizeof(*observation->fences.items));
	observation->fences.count = FENCES;
	for (size_t i = 0; i < FENCES; i++) {
		observation->fences.items[i].id = 100 + i;
		observation->fences.items[i].above = i == 1 ? 0 : PORT_FENCE_NONE;
		cr_assert_eq(image_compile(policy, 1, false, &observation->fences.items[i].image,
					   NULL),
			     0);
	}
	observation->netns = calloc(1, sizeof(struct sock_diag *));
	observation->netns_count = 1;
	opened = sock_diag_open(-1, &observation->netns[0], NULL);
	if (opened == -EPROTONOSUPPORT) /* an emulator of programs alone */
		harness_skip("nobody can be asked for sockets here");
	cr_assert_eq(opened, 0);
}

static void add_listener(struct observation *observation, uint32_t inode)
{
	const struct listener listener = { .inode = inode, .cookie = inode };

	cr_assert_eq(listeners_add(&observation->listeners, &listener), 0);
}

static void add_holder(struct observation *observation, uint64_t fence, uint32_t inode,
		       uint32_t pid)
{
	const struct cgfence_holder holder = {
		.fence_id = fence, .cookie = inode, .inode = inode, .pid = pid
	};

	cr_assert_eq(holders_add(&observation->holders, &holder), 0);
}

/* The sightings as "FENCE:INODE:PID", in order. */
static void expect_sightings(struct observation *observation, const char *expected)
{
	char text[256] = "";
	size_t length = 0;

	cr_assert_eq(sightings_find(observation, &hierarchy, NULL), 0);
	for (size_t i = 0; i < observation->sighting_count; i++) {
		const struct sighting *sighting = &observation->sightings[i];

		cr_assert_neq(sighting->holder, SIGHTING_NO_HOLDER);
		cr_expect_not(sighting->made_inside);
		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s%zu:%u:%u",
					   i ? " " : "", sighting->fence,
					   observation->listeners.items[sighting->listener].inode,
					   observation->holders.items[sighting->holder].pid);
	}
	cr_expect_str_eq(text, expected, "'%s', not '%s'", text, expected);
	observation_free(observation);
	policy_text_expect_no_leak();
}

Test(sightings, without_listeners_or_holders_there_are_none)
{
	struct observation observation;

	begin(&observation);
	expect_sightings(&observation, "");
	begin(&observation);
	add_listener(&observation, 7);
	expect_sightings(&observation, "");
	begin(&observation);
	add_holder(&observation, 100, 7, 1);
	expect_sightings(&observation, "");
}

Test(sightings, a_socket_is_seen_once_by_its_fence_whoever_holds_it)
{
	struct observation observation;

	begin(&observation);
	add_listener(&observation, 7);
	add_holder(&observation, 102, 7, 30);
	add_holder(&observation, 102, 7, 10);
	add_holder(&observation, 102, 7, 20);
	add_holder(&observation, 102, 8, 1);
	expect_sightings(&observation, "2:7:10");
}

Test(sightings, a_fence_above_sees_what_the_one_below_sees)
{
	struct observation observation;

	begin(&observation);
	add_listener(&observation, 7);
	add_holder(&observation, 101, 7, 10);
	expect_sightings(&observation, "0:7:10 1:7:10");
	/* A holder in the fence above is none in the one below. */
	begin(&observation);
	add_listener(&observation, 7);
	add_holder(&observation, 100, 7, 10);
	add_holder(&observation, 101, 7, 20);
	expect_sightings(&observation, "0:7:10 1:7:20");
	begin(&observation);
	add_listener(&observation, 7);
	add_holder(&observation, 100, 7, 10);
	expect_sightings(&observation, "0:7:10");
}

Test(sightings, a_socket_that_two_fences_share_is_seen_by_both)
{
	struct observation observation;

	begin(&observation);
	add_listener(&observation, 7);
	add_holder(&observation, 102, 7, 10);
	add_holder(&observation, 100, 7, 20);
	expect_sightings(&observation, "0:7:20 2:7:10");
}

/* The holder of a socket that was never listed has no cookie to compare. */
Test(sightings, a_socket_without_a_cookie_is_held_by_nobody)
{
	struct observation observation;

	begin(&observation);
	add_listener(&observation, 0);
	add_holder(&observation, 100, 0, 10);
	expect_sightings(&observation, "");
}

/* An inode number has 32 bits and is used again while its first owner lives; a cookie is not. */
Test(sightings, a_socket_with_the_inode_of_another_is_not_taken_for_it)
{
	struct cgfence_holder holder = { .fence_id = 102, .cookie = 2, .inode = 7, .pid = 10 };
	struct listener listener = { .cookie = 1, .inode = 7 };
	struct observation observation;

	begin(&observation);
	cr_assert_eq(listeners_add(&observation.listeners, &listener), 0);
	cr_assert_eq(holders_add(&observation.holders, &holder), 0);
	expect_sightings(&observation, "");
	/* And where the cookie is the same, the number says nothing. */
	begin(&observation);
	listener.cookie = 2;
	listener.inode = 8;
	cr_assert_eq(listeners_add(&observation.listeners, &listener), 0);
	cr_assert_eq(holders_add(&observation.holders, &holder), 0);
	expect_sightings(&observation, "2:8:10");
}

Test(sightings, a_holder_of_a_fence_that_was_not_read_is_left_out)
{
	struct observation observation;

	begin(&observation);
	add_listener(&observation, 7);
	add_holder(&observation, 99, 7, 10);
	add_holder(&observation, 103, 7, 10);
	expect_sightings(&observation, "");
}

/* Growing, sorting and searching, on many. */
Test(sightings, of_many_sockets_each_finds_its_holder)
{
	struct observation observation;
	const uint32_t count = 1000;

	begin(&observation);
	for (uint32_t i = 0; i < count; i++)
		add_listener(&observation, 1 + (i * 7919) % count);
	for (uint32_t i = 0; i < count; i++)
		add_holder(&observation, 102, 1 + (i * 104729) % count,
			   5000 + (i * 104729) % count);
	cr_assert_eq(sightings_find(&observation, &hierarchy, NULL), 0);
	cr_assert_eq(observation.sighting_count, count);
	for (size_t i = 0; i < observation.sighting_count; i++) {
		const struct sighting *sighting = &observation.sightings[i];

		cr_expect_eq(sighting->fence, 2);
		cr_expect_eq(observation.holders.items[sighting->holder].pid,
			     observation.listeners.items[sighting->listener].inode - 1 + 5000);
	}
	observation_free(&observation);
}
