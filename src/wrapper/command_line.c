// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "wrapper/command_line.h"
#include "base/error.h"

#include <string.h>

#define OWN "--cgfence-"

/* runc(8), crun(1): the options that take a value, before the command and after one that creates a container. */
static const char *const general_options[] = { "root",	   "log",  "log-format",     "log-level",
					       "rootless", "criu", "cgroup-manager", NULL };
static const char *const creating_options[] = { "bundle",
						"b",
						"config",
						"f",
						"console-socket",
						"pidfd-socket",
						"pid-file",
						"preserve-fds",
						"image-path",
						"work-path",
						"parent-path",
						"manage-cgroups-mode",
						"empty-ns",
						"lsm-profile",
						"lsm-mount-context",
						NULL };

static const char *const creating_commands[] = { "create", "run", "restore", NULL };
static const char *const other_commands[] = { "checkpoint", "delete", "events", "exec",
					      "features",   "help",   "h",	"init",
					      "kill",	    "list",   "mounts", "pause",
					      "ps",	    "resume", "spec",	"start",
					      "state",	    "update", NULL };

static bool is_among(const char *word, size_t length, const char *const *words)
{
	for (; *words; words++) {
		if (strlen(*words) == length && memcmp(word, *words, length) == 0)
			return true;
	}
	return false;
}

/* crun takes the beginning of a long option for all of it (getopt_long(3)), which runc refuses. */
static bool begins_any(const char *word, size_t length, const char *const *words)
{
	for (; length && *words; words++) {
		if (strncmp(word, *words, length) == 0)
			return true;
	}
	return false;
}

/* An option with its value, which may be the next word. */
struct option {
	const char *name; /* without its dashes */
	size_t length;
	bool is_long;	   /* it has two dashes */
	const char *value; /* NULL for none */
	size_t words;	   /* 1 or 2 */
};

static void take_next(char **words, struct option *option)
{
	option->value = words[1];
	option->words = words[1] ? 2 : 1;
}

/* -bDIR, -db DIR: short options of crun in one word, of which the last takes a value; d takes none. */
static void read_cluster(char **words, struct option *option)
{
	const char *letter = option->name + strspn(option->name, "d");

	if (*letter != 'b' && *letter != 'f')
		return;
	option->name = letter;
	option->length = 1;
	if (letter[1])
		option->value = letter + 1;
	else
		take_next(words, option);
}

/* As runc takes them, with one dash or two, and as crun does. */
static struct option read_option(char **words, const char *const *with_value)
{
	const char *name = words[0] + strspn(words[0], "-");
	struct option option = { .name = name, .length = strcspn(name, "="), .words = 1 };

	option.is_long = words[0][1] == '-';
	if (name[option.length] == '=')
		option.value = name + option.length + 1;
	else if (is_among(name, option.length, with_value) ||
		 (option.is_long && begins_any(name, option.length, with_value)))
		take_next(words, &option);
	else if (!option.is_long)
		read_cluster(words, &option);
	return option;
}

static bool is_called(const struct option *option, const char *name)
{
	return option->length == strlen(name) && memcmp(option->name, name, option->length) == 0;
}

/* A beginning of a name that others have, too, is one that crun refuses. */
static bool is_meant(const struct option *option, const char *name, char letter)
{
	const char *const names[] = { name, NULL };

	return is_called(option, name) || (option->length == 1 && *option->name == letter) ||
	       (option->is_long && begins_any(option->name, option->length, names));
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1];
}

static int read_own(char **words, struct command_line *line, struct cgfence_error *error)
{
	static const char runtime[] = OWN "runtime=";
	static const char policy[] = OWN "policy=";

	for (; words[line->own_count + 1]; line->own_count++) {
		const char *word = words[line->own_count + 1];

		if (strncmp(word, OWN, sizeof(OWN) - 1) != 0)
			break;
		if (strncmp(word, runtime, sizeof(runtime) - 1) == 0)
			line->runtime = word + sizeof(runtime) - 1;
		else if (strncmp(word, policy, sizeof(policy) - 1) == 0)
			line->policy = word + sizeof(policy) - 1;
		else if (strcmp(word, OWN "help") == 0)
			line->help = true;
		else
			return error_set_invalid(
				error,
				"unknown option '%s'; there are --cgfence-runtime=PATH, --cgfence-policy=NAME and --cgfence-help",
				word);
	}
	return 0;
}

/* Return: the command, at which this ends; NULL at the end of the words. */
static char **read_general(char **words, struct command_line *line)
{
	while (*words && is_option(*words)) {
		struct option option = read_option(words, general_options);

		if (is_called(&option, "log"))
			line->log = option.value;
		if (is_called(&option, "log-format"))
			line->log_is_json = option.value && strcmp(option.value, "json") == 0;
		words += option.words;
	}
	return words;
}

static void read_creating(char **words, struct command_line *line)
{
	while (*words && strcmp(*words, "--") != 0) {
		struct option option = { .words = 1 };

		if (is_option(*words))
			option = read_option(words, creating_options);
		if (is_meant(&option, "bundle", 'b'))
			line->bundle = option.value;
		if (is_meant(&option, "config", 'f'))
			line->config = option.value;
		words += option.words;
	}
	/* runc takes no directory for none, and crun this name for that of the bundle. */
	if (line->bundle && !*line->bundle)
		line->bundle = NULL;
	if (line->config && strcmp(line->config, "config.json") == 0)
		line->config = NULL;
}

int command_line_read(char **words, struct command_line *line, struct cgfence_error *error)
{
	struct command_line read = { 0 };
	int result = read_own(words, &read, error);
	char **command;

	if (result)
		return result;
	command = read_general(words + 1 + read.own_count, &read);
	read.creates = *command && is_among(*command, strlen(*command), creating_commands);
	read.restores = read.creates && strcmp(*command, "restore") == 0;
	if (read.creates)
		read_creating(command + 1, &read);
	else if (*command && !is_among(*command, strlen(*command), other_commands)) {
		for (char **word = command + 1; *word; word++) {
			if (is_among(*word, strlen(*word), creating_commands))
				return error_set_invalid(
					error,
					"'%s' is no command that is known here, and '%s' may be one that creates a container without its fence",
					*command, *word);
		}
	}
	*line = read;
	return 0;
}
