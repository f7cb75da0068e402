/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the importers of ordered lists share: places, remarks, and the end of the work. */
#pragma once

#include "import/device_list.h"
#include "import/importing.h"

/** ordered_remark() - a remark about a rule, with its place before it and the rule itself. */
void ordered_remark(const struct importing *import, const struct list_rule *rule, const char *text);

/** ordered_remark_useless() - the remark about a rule that comes to nothing, for exceptions_make_list(). */
void ordered_remark_useless(const struct list_rule *rule, void *import);

/** ordered_refuse() - the error for a rule that the dialect refuses. Return: -EINVAL. */
int ordered_refuse(const struct importing *import, const struct list_rule *rule, const char *text);

/** ordered_finish() - put what a list comes to into the policy, with a remark for each device that it loses. */
int ordered_finish(struct importing *import, const struct device_list *list);

/**
 * ordered_parse_line() - read "c 10:229 rw" as the v1 controller and LXC do, or "a" alone.
 * @text: without blanks around it
 * @rule: receives type, numbers and letters
 *
 * Return: 0 or -EINVAL, without an error text.
 */
int ordered_parse_line(const char *text, struct list_rule *rule);

/** ordered_parse_access() - the bits of letters, which may be repeated. Return: 0 or -EINVAL for another letter. */
int ordered_parse_access(const char *letters, uint8_t *access);

/** ordered_add_rule() - add a rule that was read to others, of which there cannot be too many. */
int ordered_add_rule(const struct importing *import, struct list_rules *rules,
		     const struct list_rule *rule);
