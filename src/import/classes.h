/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The policy that an ordered list of device rules comes to. */
#pragma once

#include "import/device_list.h"
#include "policy/device_rule.h"

/* More rules than any list has, and few enough for the work to stay small. */
#define LIST_RULES_MAX 4096

/* A class of devices of which the policy allows less than the list. */
struct tightened {
	char type;
	uint32_t major; /* or LIST_OTHER */
	uint32_t minor; /* or LIST_OTHER */
	uint8_t access; /* what the policy allows */
	bool by_wider; /* since a deny entry with a '*' takes the rest, else since no set of letters says it */
	const struct list_rule *
		rule; /* the last one written that is about the class; NULL if only the dialect's own are */
};

typedef void tightened_callback(const struct tightened *tightened, void *context);

/**
 * classes_make_rules() - make rules of a policy that allow what a list allows, or less where that cannot be said.
 * @list: with LIST_RULES_MAX rules at most
 * @tell: called for each class of which the rules allow less
 * @rules: receives normalised rules, to be given to device_rules_free()
 *
 * Devices that no rule tells apart are one class: those of a type with a named major and minor, those with a named major,
 * with a named minor, and all others. Each class is granted the most letters of which the list allows every request that
 * they make up: r, w, both at once, and m. A class whose wider class is granted more has a deny entry.
 *
 * Return: 0, -E2BIG if majors and minors are named beside '*' in too many rules, -ENOMEM.
 */
int classes_make_rules(const struct device_list *list, tightened_callback *tell, void *context,
		       struct device_rules *rules);

/**
 * classes_largest() - the most letters of which every request is among those that are allowed.
 * @allowed: a bit for each set of access bits, 1 << set
 */
uint8_t classes_largest(uint8_t allowed);
