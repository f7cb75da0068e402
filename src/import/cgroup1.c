// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The devices controller of cgroup v1 (Linux security/device_cgroup.c). */
#include "import/cgroup1.h"
#include "base/error.h"
#include "import/dialects.h"
#include "import/exceptions.h"
#include "import/lines.h"
#include "import/ordered.h"

#include <errno.h>
#include <string.h>

int cgroup1_parse_rule(const struct importing *import, const struct line *line, bool allow,
		       struct list_rules *rules)
{
	/* The kernel looks at nothing behind an 'a'. */
	const char *text = *line->value == 'a' ? "a" : line->value;
	struct list_rule rule = { .allow = allow, .place = line->number };

	if (ordered_parse_line(text, &rule))
		return error_set_invalid(
			import->error,
			"%s:%zu: '%s': the kernel takes a type, numbers and letters, such as 'c 10:229 rwm', or 'a'",
			import->sources[0].name, line->number, line->value);
	if (rule.type != 'a' && !rule.access)
		return 0;
	return ordered_add_rule(import, rules, &rule);
}

int cgroup1_finish(struct importing *import, const struct list_rules *rules, unsigned int flags)
{
	cleanup_device_list struct device_list list = { 0 };
	const struct list_rule *hole = NULL;

	if (exceptions_make_list(rules, flags, ordered_remark_useless, import, &list, &hole))
		return error_out_of_memory(import->error);
	/* A request that shares a letter with what is denied is refused; one must lie within what is allowed. */
	list.overlap = list.default_allow;
	return ordered_finish(import, &list);
}

static bool ends_with(const char *text, size_t length, const char *end)
{
	return length >= strlen(end) && memcmp(text + length - strlen(end), end, strlen(end)) == 0;
}

/* A line of devices.list has no key: it is an exception of a list that allows nothing else. */
static int read_listed(const struct importing *import, const struct line *line,
		       struct list_rules *rules)
{
	if (*line->value == 'a')
		return error_set_invalid(
			import->error,
			"%s:%zu: where everything is allowed, devices.list does not show what is denied; give the lines that were written to devices.allow and devices.deny, such as 'deny c 10:229 rwm'",
			import->sources[0].name, line->number);
	return cgroup1_parse_rule(import, line, true, rules);
}

/* "devices.allow = c 1:3 rwm", "deny a", or the rule alone. */
static int read_line(const struct importing *import, struct line *line, struct list_rules *rules,
		     bool *listed)
{
	size_t word = strcspn(line->value, ": \t");
	const char *key = *line->key ? line->key : line->value;
	size_t length = *line->key ? strlen(key) : word;
	bool allow = ends_with(key, length, "allow");

	if (!allow && !ends_with(key, length, "deny")) {
		if (!*line->key && strchr("abc", *key)) {
			*listed = true;
			return read_listed(import, line, rules);
		}
		importing_remark(import, "%s:%zu: '%.*s' is no rule about devices; it is left out",
				 import->sources[0].name, line->number, (int)length, key);
		return 0;
	}
	if (!*line->key)
		line->value += word + strspn(line->value + word, ": \t");
	return cgroup1_parse_rule(import, line, allow, rules);
}

int import_read_cgroup1(struct importing *import)
{
	cleanup_list_rules struct list_rules rules = { 0 };
	cleanup_lines struct lines lines = { 0 };
	struct line line;
	bool listed = false;
	int result = lines_begin(import, &lines);

	while (result == 0 && lines_next(&lines, "=", &line))
		result = read_line(import, &line, &rules, &listed);
	if (result)
		return result;
	if (rules.count == 0)
		return error_set_invalid(import->error, "%s: there is no rule in it",
					 import->sources[0].name);
	return cgroup1_finish(import, &rules, listed ? 0 : EXCEPTIONS_ALLOW_AT_FIRST);
}
