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

/*
 * A string in quotes; three double ones may have line breaks between them. Return: its length without the quotes, 0 also
 * if it does not end.
 */
static size_t take_string(const char **text, const char **string)
{
	const char *quotes = strncmp(*text, "\"\"\"", 3) == 0 ? "\"\"\""
			     : **text == '"'		      ? "\""
							      : "'";
	const char *begin = *text + strlen(quotes);
	const char *end = strstr(begin, quotes);

	*string = begin;
	*text = begin;
	if (!end || (!quotes[1] && memchr(begin, '\n', (size_t)(end - begin)))) {
		*string = NULL;
		return 0;
	}
	*text = end + strlen(quotes);
	return (size_t)(end - begin);
}

static size_t count_lines(const char *from, const char *to)
{
	size_t count = 0;

	for (; from < to; from++)
		count += *from == '\n';
	return count;
}

/* Past a value: up to the end of its line, and of its strings and lists. */
static const char *skip_value(const char *text)
{
	const char *string;
	int depth = 0;

	while (*text && (depth || *text != '\n')) {
		if (*text == '#') {
			text += strcspn(text, "\n");
		} else if (strchr("\"'", *text)) {
			take_string(&text, &string);
		} else {
			depth += (*text == '[') - (*text == ']' && depth);
			text++;
		}
	}
	return text;
}

/* The setting, past its '='; NULL if there is none. libvirt takes the first. @line: receives its line */
static const char *find_setting(const char *text, const char *key, size_t *line)
{
	const char *beginning = text;

	while (*text) {
		const char *start = text + strspn(text, " \t\r\n");
		size_t length = strcspn(start, "= \t\r\n#");

		text = start + length;
		text += strspn(text, " \t");
		if (*text == '=' && length == strlen(key) && strncmp(start, key, length) == 0) {
			*line = 1 + count_lines(beginning, start);
			return text + 1;
		}
		text = skip_value(text);
	}
	return NULL;
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
		const char *string = NULL;
		size_t length;
		int result;

		if (*text == '#')
			text += strcspn(text, "\n");
		line += *text == '\n';
		if (strchr(" \t\r\n,", *text)) {
			text += *text != '\0';
			continue;
		}
		length = strchr("\"'", *text) ? take_string(&text, &string) : 0;
		if (!string)
			break;
		cleanup_free char *path = strndup(string, length);

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
	}
	if (*text != ']')
		return error_set_invalid(
			import->error,
			"%s:%zu: cgroup_device_acl must be paths in quotes with commas between them, and ']' at the end",
			import->sources[0].name, line);
	return 0;
}

/* Strings have quotes of either kind. */
static bool has_string(const char *from, const char *to, const char *string)
{
	size_t length = strlen(string);
	const char *at = from;

	while ((at = memmem(at, (size_t)(to - at), string, length))) {
		if (at > from && strchr("\"'", at[-1]) && at[length] == at[-1])
			return true;
		at += length;
	}
	return false;
}

/* Without the controller libvirt fences no devices. */
static void remark_controllers(const struct importing *import, const char *text)
{
	size_t line = 0;
	const char *list = find_setting(text, "cgroup_controllers", &line);
	const char *end = list ? strchr(list, ']') : NULL;

	if (end && !has_string(list, end, "devices"))
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
	if (text[strspn(text, " \t\r\n")] == '<')
		return error_set_invalid(
			import->error,
			"%s: this is XML, as domains have it; give qemu.conf, which has cgroup_device_acl",
			source->name);
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
