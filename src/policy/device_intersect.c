// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/device_intersect.h"
#include "base/array.h"

#include <errno.h>
#include <string.h>

#define M BPF_DEVCG_ACC_MKNOD
#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE
#define RW (R | W)

struct meets {
	struct device_rule *items; /* not normalised: several of a selector */
	size_t count;
	size_t capacity;
};

static int add(struct meets *meets, uint64_t selector, uint8_t allow, uint8_t deny)
{
	struct device_rule *items;

	if (!selector || !(allow | deny))
		return 0;
	items = array_with_room(meets->items, meets->count, &meets->capacity, sizeof(*items));
	if (!items)
		return -ENOMEM;
	meets->items = items;
	items[meets->count++] =
		(struct device_rule){ .selector = selector, .allow = allow, .deny = deny };
	return 0;
}

static int add_denied(struct meets *meets, const struct device_rules *rules)
{
	int result = 0;

	for (size_t i = 0; i < rules->count && result == 0; i++)
		result = add(meets, rules->items[i].selector, 0, rules->items[i].deny);
	return result;
}

/* A request passes if one entry of each set covers it, and so does where the two meet. */
static int find_meets(const struct device_rules *a, const struct device_rules *b,
		      struct meets *meets)
{
	int result = add_denied(meets, a);

	if (result == 0)
		result = add_denied(meets, b);
	for (size_t i = 0; i < a->count; i++) {
		for (size_t j = 0; j < b->count && result == 0; j++)
			result = add(meets,
				     device_selector_meet(a->items[i].selector,
							  b->items[j].selector),
				     a->items[i].allow & b->items[j].allow, 0);
	}
	return result;
}

static int compare_selectors(const void *left, const void *right)
{
	uint64_t a = ((const struct device_rule *)left)->selector;
	uint64_t b = ((const struct device_rule *)right)->selector;

	return a < b ? -1 : a > b;
}

/* Rules of one selector, from @rules on. Reading and writing at once is of one of them, or is not allowed. */
static struct device_rule unite(const struct device_rule *rules, size_t count, bool *tightened)
{
	struct device_rule united = rules[0];
	bool both = false;

	for (size_t i = 0; i < count; i++) {
		united.allow |= rules[i].allow;
		united.deny |= rules[i].deny;
		both = both || (rules[i].allow & RW) == RW;
	}
	if ((united.allow & RW) == RW && !both) {
		united.allow &= (uint8_t)~W;
		*tightened = true;
	}
	return united;
}

static void unite_all(struct meets *meets, bool *tightened)
{
	size_t kept = 0;

	if (meets->count)
		qsort(meets->items, meets->count, sizeof(*meets->items), compare_selectors);
	for (size_t first = 0, end; first < meets->count; first = end) {
		for (end = first + 1; end < meets->count &&
				      meets->items[end].selector == meets->items[first].selector;)
			end++;
		meets->items[kept++] = unite(&meets->items[first], end - first, tightened);
	}
	meets->count = kept;
}

int device_rules_intersect(const struct device_rules *a, const struct device_rules *b,
			   struct device_rules *result, bool *tightened)
{
	struct meets meets = { 0 };

	if (find_meets(a, b, &meets)) {
		free(meets.items);
		return -ENOMEM;
	}
	unite_all(&meets, tightened);
	*result = (struct device_rules){ meets.items, meets.count, meets.capacity };
	return 0;
}
