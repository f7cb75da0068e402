// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* libvirt: cgroup_device_acl of qemu.conf (src/qemu/qemu_cgroup.c). */
#include "base/cleanup.h"
#include "base/error.h"
#include "import/dialects.h"
#include "import/draft.h"
#include "import/words.h"

#include <stdio.h>
#include <string.h>

#define RW (BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/* What every version has if the file does not say. */
static const char own_list[] = "[\"/dev/null\", \"/dev/full\", \"/dev/zero\", \"/dev/random\","
			       " \"/dev/urandom\", \"/dev/ptmx\"]";

/* The setting, past its '='; NULL if there is none. libvirt takes the first. @line: receives its line */
static const char *find_setting(const char *text, const char *key, size_t *line)
{
	const char *found = NULL;

	for (size_t number = 1; text; number++) {
		const char *start = text + strspn(text, " \t");
		const char *end = strchr(text, '\n');

		if (strncmp(start, key, strlen(key)) == 0) {
			start += strlen(key);
			start += strspn(start, " \t");
			if (*start == '=' && !found) {
				found = start + 1;
				*line = number;
			}
		}
		text = end ? end + 1 : NULL;
	}
	return found;
}

/* Strings in quotes with commas between them; a '#' begins a comment. */
static int read_list(const struct importing *import, const char *text, size_t line,
		     struct words *words)
{
	char place[320];

	text += strspn(text, " \t\n\r");
	if (*text++ != '[')
		return error_set_invalid(import->error,
					 "%s:%zu: cgroup_device_acl must be a list in brackets",
					 import->sources[0].name, line);
	while (*text && *text != ']') {
		const char *end;
		int result;

		if (*text == '#')
			text += strcspn(text, "\n");
		line += *text == '\n';
		if (strchr(" \t\r\n,", *text)) {
			text += *text != '\0';
			continue;
		}
		end = strchr("\"'", *text) ? strchr(text + 1, *text) : NULL;
		if (!end)
			break;
		cleanup_free char *path = strndup(text + 1, (size_t)(end - text - 1));

		if (!path)
			return error_out_of_memory(import->error);
		snprintf(place, sizeof(place), "%s:%zu", import->sources[0].name, line);
		if (*path == '/')
			result = words_add_path(import, words, path, RW, place);
		else
			result = error_set_invalid(import->error, "%s: '%s' is no path of a device",
						   place, path);
		if (result)
			return result;
		text = end + 1;
	}
	if (*text != ']')
		return error_set_invalid(
			import->error,
			"%s:%zu: cgroup_device_acl must be paths in quotes with commas between them, and ']' at the end",
			import->sources[0].name, line);
	return 0;
}

/* Without the controller libvirt fences no devices. */
static void remark_controllers(const struct importing *import, const char *text)
{
	size_t line = 0;
	const char *list = find_setting(text, "cgroup_controllers", &line);
	const char *end = list ? strchr(list, ']') : NULL;
	const char *devices = list ? strstr(list, "\"devices\"") : NULL;

	if (end && (!devices || devices > end))
		importing_remark(
			import,
			"%s:%zu: cgroup_controllers leaves out devices, so that libvirt does not restrict them; the policy does",
			import->sources[0].name, line);
}

int import_read_libvirt(struct importing *import)
{
	const struct cgfence_import_source *source = &import->sources[0];
	cleanup_free char *text = strndup(source->text, source->length);
	cleanup_words struct words words = { 0 };
	const char *list;
	size_t line = 1;
	int result;

	if (!text)
		return error_out_of_memory(import->error);
	remark_controllers(import, text);
	list = find_setting(text, "cgroup_device_acl", &line);
	if (!list)
		importing_remark(
			import,
			"%s: there is no cgroup_device_acl; the policy has what every version of libvirt allows by itself",
			source->name);
	result = read_list(import, list ? list : own_list, line, &words);
	if (result == 0)
		result = words_add(import, &words, "c 136:*", false, RW, source->name);
	if (result)
		return result;
	importing_remark(
		import,
		"%s: the disks and devices of a domain, which libvirt adds, are not in the policy",
		source->name);
	return words_finish(import, &words);
}
