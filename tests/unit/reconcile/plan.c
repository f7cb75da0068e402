// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The rules of the plan, from observations that are made by hand. */
#include "reconcile/plan.h"
#include "unit/support/scene.h"

#include <stdio.h>
#include <string.h>

static struct violation_key key_of(const struct scene *scene, size_t sighting)
{
	struct violation_key key = { 0 };

	reconcile_plan_key(&scene->observation, &scene->sightings[sighting], &key);
	return key;
}

static struct reconcile_plan make_plan(const struct scene *scene, uint64_t fence_id,
				       const struct violation_key *keys, size_t count)
{
	struct reconcile_plan plan = { 0 };
	struct known known = { 0 };

	for (size_t i = 0; i < count; i++)
		cr_assert_eq(known_add(&known, &keys[i]), i);
	cr_assert_eq(reconcile_plan_make(&scene->observation, fence_id, &known, count, &plan), 0);
	known_free(&known);
	return plan;
}

/* The steps as text: "A0k" acts on sighting 0 by killing, "*" marks what was known before, "E1" is an end. */
static const char *plan_text(const struct reconcile_plan *plan)
{
	static const char responses[] = {
		[RECONCILE_LOG] = 'l', [RECONCILE_CLOSE] = 'c', [RECONCILE_KILL] = 'k'
	};
	static char text[256];
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < plan->count; i++) {
		const struct reconcile_step *step = &plan->steps[i];
		const char *space = i ? " " : "";

		if (step->kind == RECONCILE_END)
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%sE%zu",
						   space, step->known);
		else
			length += (size_t)snprintf(text + length, sizeof(text) - length,
						   "%sA%zu%c%s", space, step->sighting,
						   responses[step->response],
						   step->known == KNOWN_NONE ? "" : "*");
	}
	return text;
}

static void expect_plan(const struct scene *scene, uint64_t fence_id,
			const struct violation_key *known, size_t count, const char *expected,
			const char *name)
{
	struct reconcile_plan plan = make_plan(scene, fence_id, known, count);

	cr_expect_str_eq(plan_text(&plan), expected, "%s: '%s', not '%s'", name, plan_text(&plan),
			 expected);
	reconcile_plan_free(&plan);
}

Test(plan, only_what_is_in_excess_is_acted_on)
{
	static const struct {
		const char *policy;
		int ip_protocol;
		const char *address;
		uint16_t port;
		const char *steps;
	} cases[] = {
		{ "{`ports`: [80]}", IPPROTO_TCP, "0.0.0.0", 80, "" },
		{ "{`ports`: [80]}", IPPROTO_TCP, "0.0.0.0", 81, "A0l" },
		{ "{`ports`: {`tcp`: [80]}}", IPPROTO_UDP, "::1", 80, "A0l" },
		{ "{`ports`: [`ipv6:80`]}", IPPROTO_TCP, "::", 80, "A0l" },
		{ "{`ports`: [`ipv4:80`]}", IPPROTO_TCP, "::ffff:10.0.0.1", 80, "" },
		{ "{`ports`: [80], `isolated_range`: [`80-90`]}", IPPROTO_TCP, "::", 91, "" },
		{ "{`ports`: [80], `isolated_range`: [`80-90`]}", IPPROTO_TCP, "::", 90, "A0l" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene scene;

		scene_begin_with_one(&scene, cases[i].policy, cases[i].ip_protocol,
				     cases[i].address, cases[i].port);
		expect_plan(&scene, 0, NULL, 0, cases[i].steps, cases[i].policy);
		scene_end(&scene);
	}
}

Test(plan, the_policy_says_what_is_done)
{
	static const struct {
		const char *policy;
		const char *steps;
	} cases[] = {
		{ "{`ports`: []}", "A0l" },
		{ "{`ports`: [], `on_violation`: `log`}", "A0l" },
		{ "{`ports`: [], `on_violation`: `close`}", "A0c" },
		{ "{`ports`: [], `on_violation`: `kill`}", "A0k" },
		{ "{`enforce`: false, `ports`: [], `on_violation`: `log`}", "A0l" },
		{ "{`enforce`: false, `ports`: [], `on_violation`: `close`}", "A0l" },
		{ "{`enforce`: false, `ports`: [], `on_violation`: `kill`}", "A0l" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene scene;

		scene_begin_with_one(&scene, cases[i].policy, IPPROTO_TCP, "::", 9);
		expect_plan(&scene, 0, NULL, 0, cases[i].steps, cases[i].policy);
		scene_end(&scene);
	}
}

Test(plan, what_is_known_is_found_again_and_ends_when_it_is_gone)
{
	struct violation_key known;
	struct scene scene;

	scene_begin_with_one(&scene, "{`ports`: []}", IPPROTO_TCP, "::", 9);
	known = key_of(&scene, 0);
	expect_plan(&scene, 0, NULL, 0, "A0l", "new");
	expect_plan(&scene, 0, &known, 1, "A0l*", "there still");
	scene_set_policy(&scene, 0, "{`ports`: [9]}");
	expect_plan(&scene, 0, &known, 1, "E0", "assigned now");
	scene_set_policy(&scene, 0, "{`ports`: []}");
	scene.observation.sighting_count = 0;
	expect_plan(&scene, 0, &known, 1, "E0", "gone");
	scene.observation.fences.count = 0;
	free(scene.fences[0].image);
	expect_plan(&scene, 0, &known, 1, "E0", "the fence is gone");
	scene_end(&scene);
}

/* (fence, protocol, address, port, socket) identifies a violation. */
Test(plan, each_part_of_the_key_makes_it_another_violation)
{
	static const struct {
		const char *part;
		uint64_t cookie;
		int ip_protocol;
		const char *address;
		uint16_t port;
	} cases[] = {
		{ "socket", 1, IPPROTO_TCP, "127.0.0.1", 9 },
		{ "protocol", 1000, IPPROTO_UDP, "127.0.0.1", 9 },
		{ "address", 1000, IPPROTO_TCP, "127.0.0.2", 9 },
		{ "family", 1000, IPPROTO_TCP, "::127.0.0.1", 9 },
		{ "port", 1000, IPPROTO_TCP, "127.0.0.1", 10 },
	};
	struct violation_key known;
	struct scene scene;

	scene_begin_with_one(&scene, "{`ports`: []}", IPPROTO_TCP, "127.0.0.1", 9);
	known = key_of(&scene, 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		scene.observation.listeners.count = 0;
		scene_add_socket(&scene, cases[i].ip_protocol, cases[i].address, cases[i].port);
		scene.listeners[0].cookie = cases[i].cookie;
		expect_plan(&scene, 0, &known, 1, "E0 A0l", cases[i].part);
	}
	scene.observation.listeners.count = 0;
	scene_add_socket(&scene, IPPROTO_TCP, "127.0.0.1", 9);
	expect_plan(&scene, 0, &known, 1, "A0l*", "as it was");
	scene.fences[0].id = 77;
	expect_plan(&scene, 0, &known, 1, "E0 A0l", "fence");
	scene_end(&scene);
}

/* The holder, its cgroup and the time do not. */
Test(plan, what_is_not_in_the_key_does_not)
{
	struct violation_key known;
	struct scene scene;

	scene_begin_with_one(&scene, "{`ports`: []}", IPPROTO_TCP, "::", 9);
	known = key_of(&scene, 0);
	scene.sightings[0].holder = 5;
	scene.sightings[0].made_inside = true;
	scene.listeners[0].inode = 99;
	scene.listeners[0].cgroup_id = 99;
	scene.listeners[0].interface = 9;
	scene.listeners[0].netns = 1;
	scene.listeners[0].v6only = true;
	expect_plan(&scene, 0, &known, 1, "A0l*", "the same");
	scene_end(&scene);
}

Test(plan, nothing_ends_by_an_observation_that_is_not_complete)
{
	struct violation_key known;
	struct scene scene;

	scene_begin_with_one(&scene, "{`ports`: [], `on_violation`: `close`}", IPPROTO_TCP,
			     "::", 9);
	known = key_of(&scene, 0);
	scene.observation.complete = false;
	expect_plan(&scene, 0, NULL, 0, "A0c", "what was seen is acted on");
	scene.observation.sighting_count = 0;
	expect_plan(&scene, 0, &known, 1, "", "what was not is not ended");
	scene_end(&scene);
}

/* An event in the midst of a pass tells of violations that are newer than what the pass has seen. */
Test(plan, what_is_newer_than_the_observation_does_not_end)
{
	struct reconcile_plan plan = { 0 };
	struct known known = { 0 };
	struct violation_key key;
	struct scene scene;

	scene_begin_with_one(&scene, "{`ports`: []}", IPPROTO_TCP, "::", 9);
	key = key_of(&scene, 0);
	known_add(&known, &key);
	key.cookie++;
	known_add(&known, &key);
	scene.observation.sighting_count = 0;
	cr_assert_eq(reconcile_plan_make(&scene.observation, 0, &known, 1, &plan), 0);
	cr_expect_str_eq(plan_text(&plan), "E0");
	reconcile_plan_free(&plan);
	known_free(&known);
	scene_end(&scene);
}

Test(plan, a_look_at_one_fence_ends_nothing_of_another)
{
	struct violation_key known[2];
	struct scene scene;

	scene_begin(&scene);
	scene_add_fence(&scene, "{`ports`: []}");
	scene_add_fence(&scene, "{`ports`: []}");
	scene_add_socket(&scene, IPPROTO_TCP, "::", 9);
	scene_add_sighting(&scene, 0, 0);
	scene_add_sighting(&scene, 1, 0);
	known[0] = key_of(&scene, 0);
	known[1] = key_of(&scene, 1);
	scene.observation.sighting_count = 0;
	expect_plan(&scene, 0, known, 2, "E0 E1", "all");
	expect_plan(&scene, 100, known, 2, "E0", "the first");
	expect_plan(&scene, 101, known, 2, "E1", "the second");
	expect_plan(&scene, 102, known, 2, "", "neither");
	scene_end(&scene);
}

Test(plan, ends_come_before_kills_and_kills_before_all_else)
{
	struct violation_key known[2];
	struct scene scene;

	scene_begin(&scene);
	scene_add_fence(&scene, "{`ports`: []}");
	scene_add_fence(&scene, "{`ports`: [], `on_violation`: `close`}");
	scene_add_fence(&scene, "{`ports`: [], `on_violation`: `kill`}");
	for (size_t i = 0; i < 6; i++) {
		scene_add_socket(&scene, IPPROTO_TCP, "::1", (uint16_t)(20 + i));
		scene_add_sighting(&scene, i % SCENE_FENCES, i);
	}
	known[0] = key_of(&scene, 4);
	known[0].port = 7;
	known[1] = key_of(&scene, 5);
	known[1].port = 7;
	expect_plan(&scene, 0, known, 2, "E0 E1 A2k A5k A0l A1c A3l A4c", "the order");
	scene_end(&scene);
}

Test(plan, fences_that_nest_are_each_judged_by_their_own_policy)
{
	struct scene scene;

	scene_begin(&scene);
	scene_add_fence(&scene, "{`ports`: [`9-10`], `on_violation`: `kill`}");
	scene_add_fence(&scene, "{`ports`: [`10-11`], `on_violation`: `close`}");
	for (uint16_t port = 9; port <= 12; port++) {
		size_t socket = scene_add_socket(&scene, IPPROTO_TCP, "::", port);

		scene_add_sighting(&scene, 0, socket);
		scene_add_sighting(&scene, 1, socket);
	}
	/* 9: the inner one; 10: neither; 11: the outer one; 12: both. */
	expect_plan(&scene, 0, NULL, 0, "A4k A6k A1c A7c", "nested");
	scene_end(&scene);
}
