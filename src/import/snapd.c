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
#include "import/udev_rule.h"
#include "import/words.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALL_LETTERS 7
#define PLACE_SIZE 320

/* What a rule says, as far as a policy can. */
struct rule {
	char place[PLACE_SIZE];
	bool wanted;	       /* it adds the tag of the app */
	const char *kernel;    /* NULL if it does not say */
	const char *subsystem; /* likewise */
	bool has_others;       /* it asks for more than the two */
};

struct reading {
	struct importing *import;
	struct words words;
	char *wanted; /* the tag of the app; NULL as long as it is not known */
	bool several;
	bool found;
};

/* The driver that has all devices of a subsystem, and no others. Those of block are all of their type. */
static const struct {
	const char *subsystem;
	const char *driver;
} drivers[] = {
	{ "block", "b *:*" },	     { "drm", "c drm:*" },     { "dvb", "c DVB:*" },
	{ "hidraw", "c hidraw:*" },  { "input", "c input:*" }, { "mei", "c mei:*" },
	{ "nvme", "c nvme:*" },	     { "rtc", "c rtc:*" },     { "sound", "c alsa:*" },
	{ "usb", "c usb_device:*" }, { "usbmisc", "c usb:*" }, { "video4linux", "c video4linux:*" },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- reading ---- */

/* Of a security tag, dots become underscores, and plus signs two of them. */
static char *tag_of_part(const char *part)
{
	char *tag = malloc(2 * strlen(part) + 1);
	char *to = tag;

	for (; tag && *part; part++) {
		if (*part == '+')
			*to++ = '_';
		*to++ = *part == '.' || *part == '+' ? '_' : *part;
	}
	if (tag)
		*to = '\0';
	return tag;
}

/* The tag of an app is snap_NAME_APP. Without --part all rules must be of one. */
static int read_tag(struct reading *reading, struct rule *rule, const char *tag)
{
	const char *part = reading->import->part;

	if (!reading->wanted)
		reading->wanted = part ? tag_of_part(part) : strdup(tag);
	if (!reading->wanted)
		return error_out_of_memory(reading->import->error);
	if (strcmp(tag, reading->wanted) == 0)
		rule->wanted = true;
	else
		reading->several |= !part;
	return 0;
}

static bool is_key(const struct udev_pair *pair, const char *key)
{
	size_t length = strcspn(pair->key, "{");

	return length == strlen(key) && strncmp(pair->key, key, length) == 0;
}

/* Does it set something, so that the rule does not hang on it? */
static bool is_effect(const struct udev_pair *pair)
{
	static const char *const keys[] = { "ATTR", "ENV",	"GROUP",   "LABEL",
					    "MODE", "NAME",	"OWNER",   "OPTIONS",
					    "RUN",  "SECLABEL", "SYMLINK", "SYSCTL" };
	bool compares = strcmp(pair->operator_, "==") == 0 || strcmp(pair->operator_, "!=") == 0;

	for (size_t i = 0; i < COUNT(keys) && !compares; i++) {
		if (is_key(pair, keys[i]))
			return true;
	}
	return false;
}

static void read_name(struct rule *rule, const struct udev_pair *pair, const char **name)
{
	if (strcmp(pair->operator_, "==") != 0 || pair->special || *name)
		rule->has_others = true;
	else
		*name = pair->value;
}

static int read_pair(struct reading *reading, struct rule *rule, const struct udev_pair *pair)
{
	bool is_tag = is_key(pair, "TAG");

	if (is_key(pair, "GOTO") || (is_tag && !strchr("=!+", pair->operator_[0])) ||
	    (is_tag && strcmp(pair->operator_, "=") == 0))
		return error_set_invalid(
			reading->import->error,
			"%s: %s%s takes devices from other rules, which is not read; leave out the rule, and those that it concerns",
			rule->place, pair->key, pair->operator_);
	if (is_tag && strcmp(pair->operator_, "+=") == 0) {
		rule->has_others |= pair->special;
		return read_tag(reading, rule, pair->value);
	}
	if (is_key(pair, "KERNEL"))
		read_name(rule, pair, &rule->kernel);
	else if (is_key(pair, "SUBSYSTEM"))
		read_name(rule, pair, &rule->subsystem);
	else if (!is_effect(pair))
		rule->has_others = true;
	return 0;
}

/* ---- what it allows ---- */

/* Alternatives have a '|' between them. */
static int add_names(struct reading *reading, struct rule *rule)
{
	cleanup_free char *kernel = strdup(rule->kernel);
	char *rest = kernel;
	char *name;
	int result = 0;

	if (!kernel)
		return error_out_of_memory(reading->import->error);
	while (result == 0 && (name = strsep(&rest, "|"))) {
		cleanup_free char *path = *name ? udev_rule_node(rule->subsystem, name) : NULL;

		if (path)
			result = words_add(reading->import, &reading->words, path, true,
					   ALL_LETTERS, rule->place);
		else if (*name && errno == ENOMEM)
			result = error_out_of_memory(reading->import->error);
		else
			importing_remark(
				reading->import,
				"%s: where '%s' of the subsystem %s has nodes is not known; it is left out",
				rule->place, name,
				rule->subsystem ? rule->subsystem : "that it is of");
	}
	return result;
}

static int add_rule(struct reading *reading, struct rule *rule)
{
	if (rule->has_others) {
		importing_remark(
			reading->import,
			"%s: the rule goes by more than the names of devices, which a policy cannot say; it is left out",
			rule->place);
		return 0;
	}
	if (rule->kernel)
		return add_names(reading, rule);
	for (size_t i = 0; i < COUNT(drivers) && rule->subsystem; i++) {
		if (strcmp(rule->subsystem, drivers[i].subsystem) == 0)
			return words_add(reading->import, &reading->words, drivers[i].driver, true,
					 ALL_LETTERS, rule->place);
	}
	importing_remark(reading->import,
			 "%s: no driver has exactly the devices of %s; the rule is left out",
			 rule->place, rule->subsystem ? rule->subsystem : "any subsystem");
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

static int read_rule(struct reading *reading, struct rule *rule, char *text)
{
	struct udev_pair pair;
	int result;

	while ((result = udev_rule_next(&text, &pair)) > 0) {
		result = read_pair(reading, rule, &pair);
		if (result)
			return result;
	}
	if (result) {
		importing_remark(
			reading->import,
			"%s: this is no rule, since '%s' has no value in quotes; it is left out",
			rule->place, pair.key);
		return 0;
	}
	if (!rule->wanted)
		return 0;
	reading->found = true;
	return add_rule(reading, rule);
}

static int read_rules(struct reading *reading)
{
	cleanup_lines struct lines lines = { 0 };
	int result = lines_begin(reading->import, &lines);
	bool unfinished;
	size_t number;
	char *text;

	while (result == 0 &&
	       (text = lines_take_joined(&lines, udev_rule_goes_on, &number, &unfinished))) {
		struct rule rule = { 0 };

		snprintf(rule.place, PLACE_SIZE, "%s:%zu", reading->import->sources[0].name,
			 number);
		if (unfinished || strlen(text) > UDEV_LINE_MAX)
			importing_remark(reading->import,
					 "%s: udev does not read %s; it is left out", rule.place,
					 unfinished ? "a rule that ends with '\\'"
						    : "a rule of over 16383 bytes");
		else
			result = read_rule(reading, &rule, text);
	}
	return result;
}

static int finish(struct reading *reading)
{
	struct importing *import = reading->import;
	const char *name = import->sources[0].name;
	int result;

	if (reading->several)
		return error_set_invalid(
			import->error,
			"%s: name one of the apps with --part, by its tag such as '%s'", name,
			reading->wanted);
	if (!reading->found)
		return import->part
			       ? error_set_invalid(import->error, "%s: no rule has the tag of '%s'",
						   name, import->part)
			       : 0;
	importing_remark(
		import,
		"%s: what snap-confine allows every app is in the policy; AppArmor, which restricts devices further, is not",
		name);
	result = draft_devices(import);
	if (result == 0)
		result = add_own(import, &reading->words);
	return result ? result : words_finish(import, &reading->words);
}

int import_read_snapd(struct importing *import)
{
	struct reading reading = { .import = import };
	int result = read_rules(&reading);

	if (result == 0)
		result = finish(&reading);
	words_free(&reading.words);
	free(reading.wanted);
	return result;
}
