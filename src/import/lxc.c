// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* LXC (src/lxc/cgroups): lines for cgroup2, which it judges by itself, else lines for cgroup v1. */
#include "base/error.h"
#include "import/cgroup1.h"
#include "import/dialects.h"
#include "import/lxc_judge.h"
#include "import/ordered.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

/* What LXC's common.conf has, which the configurations of containers include first. */
static const char *const common_rules[] = {
	"a",	     "c *:* m",	    "b *:* m",	    "c 1:3 rwm", "c 1:5 rwm",
	"c 1:7 rwm", "c 5:0 rwm",   "c 5:1 rwm",    "c 5:2 rwm", "c 1:8 rwm",
	"c 1:9 rwm", "c 136:* rwm", "c 10:229 rwm",
};

enum version {
	CGROUP1,
	CGROUP2,
	VERSION_COUNT,
};

/* The rules of a file for each version of cgroups, in their order. */
struct rules_read {
	struct list_rules rules[VERSION_COUNT];
	size_t lines[VERSION_COUNT]; /* how many lines are about it */
	size_t first_line[VERSION_COUNT];
	bool proxmox;
	bool ended; /* what follows is of a snapshot */
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

static int take_back(const struct importing *import, struct list_rules *rules)
{
	(void)import;
	rules->count = 0;
	return 0;
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

/* A file is read where the line includes it; one that is unknown may take back all before it. */
static int include(const struct importing *import, const struct line *line, struct rules_read *read)
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
	for (size_t i = 0; i < VERSION_COUNT && result == 0; i++)
		result = (add ? add : deny_all)(import, &read->rules[i]);
	return result;
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

/* LXC allows what is named by a path, whatever the key says. @letters: up to a blank */
static int add_path(const struct importing *import, size_t number, const char *path,
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

/* A number that begins with 0 is octal to LXC. Return: what is behind it; NULL if it is none. */
static const char *read_number(const char *text, uint32_t *number)
{
	unsigned long value;
	char *end;

	if (*text == '*')
		return text + 1;
	value = strtoul(text, &end, 0);
	*number = value < LIST_OTHER ? (uint32_t)value : LIST_OTHER - 1;
	return isdigit((unsigned char)*end) ? NULL : end;
}

static int parse_rule(const char *text, struct list_rule *rule)
{
	int result = ordered_parse_line(text, rule);
	const char *minor;

	if (result || !text[1])
		return result;
	minor = read_number(text + 2, &rule->major);
	return minor && read_number(minor + 1, &rule->minor) ? 0 : -EINVAL;
}

static int add_rule(const struct importing *import, struct line *line, enum version version,
		    bool allow, struct rules_read *read)
{
	struct list_rules *rules = &read->rules[version];
	struct list_rule rule = { .allow = allow, .place = line->number };

	if (read->lines[version]++ == 0)
		read->first_line[version] = line->number;
	if (!*line->value) {
		clear(rules, allow);
		return 0;
	}
	if (version == CGROUP1)
		return cgroup1_parse_rule(import, line, allow, rules);
	if (*line->value == '/') {
		char *letters = line->value + strcspn(line->value, " ");

		if (*letters)
			*letters++ = '\0';
		return add_path(import, line->number, line->value, letters + strspn(letters, " "),
				allow, rules);
	}
	if (parse_rule(line->value, &rule))
		return error_set_invalid(
			import->error,
			"%s:%zu: '%s': LXC takes a type, numbers and letters, such as 'c 10:229 rwm', or 'a'",
			import->sources[0].name, line->number, line->value);
	return ordered_add_rule(import, rules, &rule);
}

static int leave_out(const struct importing *import, const struct line *line, const char *reason)
{
	importing_remark(import, "%s:%zu: '%s' %s; it is left out", import->sources[0].name,
			 line->number, *line->key ? line->key : line->value, reason);
	return 0;
}

/* LXC takes every key of the devices of cgroup2 but one for a denial, and a short key with an empty value for all. */
static int read_other(const struct importing *import, struct line *line, struct rules_read *read)
{
	static const char devices[] = "lxc.cgroup2.devices";
	bool whole = strcmp(line->key, "lxc.cgroup2") == 0;

	if (whole && !*line->value) {
		read->rules[CGROUP2].count = 0;
		return 0;
	}
	if (strcmp(line->key, "lxc.cgroup") == 0 && !*line->value) {
		read->rules[CGROUP1].count = 0;
		return 0;
	}
	if (!*line->key && strncmp(line->value, "lxc.", 4) == 0)
		return leave_out(import, line, "has no '=', so that LXC would refuse the file");
	if (strncmp(line->key, devices, strlen(devices)) == 0 && *line->value) {
		importing_remark(
			import,
			"%s:%zu: '%s' is no setting of LXC, which takes it for lxc.cgroup2.devices.deny",
			import->sources[0].name, line->number, line->key);
		return add_rule(import, line, CGROUP2, false, read);
	}
	if (strncmp(line->key, "lxc.", 4) == 0 && (whole || strstr(line->key, "device")))
		return leave_out(import, line, "is no setting of LXC about devices");
	return 0;
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
	static const char *const no[] = { "0", "off", "no", "false" };
	const char *path = "";
	char *rest = line->value;
	bool writes = true;
	char *option;

	read->lines[CGROUP2]++;
	while ((option = strsep(&rest, ","))) {
		if (strncmp(option, "path=", 5) == 0)
			path = option + 5;
		else if (!strchr(option, '='))
			path = option;
		if (strncmp(option, "deny-write=", 11) != 0)
			continue;
		writes = false;
		for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
			writes |= strcasecmp(option + 11, no[i]) == 0;
	}
	return add_path(import, line->number, path, writes ? "rw" : "r", true,
			&read->rules[CGROUP2]);
}

static int read_line(const struct importing *import, struct line *line, struct rules_read *read)
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
	if (read->proxmox && is_device_key(line->key))
		return add_proxmox_device(import, line, read);
	if (strcmp(line->key, "lxc.include") == 0)
		return include(import, line, read);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].key, line->key) == 0)
			return add_rule(import, line, keys[i].version, keys[i].allow, read);
	}
	return read_other(import, line, read);
}

/* ---- the whole ---- */

/* Proxmox writes "KEY: VALUE", and includes common.conf before the rest. */
static int is_proxmox(const struct importing *import, bool *proxmox)
{
	cleanup_lines struct lines lines = { 0 };
	int result = lines_begin(import, &lines);
	const char *line;

	while (result == 0 && !*proxmox && (line = lines_take(&lines)))
		*proxmox = line[strcspn(line, "#=: \t")] == ':';
	return result;
}

static int read_lines(const struct importing *import, struct rules_read *read)
{
	cleanup_lines struct lines lines = { 0 };
	int result = is_proxmox(import, &read->proxmox);
	struct line line;

	for (size_t i = 0; i < VERSION_COUNT && read->proxmox && result == 0; i++)
		result = add_common(import, &read->rules[i]);
	if (result == 0)
		result = lines_begin(import, &lines);
	while (result == 0 && lines_next(&lines, read->proxmox ? "=:" : "=", &line))
		result = read_line(import, &line, read);
	return result;
}

static const struct list_rule *find_whole(const struct list_rules *rules)
{
	const struct list_rule *whole = NULL;

	for (size_t i = 0; i < rules->count; i++) {
		if (lxc_is_whole(&rules->items[i]))
			whole = &rules->items[i];
	}
	return whole;
}

static void remark_beginning(const struct importing *import, const struct rules_read *read,
			     enum version version)
{
	const struct list_rule *whole = find_whole(&read->rules[version]);

	if (read->proxmox && whole && whole->built_in)
		importing_remark(
			import,
			"%s: no line is 'a' alone, so what common.conf allows comes first, and is in the policy",
			import->sources[0].name);
	if (version == CGROUP1 && !whole)
		importing_remark(
			import,
			"%s: no line is 'a' alone, so what a cgroup has at first counts, which is not known; the policy allows nothing of it",
			import->sources[0].name);
}

static int finish(struct importing *import, const struct rules_read *read)
{
	enum version version = read->lines[CGROUP1] && !read->lines[CGROUP2] ? CGROUP1 : CGROUP2;
	const struct list_rules *rules = &read->rules[version];

	if (read->lines[CGROUP1] && read->lines[CGROUP2])
		importing_remark(
			import,
			"%s:%zu: lines for cgroup v1 are left out, since there are lines for cgroup2",
			import->sources[0].name, read->first_line[CGROUP1]);
	/* Nothing is restricted where all lines are taken back, as userns.conf does it. */
	if (rules->count == 0)
		return 0;
	remark_beginning(import, read, version);
	return version == CGROUP2 ? lxc_judge(import, rules) : cgroup1_finish(import, rules, 0);
}

int import_read_lxc(struct importing *import)
{
	struct rules_read read = { 0 };
	int result = read_lines(import, &read);

	if (result == 0)
		result = finish(import, &read);
	list_rules_free(&read.rules[CGROUP1]);
	list_rules_free(&read.rules[CGROUP2]);
	return result;
}
