// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* LXC (src/lxc/cgroups): lines for cgroup2, which it judges by itself, else lines for cgroup v1. */
#include "base/error.h"
#include "import/cgroup1.h"
#include "import/dialects.h"
#include "import/lxc_judge.h"
#include "import/lxc_proxmox.h"
#include "import/lxc_rules.h"
#include "import/ordered.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

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

static int add_rule(const struct importing *import, struct line *line, enum lxc_version version,
		    bool allow, struct lxc_rules *read)
{
	struct list_rules *rules = &read->rules[version];
	struct list_rule rule = { .allow = allow, .place = line->number };

	if (read->lines[version]++ == 0)
		read->first_line[version] = line->number;
	if (!*line->value) {
		clear(rules, allow);
		return 0;
	}
	if (version == LXC_CGROUP1)
		return cgroup1_parse_rule(import, line, allow, rules);
	if (*line->value == '/') {
		char *letters = line->value + strcspn(line->value, " ");

		if (*letters)
			*letters++ = '\0';
		return lxc_rules_add_path(import, line->number, line->value,
					  letters + strspn(letters, " "), allow, rules);
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
static int read_other(const struct importing *import, struct line *line, struct lxc_rules *read)
{
	static const char devices[] = "lxc.cgroup2.devices";
	bool whole = strcmp(line->key, "lxc.cgroup2") == 0;

	if (whole && !*line->value) {
		read->rules[LXC_CGROUP2].count = 0;
		return 0;
	}
	if (strcmp(line->key, "lxc.cgroup") == 0 && !*line->value) {
		read->rules[LXC_CGROUP1].count = 0;
		return 0;
	}
	if (!*line->key && strncmp(line->value, "lxc.", 4) == 0)
		return leave_out(import, line, "has no '=', so that LXC would refuse the file");
	if (strncmp(line->key, devices, strlen(devices)) == 0 && *line->value) {
		importing_remark(
			import,
			"%s:%zu: '%s' is no setting of LXC, which takes it for lxc.cgroup2.devices.deny",
			import->sources[0].name, line->number, line->key);
		return add_rule(import, line, LXC_CGROUP2, false, read);
	}
	if (strncmp(line->key, "lxc.", 4) == 0 && (whole || strstr(line->key, "device")))
		return leave_out(import, line, "is no setting of LXC about devices");
	return 0;
}

static int read_line(const struct importing *import, struct line *line, struct lxc_rules *read)
{
	static const struct {
		const char *key;
		enum lxc_version version;
		bool allow;
	} keys[] = {
		{ "lxc.cgroup.devices.allow", LXC_CGROUP1, true },
		{ "lxc.cgroup.devices.deny", LXC_CGROUP1, false },
		{ "lxc.cgroup2.devices.allow", LXC_CGROUP2, true },
		{ "lxc.cgroup2.devices.deny", LXC_CGROUP2, false },
	};

	if (lxc_rules_end_at(line) && !read->ended) {
		read->ended = true;
		importing_remark(
			import, "%s:%zu: what is of the snapshot %s is left out, and all behind it",
			import->sources[0].name, line->number, line->value);
	}
	if (read->ended)
		return 0;
	if (strcmp(line->key, "lxc.include") == 0)
		return lxc_rules_include(import, line, read);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].key, line->key) == 0)
			return add_rule(import, line, keys[i].version, keys[i].allow, read);
	}
	return read_other(import, line, read);
}

/* ---- the whole ---- */

static int read_lines(const struct importing *import, struct lxc_rules *read, bool *proxmox)
{
	cleanup_lines struct lines lines = { 0 };
	int result = lxc_proxmox_find(import, proxmox);
	struct line line;

	if (result == 0 && *proxmox)
		result = lxc_proxmox_begin(import, read);
	if (result == 0)
		result = lines_begin(import, &lines);
	while (result == 0 && lines_next(&lines, *proxmox ? LXC_PROXMOX_SEPARATORS : "=", &line))
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

static void remark_beginning(const struct importing *import, const struct lxc_rules *read,
			     bool proxmox, enum lxc_version version)
{
	const struct list_rule *whole = find_whole(&read->rules[version]);

	if (proxmox && whole && whole->built_in)
		importing_remark(
			import,
			"%s: no line is 'a' alone, so what common.conf allows comes first, and is in the policy",
			import->sources[0].name);
	if (version == LXC_CGROUP1 && !whole)
		importing_remark(
			import,
			"%s: no line is 'a' alone, so what a cgroup has at first counts, which is not known; the policy allows nothing of it",
			import->sources[0].name);
}

static int finish(struct importing *import, const struct lxc_rules *read, bool proxmox)
{
	enum lxc_version version =
		read->lines[LXC_CGROUP1] && !read->lines[LXC_CGROUP2] ? LXC_CGROUP1 : LXC_CGROUP2;
	const struct list_rules *rules = &read->rules[version];

	if (read->lines[LXC_CGROUP1] && read->lines[LXC_CGROUP2])
		importing_remark(
			import,
			"%s:%zu: lines for cgroup v1 are left out, since there are lines for cgroup2",
			import->sources[0].name, read->first_line[LXC_CGROUP1]);
	/* Nothing is restricted where all lines are taken back, as userns.conf does it. */
	if (rules->count == 0)
		return 0;
	remark_beginning(import, read, proxmox, version);
	return version == LXC_CGROUP2 ? lxc_judge(import, rules) : cgroup1_finish(import, rules, 0);
}

int import_read_lxc(struct importing *import)
{
	struct lxc_rules read = { 0 };
	bool proxmox = false;
	int result = read_lines(import, &read, &proxmox);

	if (result == 0)
		result = finish(import, &read, proxmox);
	list_rules_free(&read.rules[LXC_CGROUP1]);
	list_rules_free(&read.rules[LXC_CGROUP2]);
	return result;
}
