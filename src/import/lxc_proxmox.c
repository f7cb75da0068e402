// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/lxc_proxmox.h"
#include "import/ordered.h"

#include <errno.h>
#include <string.h>

/* What the rules hang on. */
struct container {
	const char *key;     /* that makes it unprivileged; NULL if it is privileged */
	size_t line;	     /* of the key */
	bool has_no_console; /* it has one if the file does not say */
};

static bool is_true(const char *value)
{
	static const char *const no[] = { "0", "off", "no", "false" };

	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		if (strcasecmp(value, no[i]) == 0)
			return false;
	}
	return true;
}

int lxc_proxmox_find(const struct importing *import, bool *proxmox)
{
	cleanup_lines struct lines lines = { 0 };
	int result = lines_begin(import, &lines);
	const char *line;

	while (result == 0 && !*proxmox && (line = lines_take(&lines)))
		*proxmox = line[strcspn(line, "#=: \t")] == ':';
	return result;
}

static void read_setting(const struct line *line, struct container *container)
{
	static const char *const keys[] = { "unprivileged", "lxc.idmap" };

	if (strcmp(line->key, "console") == 0)
		container->has_no_console = !is_true(line->value);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]) && !container->key; i++) {
		if (strcmp(line->key, keys[i]) == 0 && is_true(line->value)) {
			container->key = keys[i];
			container->line = line->number;
		}
	}
}

static int read_settings(const struct importing *import, struct container *container)
{
	cleanup_lines struct lines lines = { 0 };
	int result = lines_begin(import, &lines);
	struct line line;

	while (result == 0 && lines_next(&lines, LXC_PROXMOX_SEPARATORS, &line) &&
	       !lxc_rules_end_at(&line))
		read_setting(&line, container);
	return result;
}

/* ---- devices ---- */

static bool is_device_key(const char *key)
{
	return strncmp(key, "dev", 3) == 0 && key[3] &&
	       strspn(key + 3, "0123456789") == strlen(key + 3);
}

/* "dev0: /dev/ttyUSB0,mode=0660", also "path=/dev/ttyUSB0", and without writing by "deny-write=1". */
static int add_device(const struct importing *import, const struct line *line,
		      struct lxc_rules *read)
{
	const char *path = "";
	char *rest = line->value;
	bool writes = true;
	char *option;

	read->lines[LXC_CGROUP2]++;
	while ((option = strsep(&rest, ","))) {
		if (strncmp(option, "path=", 5) == 0)
			path = option + 5;
		else if (!strchr(option, '='))
			path = option;
		if (strncmp(option, "deny-write=", 11) == 0)
			writes = !is_true(option + 11);
	}
	return lxc_rules_add_path(import, line->number, path, writes ? "rw" : "r", true,
				  &read->rules[LXC_CGROUP2]);
}

static int add_devices(const struct importing *import, struct lxc_rules *read)
{
	cleanup_lines struct lines lines = { 0 };
	int result = lines_begin(import, &lines);
	struct line line;

	while (result == 0 && lines_next(&lines, LXC_PROXMOX_SEPARATORS, &line) &&
	       !lxc_rules_end_at(&line)) {
		if (is_device_key(line.key))
			result = add_device(import, &line, read);
	}
	return result;
}

/* Turns round what common.conf has. */
static int deny_console(const struct importing *import, struct lxc_rules *read)
{
	struct list_rule rule = { .built_in = true };
	int result = ordered_parse_line("c 5:1 rwm", &rule);

	for (size_t i = 0; i < LXC_VERSION_COUNT && result == 0; i++)
		result = ordered_add_rule(import, &read->rules[i], &rule);
	return result;
}

int lxc_proxmox_begin(const struct importing *import, struct lxc_rules *read)
{
	struct container container = { 0 };
	int result = read_settings(import, &container);

	if (result == 0)
		result = lxc_rules_add_common(import, read);
	if (result == 0 && container.key) {
		importing_remark(
			import,
			"%s:%zu: '%s' has userns.conf included, which takes back what common.conf allows; the policy allows nothing of it",
			import->sources[0].name, container.line, container.key);
		lxc_rules_take_back(read);
	}
	if (result == 0)
		result = add_devices(import, read);
	/* Without common.conf nothing is left to turn round. */
	if (result == 0 && container.has_no_console && !container.key)
		result = deny_console(import, read);
	return result;
}
