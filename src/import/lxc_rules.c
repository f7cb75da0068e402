// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/lxc_rules.h"
#include "base/error.h"
#include "import/ordered.h"

#include <errno.h>
#include <fnmatch.h>
#include <string.h>

/* What LXC's common.conf has, which the configurations of containers include first. */
static const char *const common_rules[] = {
	"a",	     "c *:* m",	    "b *:* m",	    "c 1:3 rwm", "c 1:5 rwm",
	"c 1:7 rwm", "c 5:0 rwm",   "c 5:1 rwm",    "c 5:2 rwm", "c 1:8 rwm",
	"c 1:9 rwm", "c 136:* rwm", "c 10:229 rwm",
};

/* ---- what is included ---- */

static int deny_all(const struct importing *import, struct list_rules *rules)
{
	struct list_rule rule = { .built_in = true };

	if (ordered_parse_line("a", &rule))
		return -EINVAL;
	return ordered_add_rule(import, rules, &rule);
}

static int add_common(const struct importing *import, struct list_rules *rules)
{
	int result = 0;

	for (size_t i = 0; i < sizeof(common_rules) / sizeof(common_rules[0]) && result == 0; i++) {
		struct list_rule rule = { .built_in = true, .allow = i > 0 };

		if (ordered_parse_line(common_rules[i], &rule))
			return -EINVAL;
		result = ordered_add_rule(import, rules, &rule);
	}
	return result;
}

int lxc_rules_add_common(const struct importing *import, struct lxc_rules *read)
{
	int result = 0;

	for (size_t i = 0; i < LXC_VERSION_COUNT && result == 0; i++)
		result = add_common(import, &read->rules[i]);
	return result;
}

static int take_back(const struct importing *import, struct list_rules *rules)
{
	(void)import;
	rules->count = 0;
	return 0;
}

void lxc_rules_take_back(struct lxc_rules *read)
{
	for (size_t i = 0; i < LXC_VERSION_COUNT; i++)
		read->rules[i].count = 0;
}

static int add_nothing(const struct importing *import, struct list_rules *rules)
{
	(void)import;
	(void)rules;
	return 0;
}

/* The files that LXC ships, which distributions have under names of their own. */
static const struct {
	const char *pattern;
	int (*include)(const struct importing *import, struct list_rules *rules);
} shipped[] = {
	{ "/usr/share/lxc/config/common.conf", add_common },
	{ "/usr/share/lxc/config/*.common.conf", add_common },
	{ "/usr/share/lxc/config/userns.conf", take_back },
	{ "/usr/share/lxc/config/*.userns.conf", take_back },
	{ "/usr/share/lxc/config/nesting.conf", add_nothing },
};

int lxc_rules_include(const struct importing *import, const struct line *line,
		      struct lxc_rules *read)
{
	int (*add)(const struct importing *import, struct list_rules *rules) = NULL;
	int result = 0;

	if (!*line->value)
		return 0;
	for (size_t i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++) {
		if (fnmatch(shipped[i].pattern, line->value, FNM_PATHNAME) == 0)
			add = shipped[i].include;
	}
	importing_remark(
		import,
		add ? "%s:%zu: '%s' is not read; it is taken to be as LXC ships it"
		    : "%s:%zu: what '%s' has is not read; the policy allows nothing of it, nor of the lines before it, which it may take back",
		import->sources[0].name, line->number, line->value);
	for (size_t i = 0; i < LXC_VERSION_COUNT && result == 0; i++)
		result = (add ? add : deny_all)(import, &read->rules[i]);
	return result;
}

/* ---- lines ---- */

int lxc_rules_add_path(const struct importing *import, size_t number, const char *path,
		       const char *letters, bool allow, struct list_rules *rules)
{
	struct list_rule rule = { .allow = true, .place = number };
	enum import_node node = import->host->look(path, &rule.major, &rule.minor);

	strncpy(rule.letters, letters, sizeof(rule.letters) - 1);
	rule.letters[strcspn(rule.letters, " ")] = '\0';
	rule.type = node == IMPORT_NODE_BLOCK ? 'b' : 'c';
	if (ordered_parse_access(rule.letters, &rule.access) || !rule.access)
		return error_set_invalid(
			import->error,
			"%s:%zu: '%s %s': the access is missing; give one or more of r, w and m",
			import->sources[0].name, number, path, letters);
	if (allow && (node == IMPORT_NODE_BLOCK || node == IMPORT_NODE_CHARACTER))
		return ordered_add_rule(import, rules, &rule);
	importing_remark(import, "%s:%zu: '%s %s' %s; it is left out", import->sources[0].name,
			 number, path, letters,
			 allow ? "is no device of this host"
			       : "is a path, which LXC would allow instead of denying it");
	return 0;
}

bool lxc_rules_end_at(const struct line *line)
{
	return !*line->key && *line->value == '[';
}
