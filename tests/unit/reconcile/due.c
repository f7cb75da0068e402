// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Which steps of a plan are left, from observations that are made by hand. */
#include "reconcile/due.h"
#include "unit/support/scene.h"

#include <criterion/criterion.h>

/* Two fences, of which the inner one only logs, see the same two sockets. */
static void begin_two(struct scene *scene, struct reconcile_plan *plan, struct due *due)
{
	const struct known none = { 0 };

	scene_begin_with_one(scene, "{`ports`: [8080], `on_violation`: `close`}", IPPROTO_TCP,
			     "127.0.0.1", 9);
	scene_add_socket(scene, IPPROTO_TCP, "127.0.0.1", 9);
	scene_add_sighting(scene, 0, 1);
	scene_add_fence(scene, "{`ports`: [8080]}");
	scene_add_sighting(scene, 1, 0);
	cr_assert_eq(reconcile_plan_make(&scene->observation, 0, &none, 0, plan), 0);
	cr_assert_eq(due_make(&scene->observation, plan, due), 0);
}

Test(due, a_step_is_found_until_it_is_taken)
{
	struct reconcile_plan plan = { 0 };
	struct scene scene;
	struct due due;

	begin_two(&scene, &plan, &due);
	for (uint64_t i = 0; i < 2; i++) {
		size_t step = due_find(&due, 0, 1000 + i);

		cr_assert_lt(step, plan.count);
		cr_expect_eq(plan.steps[step].sighting, i);
		cr_expect(due_take(&due, step));
		cr_expect_not(due_take(&due, step));
		cr_expect_eq(due_find(&due, 0, 1000 + i), DUE_NONE);
	}
	due_free(&due);
	reconcile_plan_free(&plan);
	scene_end(&scene);
}

Test(due, only_what_closes_the_socket_for_that_fence_is_found)
{
	struct reconcile_plan plan = { 0 };
	struct scene scene;
	struct due due;

	begin_two(&scene, &plan, &due);
	cr_expect_eq(due_find(&due, 1, 1000), DUE_NONE, "it only logs");
	cr_expect_eq(due_find(&due, 0, 1002), DUE_NONE, "nobody sees it");
	due_free(&due);
	reconcile_plan_free(&plan);
	scene_end(&scene);
}
