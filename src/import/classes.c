// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/classes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define M BPF_DEVCG_ACC_MKNOD
#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE
#define RW (R | W)

/* What the kernel asks: open(2) asks for r, w or both, mknod(2) for m. */
static const uint8_t requests[] = { R, W, RW, M };
#define REQUEST_COUNT (sizeof(requests) / sizeof(requests[0]))

#define POINTS_MAX 16384

/* A class of one type. A number is LIST_OTHER where none is named. */
struct device_class {
	uint32_t major;
	uint32_t minor;
	uint8_t allow; /* of the entry that it has in the policy */
	uint8_t deny;
};

struct classes {
	struct device_class *items;
	size_t count;
};

struct work {
	const struct device_list *list;
	char type;
	tightened_callback *tell;
	void *context;
	struct device_rules *rules;
	struct device_class wide; /* all devices that no other class has */
	struct classes majors;	  /* those with a named major */
	struct classes minors;	  /* those with a named minor */
	struct classes points;	  /* those with both */
};

uint8_t classes_largest(uint8_t allowed)
{
	uint8_t largest = allowed >> M & 1 ? M : 0;

	if (allowed >> R & 1 && allowed >> W & 1 && allowed >> RW & 1)
		largest |= RW;
	else if (allowed >> R & 1)
		largest |= R;
	else if (allowed >> W & 1)
		largest |= W;
	return largest;
}

/* ---- the classes ---- */

static int compare_classes(const void *left, const void *right)
{
	const struct device_class *a = left;
	const struct device_class *b = right;

	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	return a->minor < b->minor ? -1 : a->minor > b->minor;
}

static void add_class(struct classes *classes, uint32_t major, uint32_t minor)
{
	classes->items[classes->count++] = (struct device_class){ .major = major, .minor = minor };
}

static void sort_classes(struct classes *classes)
{
	size_t kept = 0;

	qsort(classes->items, classes->count, sizeof(*classes->items), compare_classes);
	for (size_t i = 0; i < classes->count; i++) {
		if (kept == 0 || compare_classes(&classes->items[kept - 1], &classes->items[i]))
			classes->items[kept++] = classes->items[i];
	}
	classes->count = kept;
}

static bool is_of_type(const struct list_rule *rule, char type)
{
	return rule->type == 'a' || rule->type == type;
}

/* Where a named major and a named minor meet, both have a say. */
static int make_points(struct work *work)
{
	const struct list_rules *rules = &work->list->rules;
	size_t most = rules->count + work->majors.count * work->minors.count;

	if (most > POINTS_MAX)
		return -E2BIG;
	work->points.items = calloc(most + 1, sizeof(*work->points.items));
	if (!work->points.items)
		return -ENOMEM;
	for (size_t i = 0; i < rules->count; i++) {
		const struct list_rule *rule = &rules->items[i];

		if (is_of_type(rule, work->type) && !rule->any_major && !rule->any_minor)
			add_class(&work->points, rule->major, rule->minor);
	}
	for (size_t i = 0; i < work->majors.count; i++) {
		for (size_t j = 0; j < work->minors.count; j++)
			add_class(&work->points, work->majors.items[i].major,
				  work->minors.items[j].minor);
	}
	sort_classes(&work->points);
	return 0;
}

static int make_classes(struct work *work)
{
	const struct list_rules *rules = &work->list->rules;

	work->wide = (struct device_class){ .major = LIST_OTHER, .minor = LIST_OTHER };
	work->majors.items = calloc(rules->count + 1, sizeof(*work->majors.items));
	work->minors.items = calloc(rules->count + 1, sizeof(*work->minors.items));
	if (!work->majors.items || !work->minors.items)
		return -ENOMEM;
	for (size_t i = 0; i < rules->count; i++) {
		const struct list_rule *rule = &rules->items[i];

		if (!is_of_type(rule, work->type) || rule->any_major == rule->any_minor)
			continue;
		if (rule->any_minor)
			add_class(&work->majors, rule->major, LIST_OTHER);
		else
			add_class(&work->minors, LIST_OTHER, rule->minor);
	}
	sort_classes(&work->majors);
	sort_classes(&work->minors);
	return make_points(work);
}

static const struct device_class *find_class(const struct classes *classes, uint32_t major,
					     uint32_t minor)
{
	const struct device_class key = { .major = major, .minor = minor };

	return classes->count ? bsearch(&key, classes->items, classes->count,
					sizeof(*classes->items), compare_classes)
			      : NULL;
}

/* ---- their letters ---- */

/* The sets of letters that are allowed, as classes_largest() takes them. */
static uint8_t allowed_requests(const struct work *work, const struct device_class *class)
{
	uint8_t allowed = 0;

	for (size_t i = 0; i < REQUEST_COUNT; i++) {
		if (device_list_allows(work->list, work->type, class->major, class->minor,
				       requests[i]))
			allowed |= (uint8_t)(1U << requests[i]);
	}
	return allowed;
}

/* @apart: r and w are allowed, but not both at once */
static bool loses_some(uint8_t allowed, uint8_t letters, bool apart)
{
	for (size_t i = 0; i < REQUEST_COUNT; i++) {
		if (allowed >> requests[i] & 1 &&
		    (requests[i] & ~letters || (apart && requests[i] == RW)))
			return true;
	}
	return false;
}

static const struct list_rule *last_rule(const struct work *work, const struct device_class *class)
{
	const struct list_rule *last = NULL;

	for (size_t i = 0; i < work->list->rules.count; i++) {
		const struct list_rule *rule = &work->list->rules.items[i];

		if (!rule->built_in &&
		    list_rule_selects(rule, work->type, class->major, class->minor) &&
		    (!last || rule->place >= last->place))
			last = rule;
	}
	return last;
}

/* Does a wider entry grant it already? Entries do not add up, so one must have all letters. */
static bool is_granted(uint8_t letters, const uint8_t *wider, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!(letters & ~wider[i]))
			return true;
	}
	return letters == 0;
}

/*
 * Can the policy allow r and w, but not both at once? Entries do not add up, so it can if a wider one grants one of the
 * two, and none grants both.
 */
static bool can_be_apart(uint8_t allowed, uint8_t granted, const uint8_t *wider, size_t count)
{
	return allowed >> R & 1 && allowed >> W & 1 && !(allowed >> RW & 1) && granted & RW &&
	       !is_granted(RW, wider, count);
}

static void report_less(const struct work *work, const struct device_class *class, uint8_t letters,
			bool by_wider)
{
	const struct tightened tightened = {
		.type = work->type,
		.major = class->major,
		.minor = class->minor,
		.access = letters,
		.by_wider = by_wider,
		.rule = last_rule(work, class),
	};

	work->tell(&tightened, work->context);
}

/* @closed: what wider entries deny, which no entry can allow again */
static void settle(const struct work *work, struct device_class *class, const uint8_t *wider,
		   size_t count, uint8_t closed)
{
	uint8_t allowed = allowed_requests(work, class);
	uint8_t letters = classes_largest(allowed);
	uint8_t granted = 0;
	uint8_t own;
	bool apart;

	for (size_t i = 0; i < count; i++)
		granted |= wider[i];
	granted &= (uint8_t)~closed;
	apart = can_be_apart(allowed, granted, wider, count);
	if (apart)
		letters |= RW;
	if (loses_some(allowed, letters & (uint8_t)~closed, apart))
		report_less(work, class, letters & (uint8_t)~closed, letters & closed);
	letters &= (uint8_t)~closed;
	own = apart ? letters & (uint8_t) ~(granted & RW) : letters;
	class->deny = granted & (uint8_t)~letters;
	class->allow = is_granted(own, wider, count) ? 0 : own;
}

static void settle_all(struct work *work)
{
	settle(work, &work->wide, NULL, 0, 0);
	for (size_t i = 0; i < work->majors.count; i++)
		settle(work, &work->majors.items[i], &work->wide.allow, 1, 0);
	for (size_t i = 0; i < work->minors.count; i++)
		settle(work, &work->minors.items[i], &work->wide.allow, 1, 0);
	for (size_t i = 0; i < work->points.count; i++) {
		struct device_class *point = &work->points.items[i];
		const struct device_class *major =
			find_class(&work->majors, point->major, LIST_OTHER);
		const struct device_class *minor =
			find_class(&work->minors, LIST_OTHER, point->minor);
		const uint8_t wider[] = { work->wide.allow, major ? major->allow : 0,
					  minor ? minor->allow : 0 };
		uint8_t closed = (uint8_t)((major ? major->deny : 0) | (minor ? minor->deny : 0));

		settle(work, point, wider, sizeof(wider), closed);
	}
}

/* ---- their entries ---- */

static int add_entries(const struct work *work, const struct device_class *class)
{
	struct device_entry entry = {
		.block = work->type == 'b',
		.character = work->type == 'c',
		.any_major = class->major == LIST_OTHER,
		.any_minor = class->minor == LIST_OTHER,
		.major = class->major == LIST_OTHER ? 0 : class->major,
		.minor = class->minor == LIST_OTHER ? 0 : class->minor,
		.access = class->allow,
	};
	int result = class->allow ? device_rules_add(work->rules, &entry, false) : 0;

	entry.access = class->deny;
	return result == 0 && class->deny ? device_rules_add(work->rules, &entry, true) : result;
}

static int add_all_entries(const struct work *work)
{
	const struct classes *const all[] = { &work->majors, &work->minors, &work->points };
	int result = add_entries(work, &work->wide);

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		for (size_t j = 0; j < all[i]->count && result == 0; j++)
			result = add_entries(work, &all[i]->items[j]);
	}
	return result;
}

static int make_rules_of_type(struct work *work)
{
	int result = make_classes(work);

	if (result == 0) {
		settle_all(work);
		result = add_all_entries(work);
	}
	free(work->majors.items);
	free(work->minors.items);
	free(work->points.items);
	return result;
}

int classes_make_rules(const struct device_list *list, tightened_callback *tell, void *context,
		       struct device_rules *rules)
{
	struct device_rules made = { 0 };
	struct work characters = {
		.list = list, .type = 'c', .tell = tell, .context = context, .rules = &made
	};
	struct work blocks = {
		.list = list, .type = 'b', .tell = tell, .context = context, .rules = &made
	};
	int result = make_rules_of_type(&characters);

	if (result == 0)
		result = make_rules_of_type(&blocks);
	if (result) {
		device_rules_free(&made);
		return result;
	}
	device_rules_normalise(&made);
	*rules = made;
	return 0;
}
