// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * Random ordered lists: what is imported allows nothing that the dialect refuses, and allows what it allows unless a remark
 * says otherwise. The dialects are written here once more, as tables of all selectors there can be.
 */
#include "base/cleanup.h"
#include "unit/support/import_text.h"
#include "support/random_list.h"

#include <stdio.h>
#include <string.h>

#define ROUNDS 600
#define ANY ANY_NUMBER
#define M BPF_DEVCG_ACC_MKNOD
#define R BPF_DEVCG_ACC_READ
#define W BPF_DEVCG_ACC_WRITE
#define RWM (R | W | M)

static const int majors[] = { 20, 21, 1, 5, 10, 136, ANY };
static const int minors[] = { 0, 1, 2, 3, 5, 7, 8, 9, 200, ANY };
#define MAJORS ARRAY_SIZE(majors)
#define MINORS ARRAY_SIZE(minors)

/* ---- the dialects ---- */

static size_t place_of(const int *numbers, size_t count, int number)
{
	size_t place = 0;

	while (place < count && numbers[place] != number)
		place++;
	cr_assert_lt(place, count);
	return place;
}

/* The letters of the exceptions for each type, major and minor; of the v1 controller and of runc. */
struct exceptions {
	bool allows;
	bool broken; /* runc refuses the list */
	uint8_t letters[2][MAJORS][MINORS];
};

static uint8_t *letters_of(struct exceptions *exceptions, char type, int major, int minor)
{
	return &exceptions->letters[type == 'b'][place_of(majors, MAJORS, major)]
				   [place_of(minors, MINORS, minor)];
}

static void except(struct exceptions *exceptions, const struct spoken_entry *rule)
{
	uint8_t *letters;

	if (rule->type == 'a') {
		memset(exceptions, 0, sizeof(*exceptions));
		exceptions->allows = !rule->deny;
		return;
	}
	letters = letters_of(exceptions, rule->type, rule->major, rule->minor);
	if (rule->deny == exceptions->allows) {
		*letters |= rule->access;
		return;
	}
	if (rule->minor != ANY)
		exceptions->broken |= *letters_of(exceptions, rule->type, rule->major, ANY) &
				      rule->access;
	if (rule->major != ANY)
		exceptions->broken |= *letters_of(exceptions, rule->type, ANY, rule->minor) &
				      rule->access;
	if (rule->major != ANY || rule->minor != ANY)
		exceptions->broken |= *letters_of(exceptions, rule->type, ANY, ANY) & rule->access;
	*letters &= (uint8_t)~rule->access;
}

/* Is there an exception that the request lies within, or, with @overlap, shares a letter with? */
static bool is_excepted(struct exceptions *exceptions, char type, int major, int minor,
			uint8_t access, bool overlap)
{
	const uint8_t found[] = {
		*letters_of(exceptions, type, major, minor),
		*letters_of(exceptions, type, major, ANY),
		*letters_of(exceptions, type, ANY, minor),
		*letters_of(exceptions, type, ANY, ANY),
	};

	for (size_t i = 0; i < ARRAY_SIZE(found); i++) {
		if (overlap ? found[i] & access : (found[i] & access) == access)
			return true;
	}
	return false;
}

static bool is_about(const struct spoken_entry *rule, char type, int major, int minor)
{
	return (rule->type == 'a' || rule->type == type) &&
	       (rule->major == ANY || rule->major == major) &&
	       (rule->minor == ANY || rule->minor == minor);
}

static bool crun_allows(const struct random_list *rules, char type, int major, int minor,
			uint8_t access)
{
	static const struct spoken_entry own[] = {
		{ 'c', ANY, ANY, M, false }, { 'b', ANY, ANY, M, false },
		{ 'c', 1, 3, RWM, false },   { 'c', 1, 8, RWM, false },
		{ 'c', 1, 7, RWM, false },   { 'c', 5, 0, RWM, false },
		{ 'c', 1, 5, RWM, false },   { 'c', 1, 9, RWM, false },
		{ 'c', 5, 1, RWM, false },   { 'c', 136, ANY, RWM, false },
		{ 'c', 5, 2, RWM, false },
	};
	bool allowed = rules->count == 0;

	for (size_t i = 0; i < rules->count; i++) {
		if (is_about(&rules->items[i], type, major, minor) &&
		    (rules->items[i].access & access) == access)
			allowed = !rules->items[i].deny;
	}
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		allowed |= is_about(&own[i], type, major, minor) &&
			   (own[i].access & access) == access;
	return allowed;
}

static bool same_words(const struct spoken_entry *a, const struct spoken_entry *b)
{
	return a->type == b->type && a->major == b->major && a->minor == b->minor &&
	       a->access == b->access;
}

/* The rule for everything comes first in these lists. A rule counts if no later one with the same words says otherwise. */
static bool lxc_allows(const struct random_list *rules, char type, int major, int minor,
		       uint8_t access)
{
	bool allows = !rules->items[0].deny;

	for (size_t i = 1; i < rules->count; i++) {
		const struct spoken_entry *rule = &rules->items[i];
		bool counts = rule->deny == allows;

		for (size_t j = i + 1; j < rules->count; j++) {
			if (same_words(rule, &rules->items[j]))
				counts = rules->items[j].deny == allows;
		}
		if (counts && is_about(rule, type, major, minor) &&
		    (rule->access & access) == access)
			return !allows;
	}
	return allows;
}

/* ---- the comparison ---- */

static struct imported import_rules(const char *dialect, const struct random_list *rules)
{
	cleanup_free char *text = random_list_text(rules, dialect);

	return import_text_run_one(dialect, text);
}

typedef bool oracle(const struct random_list *rules, char type, int major, int minor,
		    uint8_t access);

static bool cgroup1_allows(const struct random_list *rules, char type, int major, int minor,
			   uint8_t access)
{
	struct exceptions exceptions = { .allows = true };

	for (size_t i = 0; i < rules->count; i++)
		except(&exceptions, &rules->items[i]);
	return exceptions.allows !=
	       is_excepted(&exceptions, type, major, minor, access, exceptions.allows);
}

static struct exceptions run_runc(const struct random_list *rules)
{
	static const struct spoken_entry own[] = {
		{ 'c', ANY, ANY, M, false },  { 'b', ANY, ANY, M, false },
		{ 'c', 1, 3, RWM, false },    { 'c', 1, 8, RWM, false },
		{ 'c', 1, 7, RWM, false },    { 'c', 5, 0, RWM, false },
		{ 'c', 1, 5, RWM, false },    { 'c', 1, 9, RWM, false },
		{ 'c', 5, 2, RWM, false },    { 'c', 136, ANY, RWM, false },
		{ 'c', 10, 200, RWM, false },
	};
	struct exceptions exceptions = { 0 };
	bool broken = false;

	for (size_t i = 0; i < rules->count; i++) {
		except(&exceptions, &rules->items[i]);
		broken |= exceptions.broken;
	}
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		except(&exceptions, &own[i]);
	exceptions.broken |= broken;
	return exceptions;
}

static bool runc_allows(const struct random_list *rules, char type, int major, int minor,
			uint8_t access)
{
	struct exceptions exceptions = run_runc(rules);

	return exceptions.allows != is_excepted(&exceptions, type, major, minor, access, false);
}

static void compare(const struct imported *imported, const struct random_list *rules,
		    oracle *allows, size_t *differences)
{
	static const struct {
		const char *word;
		uint8_t access;
	} requests[] = { { "r", R }, { "w", W }, { "rw", R | W }, { "m", M } };
	cleanup_policy struct cgfence_policy *policy = import_text_policy(imported);

	for (size_t i = 0; i < 2 * (MAJORS - 1) * (MINORS - 1) * ARRAY_SIZE(requests); i++) {
		size_t which = i % ARRAY_SIZE(requests);
		size_t device = i / ARRAY_SIZE(requests);
		int major = majors[device / 2 / (MINORS - 1)];
		int minor = minors[device / 2 % (MINORS - 1)];
		char type = "cb"[device % 2];
		bool right = allows(rules, type, major, minor, requests[which].access);
		char request[24];
		bool allowed;

		snprintf(request, sizeof(request), "%c %d:%d %s", type, major, minor,
			 requests[which].word);
		allowed = import_text_allows(policy, request);
		cr_assert(right || !allowed, "%s is too much: %s", request, imported->text);
		*differences += right && !allowed;
		cr_assert(right == allowed || strstr(imported->remarks, "allows less") ||
				  strstr(imported->remarks, "allows nothing"),
			  "%s is lost without a word: %s\n%s", request, imported->text,
			  imported->remarks);
	}
}

static void compare_rounds(const char *dialect, oracle *allows)
{
	uint64_t state = 1;
	size_t differences = 0;
	size_t same = 0;

	for (size_t round = 0; round < ROUNDS; round++) {
		struct random_list rules = random_list(&state);
		cleanup_imported struct imported imported = import_rules(dialect, &rules);
		size_t before = differences;

		if (strcmp(dialect, "runc") == 0) {
			bool broken = run_runc(&rules).broken;

			cr_assert_eq(broken, imported.result == -EINVAL, "%s", imported.error.text);
			if (broken)
				continue;
		}
		compare(&imported, &rules, allows, &differences);
		same += differences == before;
	}
	/* Neither everything nor nothing is a loss. */
	cr_assert_gt(same, ROUNDS / 10);
	policy_text_expect_no_leak();
}

Test(import_order_random, cgroup1)
{
	compare_rounds("cgroup1", cgroup1_allows);
}

Test(import_order_random, runc)
{
	compare_rounds("runc", runc_allows);
}

Test(import_order_random, crun)
{
	compare_rounds("crun", crun_allows);
}

Test(import_order_random, lxc)
{
	compare_rounds("lxc", lxc_allows);
}
