// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "fence/returned.h"

#include <criterion/criterion.h>

#define LATER_NS (2 * RETURN_PACE_CREDIT * RETURN_PACE_CREDIT_NS)

Test(returned, each_cgroup_of_each_fence_has_one_entry)
{
	struct returned_list list = { 0 };

	for (uint64_t fence = 9; fence > 0; fence--) {
		for (uint64_t root = 1; root < 200; root += 2)
			cr_assert(returned_add(&list, fence, root));
	}
	cr_expect_eq(list.count, 900);
	cr_expect_eq(returned_add(&list, 5, 77), returned_find(&list, 5, 77));
	cr_expect_eq(list.count, 900);
	cr_expect_null(returned_find(&list, 5, 78));
	cr_expect_null(returned_find(&list, 10, 77));
	cr_expect_eq(returned_find(&list, 3, 199)->fence, 3);
	cr_expect_eq(returned_find(&list, 3, 199)->root, 199);
	returned_free(&list);
}

Test(returned, what_is_gone_is_dropped_after_a_while)
{
	struct returned_list list = { 0 };

	returned_add(&list, 1, 1)->stays = true;
	returned_add(&list, 1, 2)->waits = true;
	returned_begin(&list);
	returned_add(&list, 1, 3)->seen = true;
	returned_find(&list, 1, 3)->stays = true;
	returned_find(&list, 1, 3)->pace.last_ns = 1;
	returned_find(&list, 1, 1)->pace.last_ns = LATER_NS;
	returned_end(&list, LATER_NS);
	cr_expect_eq(list.count, 2);
	/* If the same ones come again, they are told of again. */
	cr_expect_not(returned_find(&list, 1, 1)->stays);
	cr_expect_null(returned_find(&list, 1, 2));
	cr_expect(returned_find(&list, 1, 3)->stays);
	returned_free(&list);
}

Test(returned, other_programs_have_another_hash)
{
	struct adopted_program one = { .cgroup_id = 1, .id = 2 };
	struct adopted_program two[] = { one, { .cgroup_id = 1, .id = 3 } };
	struct adopted_program moved = { .cgroup_id = 2, .id = 2 };
	uint64_t hash = returned_hash(&(struct adopted){ &one, 1 });

	cr_expect_eq(hash, returned_hash(&(struct adopted){ two, 1 }));
	cr_expect_neq(hash, returned_hash(&(struct adopted){ two, 2 }));
	cr_expect_neq(hash, returned_hash(&(struct adopted){ &moved, 1 }));
}
