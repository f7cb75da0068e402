// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* LXC (src/lxc/cgroups): lines for cgroup2, which it judges by itself, else lines for cgroup v1. */
#include "base/error.h"
#include "import/cgroup1.h"
#include "import/dialects.h"
#include "import/draft.h"
#include "import/ordered.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* What LXC's common.conf has, which the configurations of containers include first. */
static const char *const common_rules[] = {
	"c *:* m",   "b *:* m",	  "c 1:3 rwm", "c 1:5 rwm", "c 1:7 rwm",   "c 5:0 rwm",
	"c 5:1 rwm", "c 5:2 rwm", "c 1:8 rwm", "c 1:9 rwm", "c 136:* rwm", "c 10:229 rwm",
};

#define ALL_LETTERS 7

enum version {
	CGROUP1,
	CGROUP2,
	VERSION_COUNT,
};

/* The rules of a file for each version of cgroups. */
struct rules_read {
	struct list_rules rules[VERSION_COUNT];
	size_t lines[VERSION_COUNT]; /* how many lines are about it */
	size_t first_line[VERSION_COUNT];
	bool ended; /* what follows is of a snapshot */
	bool cleared[VERSION_COUNT]
		    [2]; /* what common.conf denies, and what it allows, is taken back */
};

static bool is_whole(const struct list_rule *rule)
{
	return rule->type == 'a' && rule->any_major && rule->any_minor && !rule->access;
}

static int add_common(const struct importing *import, const bool cleared[2],
		      struct list_rules *rules)
{
	struct list_rule rule = { .built_in = true };

	if (ordered_parse_line("a", &rule))
		return -EINVAL;
	if (!cleared[false] && ordered_add_rule(import, rules, &rule))
		return -ENOMEM;
	rule.allow = true;
	for (size_t i = 0; i < sizeof(common_rules) / sizeof(common_rules[0]) && !cleared[true];
	     i++) {
		if (ordered_parse_line(common_rules[i], &rule))
			return -EINVAL;
		if (ordered_add_rule(import, rules, &rule))
			return -ENOMEM;
	}
	return 0;
}

/* ---- reading ---- */

/* An empty value takes back the lines of that key. */
static void clear(struct list_rules *rules, bool allow)
{
	size_t kept = 0;

	for (size_t i = 0; i < rules->count; i++) {
		if (rules->items[i].allow != allow)
			rules->items[kept++] = rules->items[i];
	}
	rules->count = kept;
}

/* LXC allows what is named by a path, whatever the key says. */
static int add_path(const struct importing *import, const struct line *line, bool allow,
		    struct list_rules *rules)
{
	struct list_rule rule = { .allow = true, .place = line->number };
	size_t length = strcspn(line->value, " ");
	char path[LINE_SIZE];
	enum import_node node;

	memcpy(path, line->value, length);
	path[length] = '\0';
	strncpy(rule.letters, line->value + length + strspn(line->value + length, " "),
		sizeof(rule.letters) - 1);
	rule.letters[strcspn(rule.letters, " ")] = '\0';
	node = import->host->look(path, &rule.major, &rule.minor);
	rule.type = node == IMPORT_NODE_BLOCK ? 'b' : 'c';
	if (ordered_parse_access(rule.letters, &rule.access) || !rule.access)
		return error_set_invalid(
			import->error,
			"%s:%zu: '%s': the access is missing; give one or more of r, w and m",
			import->sources[0].name, line->number, line->value);
	if (allow && (node == IMPORT_NODE_BLOCK || node == IMPORT_NODE_CHARACTER))
		return ordered_add_rule(import, rules, &rule);
	importing_remark(import, "%s:%zu: '%s' %s; it is left out", import->sources[0].name,
			 line->number, line->value,
			 allow ? "is no device of this host"
			       : "is a path, which LXC would allow instead of denying it");
	return 0;
}

static int add_rule(const struct importing *import, const struct line *line, enum version version,
		    bool allow, struct rules_read *read)
{
	struct list_rules *rules = &read->rules[version];
	struct list_rule rule = { .allow = allow, .place = line->number };

	if (read->lines[version]++ == 0)
		read->first_line[version] = line->number;
	if (!*line->value) {
		clear(rules, allow);
		read->cleared[version][allow] = true;
		return 0;
	}
	if (version == CGROUP1)
		return cgroup1_parse_rule(import, line, allow, rules);
	if (*line->value == '/')
		return add_path(import, line, allow, rules);
	if (ordered_parse_line(line->value, &rule))
		return error_set_invalid(
			import->error,
			"%s:%zu: '%s': LXC takes a type, numbers and letters, such as 'c 10:229 rwm', or 'a'",
			import->sources[0].name, line->number, line->value);
	return ordered_add_rule(import, rules, &rule);
}

static bool is_device_key(const char *key)
{
	return strncmp(key, "dev", 3) == 0 && key[3] &&
	       strspn(key + 3, "0123456789") == strlen(key + 3);
}

/* Proxmox: "dev0: /dev/ttyUSB0,mode=0660", also "path=/dev/ttyUSB0", and without writing by "deny-write=1". */
static int add_proxmox_device(const struct importing *import, const struct line *line,
			      struct rules_read *read)
{
	const char *path = strncmp(line->value, "path=", 5) == 0 ? line->value + 5 : line->value;
	struct line allow = { .number = line->number };

	read->lines[CGROUP2]++;
	snprintf(allow.text, sizeof(allow.text), "%.*s %s", (int)strcspn(path, ","), path,
		 strstr(path, ",deny-write=1") ? "r" : "rw");
	allow.value = allow.text;
	return add_path(import, &allow, true, &read->rules[CGROUP2]);
}

static int read_line(const struct importing *import, const struct line *line,
		     struct rules_read *read)
{
	static const struct {
		const char *key;
		enum version version;
		bool allow;
	} keys[] = {
		{ "lxc.cgroup.devices.allow", CGROUP1, true },
		{ "lxc.cgroup.devices.deny", CGROUP1, false },
		{ "lxc.cgroup2.devices.allow", CGROUP2, true },
		{ "lxc.cgroup2.devices.deny", CGROUP2, false },
	};

	/* Proxmox keeps the snapshots of a container behind its configuration. */
	if (!*line->key && *line->value == '[' && !read->ended) {
		read->ended = true;
		importing_remark(
			import, "%s:%zu: what is of the snapshot %s is left out, and all behind it",
			import->sources[0].name, line->number, line->value);
	}
	if (read->ended)
		return 0;
	if (is_device_key(line->key))
		return add_proxmox_device(import, line, read);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].key, line->key) == 0)
			return add_rule(import, line, keys[i].version, keys[i].allow, read);
	}
	if (strcmp(line->key, "lxc.include") == 0 && !strstr(line->value, "common"))
		importing_remark(import, "%s:%zu: what '%s' has is not read",
				 import->sources[0].name, line->number, line->value);
	return 0;
}

/* ---- judging ---- */

/*
 * The rule that LXC turns round instead of adding another: one with the same words that has an effect
 * (bpf_list_add_device).
 */
static struct list_rule *find_same(const struct list_rules *kept, const struct list_rule *rule)
{
	for (size_t i = 0; i < kept->count; i++) {
		if (list_rule_same(&kept->items[i], rule) &&
		    strcmp(kept->items[i].letters, rule->letters) == 0)
			return &kept->items[i];
	}
	return NULL;
}

/*
 * The list keeps only what says the opposite of its default; what says the same has no effect, except that it turns an
 * equal rule round, which then has none either.
 */
static int keep(const struct importing *import, const struct list_rule *rule,
		struct device_list *list)
{
	struct list_rule *same = find_same(&list->rules, rule);

	if (rule->allow != list->default_allow) {
		if (same)
			return 0;
		return ordered_add_rule(import, &list->rules, rule);
	}
	if (!same) {
		ordered_remark(import, rule,
			       list->default_allow
				       ? "has no effect on LXC after 'allow = a'; it is left out"
				       : "has no effect on LXC after 'deny = a'; it is left out");
		return 0;
	}
	memmove(same, same + 1,
		(size_t)(&list->rules.items[list->rules.count] - (same + 1)) * sizeof(*same));
	list->rules.count--;
	return 0;
}

/* The program that LXC makes of it has instructions that are never reached, which the kernel refuses. */
static void remark_everything(const struct importing *import, const struct list_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct list_rule *rule = &rules->items[i];

		if (rule->type == 'a' && rule->any_major && rule->any_minor &&
		    rule->access == ALL_LETTERS)
			ordered_remark(
				import, rule,
				"is for everything: LXC 5.0 starts no such container, and takes 'a' alone for it");
	}
}

static int judge(struct importing *import, const struct list_rules *rules)
{
	cleanup_device_list struct device_list list = { 0 };
	const struct list_rule *whole = NULL;
	bool empty = true;
	int result = 0;

	for (size_t i = 0; i < rules->count && result == 0; i++) {
		const struct list_rule *rule = &rules->items[i];

		empty = is_whole(rule);
		if (empty) {
			whole = rule;
			list.default_allow = rule->allow;
			list.rules.count = 0;
			continue;
		}
		result = keep(import, rule, &list);
	}
	if (result)
		return result;
	if (empty && whole && !whole->allow) {
		ordered_remark(
			import, whole,
			"has no rule after it: LXC attaches no program then, and allows everything; the policy allows nothing, as the line says");
		return draft_devices(import);
	}
	remark_everything(import, &list.rules);
	return ordered_finish(import, &list);
}

/* A rule for everything takes back all before it, so that common.conf has no say. */
static bool has_whole(const struct list_rules *rules)
{
	for (size_t i = 0; i < rules->count; i++) {
		if (is_whole(&rules->items[i]))
			return true;
	}
	return false;
}

static int finish(struct importing *import, const struct rules_read *read, enum version version)
{
	cleanup_list_rules struct list_rules rules = { 0 };
	const bool *cleared = read->cleared[version];
	int result = 0;

	/* Nothing is restricted where all lines are taken back, as userns.conf does it. */
	if (cleared[false] && cleared[true] && read->rules[version].count == 0)
		return 0;
	if (!has_whole(&read->rules[version]) && !(cleared[false] && cleared[true])) {
		importing_remark(
			import,
			"%s: no line is 'a' alone, so what common.conf allows comes first, and is in the policy",
			import->sources[0].name);
		result = add_common(import, cleared, &rules);
	}
	for (size_t i = 0; i < read->rules[version].count && result == 0; i++)
		result = ordered_add_rule(import, &rules, &read->rules[version].items[i]);
	if (result)
		return result;
	return version == CGROUP2 ? judge(import, &rules) : cgroup1_finish(import, &rules, 0);
}

int import_read_lxc(struct importing *import)
{
	const char *text = import->sources[0].text;
	size_t length = import->sources[0].length;
	struct rules_read read = { 0 };
	struct line line = { 0 };
	int result = 0;

	while (result == 0 && lines_next(&text, &length, "=:", &line))
		result = read_line(import, &line, &read);
	if (result == 0 && read.lines[CGROUP1] && read.lines[CGROUP2])
		importing_remark(
			import,
			"%s:%zu: lines for cgroup v1 are left out, since there are lines for cgroup2",
			import->sources[0].name, read.first_line[CGROUP1]);
	if (result == 0)
		result = finish(import, &read,
				read.lines[CGROUP1] && !read.lines[CGROUP2] ? CGROUP1 : CGROUP2);
	list_rules_free(&read.rules[CGROUP1]);
	list_rules_free(&read.rules[CGROUP2]);
	return result;
}
