/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Edits of policies as the tests write them. */
#pragma once

#include "policy/edit_parse.h"

/* Policies are written with ` for "; the error is what follows if there is no result. */
struct edit_case {
	const char *before;
	enum cgfence_edit_action action;
	const char *operand;
	const char *after; /* NULL if it is refused, "same" if nothing changes */
	const char *error;
};

/**
 * edit_case_expect() - make an edit of the policy @before and look at what comes of it.
 * @one: its operand, action and error
 * @after: the policy as policy_text_format() writes it, NULL if the edit is refused
 */
void edit_case_expect(const struct edit_case *one, const struct cgfence_edit *edit,
		      const char *before, const char *after);

/** edit_case_parse_device() - the edit of a device entry. */
struct cgfence_edit *edit_case_parse_device(const struct edit_case *one);
