// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Slurm with ConstrainDevices=yes: a job is refused the devices of gres.conf(5) that it was not given, and no others. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/nearest.h"
#include "import/dialects.h"
#include "import/draft.h"
#include "import/json_source.h"
#include "import/lines.h"
#include "import/part.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* As many devices as a node has generic resources. */
#define DEVICES_MAX 4096

#define BLANKS " \t\r\v\f"
#define KEY_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_."
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct reading {
	struct importing *import;
	size_t line;
	size_t count;	    /* of the devices that are denied */
	json_t *given;	    /* those of --part that the file has */
	json_t *detected;   /* the patterns of AutoDetect that are denied */
	json_t *nodes;	    /* the first value of NodeName= */
	size_t second_node; /* the line that names other nodes */
};

static int refuse(const struct reading *reading, const char *text)
{
	return error_set_invalid(
		reading->import->error,
		"%s:%zu: '%s': this must be paths of devices, such as /dev/nvidia[0-3]",
		reading->import->sources[0].name, reading->line, text);
}

static int deny(struct reading *reading, const char *path)
{
	cleanup_free char *entry = NULL;
	int result;

	if (part_names(reading->import, path)) {
		json_array_append_new(reading->given, json_string(path));
		return 0;
	}
	if (*path != '/' || strpbrk(path, "*?[] "))
		return refuse(reading, path);
	if (reading->count++ == DEVICES_MAX)
		return error_set_invalid(reading->import->error,
					 "%s:%zu: there are over %d devices",
					 reading->import->sources[0].name, reading->line,
					 DEVICES_MAX);
	if (asprintf(&entry, "%s rwm", path) < 0) {
		entry = NULL;
		return error_out_of_memory(reading->import->error);
	}
	result = draft_add_entry(reading->import, "deny", entry);
	if (result == -EINVAL)
		error_wrap(reading->import->error, "%s:%zu: '%s'", reading->import->sources[0].name,
			   reading->line, path);
	return result;
}

/* "0-3,7": the first number tells how many digits there are at least. */
static int deny_range(struct reading *reading, const char *before, const char *range,
		      const char *after)
{
	unsigned int low = 0;
	unsigned int high = 0;
	int width = (int)strspn(range, "0123456789");
	int fields = sscanf(range, "%u-%u", &low, &high);
	int result = 0;

	if (fields == 1)
		high = low;
	if (fields < 1 || high < low || high - low >= DEVICES_MAX || width > 9)
		return refuse(reading, range);
	for (unsigned int i = low; i <= high && result == 0; i++) {
		cleanup_free char *path = NULL;

		if (asprintf(&path, "%s%0*u%s", before, width, i, after) < 0) {
			path = NULL;
			return error_out_of_memory(reading->import->error);
		}
		result = deny(reading, path);
	}
	return result;
}

static int deny_word(struct reading *reading, char *word)
{
	char *open = strchr(word, '[');
	char *close = open ? strchr(open, ']') : NULL;
	char *range;
	int result = 0;

	if (!open)
		return deny(reading, word);
	if (!close)
		return refuse(reading, word);
	*open++ = '\0';
	*close++ = '\0';
	while (result == 0 && (range = strsep(&open, ",")))
		result = deny_range(reading, word, range, close);
	return result;
}

/* Commas separate words, except in brackets. */
static int deny_words(struct reading *reading, char *text)
{
	int result = 0;

	while (*text && result == 0) {
		size_t length = 0;
		bool inside = false;
		char *next;

		for (; text[length] && (inside || text[length] != ','); length++)
			inside = text[length] == '[' || (inside && text[length] != ']');
		next = text + length + (text[length] == ',');
		text[length] = '\0';
		result = deny_word(reading, text);
		text = next;
	}
	return result;
}

/* ---- what Slurm finds by itself ---- */

/* The libraries that it asks, and what they find. */
static const struct {
	const char *name;
	const char *patterns[2];
} detections[] = {
	{ "nvml", { "/dev/nvidia[0-9]*" } },
	{ "nvidia", { "/dev/nvidia[0-9]*" } },
	{ "rsmi", { "/dev/dri/renderD*", "/dev/dri/card*" } },
	{ "oneapi", { "/dev/dri/renderD*", "/dev/dri/card*" } },
	{ "nrt", { "/dev/neuron[0-9]*" } },
	{ "off", { NULL } },
};

static int deny_detected(struct reading *reading, const char *pattern)
{
	cleanup_free char *entry = NULL;

	importing_remark(
		reading->import,
		"%s:%zu: which devices AutoDetect finds is not known here; the policy denies all of %s, also those that --part names",
		reading->import->sources[0].name, reading->line, pattern);
	if (json_object_get(reading->detected, pattern))
		return 0;
	json_object_set_new(reading->detected, pattern, json_true());
	if (asprintf(&entry, "%s rwm", pattern) < 0) {
		entry = NULL;
		return error_out_of_memory(reading->import->error);
	}
	reading->count++;
	return draft_add_entry(reading->import, "deny", entry);
}

static int read_detection(struct reading *reading, char *value)
{
	int result = 0;

	for (size_t i = 0; i < COUNT(detections); i++) {
		if (strcasecmp(value, detections[i].name) != 0)
			continue;
		for (size_t j = 0; j < COUNT(detections[i].patterns) && result == 0; j++) {
			if (detections[i].patterns[j])
				result = deny_detected(reading, detections[i].patterns[j]);
		}
		return result;
	}
	return error_set_invalid(
		reading->import->error,
		"%s:%zu: AutoDetect=%s: it is not known what this finds; it may be nvml, nvidia, rsmi, oneapi, nrt or off",
		reading->import->sources[0].name, reading->line, value);
}

/* ---- lines ---- */

/* A file may be for all nodes of a cluster. */
static int read_node(struct reading *reading, char *value)
{
	const char *first = json_string_value(json_array_get(reading->nodes, 0));

	if (!first)
		json_array_append_new(reading->nodes, json_string(value));
	else if (strcmp(first, value) != 0 && !reading->second_node)
		reading->second_node = reading->line;
	return 0;
}

static const struct {
	const char *name;
	int (*read)(struct reading *reading, char *value); /* NULL if no device hangs on it */
} keys[] = {
	{ "AutoDetect", read_detection },
	{ "Count", NULL },
	{ "Cores", NULL },
	{ "CPUs", NULL },
	{ "File", deny_words },
	{ "Files", deny_words },
	{ "Flags", NULL },
	{ "Link", NULL },
	{ "Links", NULL },
	{ "MultipleFiles", deny_words },
	{ "Name", NULL },
	{ "NodeName", read_node },
	{ "Type", NULL },
};

static int read_pair(struct reading *reading, const char *key, char *value)
{
	struct nearest nearest = nearest_begin(key);
	char hint[NEAREST_HINT_SIZE];

	for (size_t i = 0; i < COUNT(keys); i++) {
		if (strcasecmp(key, keys[i].name) == 0)
			return keys[i].read ? keys[i].read(reading, value) : 0;
		nearest_try(&nearest, keys[i].name);
	}
	return error_set_invalid(reading->import->error, "%s:%zu: '%s' is no key of gres.conf%s",
				 reading->import->sources[0].name, reading->line, key,
				 nearest_hint(&nearest, hint));
}

/*
 * "KEY=VALUE": blanks may stand around '=', an operator before it, and quotes around the value. Return: what is behind the
 * value; NULL if the text does not begin with such a pair.
 */
static char *split_pair(char *text, char **key, char **value)
{
	char *end;

	*key = text;
	text += strspn(text, KEY_CHARACTERS);
	end = text;
	text += strspn(text, BLANKS);
	text += *text && strchr("-*+/", *text);
	if (*text != '=' || end == *key)
		return NULL;
	*end = '\0';
	text++;
	text += strspn(text, BLANKS);
	end = *text == '"' ? strchr(text + 1, '"') : NULL;
	*value = text + !!end;
	if (!end)
		end = text + strcspn(text, BLANKS);
	if (end == text)
		return NULL;
	text = end + (*end != '\0');
	*end = '\0';
	return text + strspn(text, BLANKS);
}

static int refuse_line(const struct reading *reading, const char *text)
{
	const char *name = reading->import->sources[0].name;

	if (strncasecmp(text, "Include", 7) == 0 && strchr(BLANKS, text[7]))
		return error_set_invalid(
			reading->import->error,
			"%s:%zu: what the included file has is not read; give one file with its lines in the place of this one",
			name, reading->line);
	return error_set_invalid(
		reading->import->error,
		"%s:%zu: '%s': this must be pairs such as Name=gpu File=/dev/nvidia[0-3]", name,
		reading->line, text);
}

static int read_line(struct reading *reading, char *text)
{
	char *line = line_strip(text);
	cleanup_free char *whole = strdup(line);
	char *rest = line;
	int result = 0;

	if (!whole)
		return error_out_of_memory(reading->import->error);
	while (result == 0 && *rest) {
		char *pair = rest;
		char *key;
		char *value;

		rest = split_pair(pair, &key, &value);
		if (!rest)
			return refuse_line(reading, whole + (pair - line));
		result = read_pair(reading, key, value);
	}
	return result;
}

/*
 * A '#' begins a comment unless an odd number of backslashes is before it; such a number at the end of a line joins the
 * next to it.
 */
static bool goes_on(char **line)
{
	size_t backslashes = 0;
	char *at;

	for (at = *line; *at && (*at != '#' || backslashes % 2); at++)
		backslashes = *at == '\\' ? backslashes + 1 : 0;
	*at = '\0';
	while (at > *line && strchr(BLANKS, at[-1]))
		at--;
	for (backslashes = 0; at - backslashes > *line && at[-1 - (ssize_t)backslashes] == '\\';)
		backslashes++;
	if (backslashes % 2 == 0)
		return false;
	at[-1] = '\0';
	return true;
}

/* A backslash takes the meaning of what follows. */
static void unescape(char *text)
{
	char *to = text;

	while (*text) {
		if (*text == '\\')
			text++;
		*to++ = *text;
		text += *text != '\0';
	}
	*to = '\0';
}

static int read_lines(struct reading *reading)
{
	cleanup_lines struct lines lines = { 0 };
	int result = lines_begin(reading->import, &lines);
	bool unfinished;
	char *text;

	while (result == 0 &&
	       (text = lines_take_joined(&lines, goes_on, &reading->line, &unfinished))) {
		unescape(text);
		result = read_line(reading, text);
	}
	return result;
}

static void remark_given(const struct reading *reading)
{
	const char *name = reading->import->sources[0].name;
	char unknown[256];

	if (reading->second_node)
		importing_remark(
			reading->import,
			"%s:%zu: the lines are for several nodes; the policy denies the devices of all of them, and a host that lacks one refuses it: give the lines of one node",
			name, reading->second_node);
	if (!reading->import->part)
		importing_remark(
			reading->import,
			"%s: the job was given none of the devices; --part names those that it was given",
			name);
	else if (part_unknown(reading->import, reading->given, unknown, sizeof(unknown)))
		importing_remark(
			reading->import,
			"%s: no File= has '%s', which --part names; it is written as there", name,
			unknown);
}

int import_read_slurm(struct importing *import)
{
	cleanup_json json_t *given = json_array();
	cleanup_json json_t *nodes = json_array();
	cleanup_json json_t *detected = json_object();
	struct reading reading = {
		.import = import, .given = given, .nodes = nodes, .detected = detected
	};
	int result = draft_add_entry(import, "allow", "a *:* rwm");

	if (result == 0)
		result = read_lines(&reading);
	if (result)
		return result;
	/* Without devices there is nothing that Slurm restricts. */
	if (reading.count == 0 && json_array_size(given) == 0)
		json_object_clear(import->policy);
	else
		remark_given(&reading);
	return 0;
}
