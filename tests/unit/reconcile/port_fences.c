// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Finding a fence by its id. */
#include "reconcile/port_fences.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define FENCES 3

static const uint64_t ids[FENCES] = { 5, 4294967301, 18446744073709551615U };

static struct port_fences make_fences(void)
{
	struct port_fences fences = { .items = calloc(FENCES, sizeof(*fences.items)) };

	for (size_t i = 0; i < FENCES; i++)
		fences.items[fences.count++].id = ids[i];
	return fences;
}

Test(port_fences, each_is_found_by_its_id)
{
	struct port_fences none = { 0 };
	struct port_fences fences = make_fences();

	for (size_t i = 0; i < FENCES; i++)
		cr_expect_eq(port_fences_find(&fences, ids[i]), i);
	cr_expect_eq(port_fences_find(&fences, 6), PORT_FENCE_NONE);
	cr_expect_eq(port_fences_find(&none, 5), PORT_FENCE_NONE);
	port_fences_free(&fences);
}
