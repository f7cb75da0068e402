// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * snapd: /etc/udev/rules.d/70-snap.NAME.rules, which tags devices for the apps of a snap, and what snap-confine adds to those
 * that have the tag (cmd/snap-confine/udev-support.c).
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "import/dialects.h"
#include "import/draft.h"
#include "import/lines.h"
#include "import/words.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define ALL_LETTERS 7
#define PLACE_SIZE 320
#define VALUE_SIZE 256

/* What a rule says, as far as a policy can. */
struct rule {
	char place[PLACE_SIZE];
	char tag[VALUE_SIZE]; /* that it adds */
	char kernel[VALUE_SIZE];
	char subsystem[VALUE_SIZE];
	bool has_others; /* it asks for more than the two */
};

/* Where the nodes of a subsystem are, and the driver of all of them; NULL where there is no such driver. */
static const struct {
	const char *subsystem;
	const char *folder;
	const char *driver;
} subsystems[] = {
	{ "drm", "dri/", "c drm:*" },	 { "input", "input/", "c input:*" },
	{ "sound", "snd/", "c alsa:*" }, { "infiniband", "infiniband/", NULL },
	{ "hidraw", "", "c hidraw:*" },	 { "video4linux", "", "c video4linux:*" },
};

/* The same by the names of the kernel, where the rule does not say the subsystem. */
static const struct {
	const char *beginning;
	const char *folder;
} names[] = {
	{ "event", "input/" },	{ "mouse", "input/" }, { "mice", "input/" }, { "js[", "input/" },
	{ "controlC", "snd/" }, { "pcmC", "snd/" },    { "midiC", "snd/" },  { "hwC", "snd/" },
	{ "timer", "snd/" },	{ "seq", "snd/" },     { "card", "dri/" },   { "renderD", "dri/" },
	{ "tun", "net/" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- reading ---- */

static bool is(const char *key, size_t length, const char *name)
{
	return length == strlen(name) && strncmp(key, name, length) == 0;
}

static void set(struct rule *rule, const char *key, size_t length, const char *operator_,
		const char *value)
{
	bool matches = strcmp(operator_, "==") == 0;

	if (is(key, length, "TAG") && strcmp(operator_, "+=") == 0)
		snprintf(rule->tag, VALUE_SIZE, "%s", value);
	else if (is(key, length, "KERNEL") && matches)
		snprintf(rule->kernel, VALUE_SIZE, "%s", value);
	else if (is(key, length, "SUBSYSTEM") && matches)
		snprintf(rule->subsystem, VALUE_SIZE, "%s", value);
	else if (matches || strcmp(operator_, "!=") == 0)
		rule->has_others = true;
}

/* As KEY=="VALUE", KEY{ATTRIBUTE}!="VALUE", with commas or blanks between them (udev(7)). */
static void parse(const char *text, struct rule *rule)
{
	while (*text) {
		char operator_[3] = "";
		char value[VALUE_SIZE];
		const char *key = text + strspn(text, ", \t");
		size_t length = strcspn(key, "=!+-:");
		const char *end;

		text = key + length;
		for (size_t i = 0; i < 2 && *text && strchr("=!+-:", *text); i++)
			operator_[i] = *text++;
		text += strspn(text, " \t");
		end = *text == '"' ? strchr(text + 1, '"') : NULL;
		if (!end)
			return;
		snprintf(value, sizeof(value), "%.*s", (int)(end - text - 1), text + 1);
		while (length && isspace((unsigned char)key[length - 1]))
			length--;
		set(rule, key, length, operator_, value);
		text = end + 1;
	}
}

/* ---- what it allows ---- */

static const char *folder_of(const struct rule *rule, const char *name)
{
	for (size_t i = 0; i < COUNT(subsystems); i++) {
		if (strcmp(rule->subsystem, subsystems[i].subsystem) == 0)
			return subsystems[i].folder;
	}
	for (size_t i = 0; i < COUNT(names) && !*rule->subsystem; i++) {
		if (strncmp(name, names[i].beginning, strlen(names[i].beginning)) == 0)
			return names[i].folder;
	}
	return "";
}

/* Alternatives have a '|' between them. */
static int add_names(const struct importing *import, struct words *words, struct rule *rule)
{
	char *save = NULL;
	int result = 0;

	for (char *name = strtok_r(rule->kernel, "|", &save); name && result == 0;
	     name = strtok_r(NULL, "|", &save)) {
		char path[VALUE_SIZE + 32];

		snprintf(path, sizeof(path), "/dev/%s%s", folder_of(rule, name), name);
		result = words_add(import, words, path, true, ALL_LETTERS, rule->place);
	}
	return result;
}

static int add_rule(const struct importing *import, struct words *words, struct rule *rule)
{
	if (rule->has_others) {
		importing_remark(
			import,
			"%s: the rule goes by more than the names of devices, which a policy cannot say; it is left out",
			rule->place);
		return 0;
	}
	if (*rule->kernel)
		return add_names(import, words, rule);
	for (size_t i = 0; i < COUNT(subsystems); i++) {
		if (subsystems[i].driver && strcmp(rule->subsystem, subsystems[i].subsystem) == 0)
			return words_add(import, words, subsystems[i].driver, true, ALL_LETTERS,
					 rule->place);
	}
	importing_remark(import,
			 "%s: no driver has exactly the devices of %s; the rule is left out",
			 rule->place, *rule->subsystem ? rule->subsystem : "any subsystem");
	return 0;
}

/* Up to the first that is not there. */
static int add_nvidia(const struct importing *import, struct words *words, const char *place)
{
	enum import_node node = IMPORT_NODE_CHARACTER;
	int result = 0;

	for (int i = 0; i < 255 && result == 0; i++) {
		uint32_t major;
		uint32_t minor;
		char path[32];

		snprintf(path, sizeof(path), "/dev/nvidia%d", i);
		node = import->host->look(path, &major, &minor);
		if (node != IMPORT_NODE_CHARACTER)
			break;
		result = words_add(import, words, path, false, ALL_LETTERS, place);
	}
	return result;
}

static int add_own(const struct importing *import, struct words *words)
{
	static const char *const numbers[] = { "c 1:3",	  "c 1:5",   "c 1:7",	"c 1:8",
					       "c 1:9",	  "c 5:0",   "c 5:1",	"c 5:2",
					       "c 136:*", "c 137:*", "c 138:*", "c 139:*",
					       "c 140:*", "c 141:*", "c 142:*", "c 143:*" };
	static const char *const paths[] = { "/dev/nvidiactl",
					     "/dev/nvidia-uvm",
					     "/dev/nvidia-modeset",
					     "/dev/binderfs/binder",
					     "/dev/binderfs/hwbinder",
					     "/dev/binder",
					     "/dev/hwbinder",
					     "/dev/uhid",
					     "/dev/net/tun" };
	const char *place = import->sources[0].name;
	int result = 0;

	for (size_t i = 0; i < COUNT(numbers) && result == 0; i++)
		result = words_add(import, words, numbers[i], false, ALL_LETTERS, place);
	if (result == 0)
		result = add_nvidia(import, words, place);
	for (size_t i = 0; i < COUNT(paths) && result == 0; i++)
		result = words_add(import, words, paths[i], true, ALL_LETTERS, place);
	return result;
}

/* ---- all rules ---- */

/* The tag of an app is snap_NAME_APP; of the security tag, dots become underscores. */
static bool is_wanted(const struct importing *import, const char *tag, char wanted[VALUE_SIZE],
		      bool *several)
{
	if (import->part && !*wanted) {
		snprintf(wanted, VALUE_SIZE, "%s", import->part);
		for (char *at = wanted; *at; at++)
			*at = *at == '.' ? '_' : *at;
	} else if (!*wanted) {
		snprintf(wanted, VALUE_SIZE, "%s", tag);
	}
	if (strcmp(tag, wanted) == 0)
		return true;
	*several = !import->part;
	return false;
}

int import_read_snapd(struct importing *import)
{
	const struct cgfence_import_source *source = &import->sources[0];
	cleanup_words struct words words = { 0 };
	cleanup_lines struct lines lines = { 0 };
	struct line line;
	char wanted[VALUE_SIZE] = "";
	bool several = false;
	bool found = false;
	int result = lines_begin(import, &lines);

	while (result == 0 && lines_next(&lines, "\n", &line)) {
		struct rule rule = { 0 };

		snprintf(rule.place, PLACE_SIZE, "%s:%zu", source->name, line.number);
		parse(line.value, &rule);
		if (!*rule.tag || !is_wanted(import, rule.tag, wanted, &several))
			continue;
		found = true;
		result = add_rule(import, &words, &rule);
	}
	if (result == 0 && several)
		return error_set_invalid(
			import->error,
			"%s: name one of the apps with --part, by its tag such as '%s'",
			source->name, wanted);
	if (result == 0 && !found)
		return import->part
			       ? error_set_invalid(import->error, "%s: no rule has the tag '%s'",
						   source->name, wanted)
			       : 0;
	importing_remark(
		import,
		"%s: what snap-confine allows every app is in the policy; AppArmor, which restricts devices further, is not",
		source->name);
	if (result == 0)
		result = draft_devices(import);
	if (result == 0)
		result = add_own(import, &words);
	return result ? result : words_finish(import, &words);
}
