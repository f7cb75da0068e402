// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * cgfence-runtime, which an engine without hooks calls as its container runtime: adds the hook of cgfence to the
 * configuration of a container that is created, and becomes the real runtime.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/program_beside.h"
#include "wrapper/bundle.h"
#include "wrapper/command_line.h"
#include "wrapper/settings.h"

#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define SETTINGS "/etc/cgfence/runtime.json"

static void cleanup_free_settings(struct settings *settings)
{
	settings_free(settings);
}

static int print_help(void)
{
	puts("Usage: cgfence-runtime [--cgfence-runtime=PATH] [--cgfence-policy=NAME] ARGUMENT...\n"
	     "\n"
	     "A container runtime for engines without hooks: has containers fenced by cgfence oci-hook before they start, and\n"
	     "leaves all else to the real runtime, which gets the other arguments.\n"
	     "\n"
	     "      --cgfence-runtime=PATH  the real runtime (else \"runtime\" of " SETTINGS
	     ", else\n"
	     "                              the first of runc and crun in PATH)\n"
	     "      --cgfence-policy=NAME   the policy of containers without the annotation io.cgfence.policy (else \"policy\" of\n"
	     "                              " SETTINGS ", else these have no fence)\n"
	     "      --cgfence-help          show this help\n"
	     "\n"
	     "--help and --version are those of the real runtime.");
	return 0;
}

/* ---- what an engine is told ---- */

static void make_printable(char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
	}
}

/* In the format of runc, from which engines take the reason (logrus). */
static void log_error(const struct command_line *line, const char *text)
{
	cleanup_close int fd = open(line->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	cleanup_free char *record = NULL;
	time_t now = time(NULL);
	char moment[32] = "";
	json_t *json;
	struct tm tm;

	if (gmtime_r(&now, &tm))
		strftime(moment, sizeof(moment), "%Y-%m-%dT%H:%M:%SZ", &tm);
	json = json_pack("{s:s, s:s, s:s}", "level", "error", "msg", text, "time", moment);
	record = json_dumps(json, JSON_COMPACT);
	json_decref(json);
	if (fd < 0 || !record)
		return;
	if (line->log_is_json)
		dprintf(fd, "%s\n", record);
	else
		dprintf(fd, "time=\"%s\" level=error msg=\"%s\"\n", moment, text);
}

static int fail(const struct command_line *line, struct cgfence_error *error)
{
	char text[sizeof(error->text) + 32];

	make_printable(error->text);
	snprintf(text, sizeof(text), "cgfence-runtime: %s", error->text);
	fprintf(stderr, "%s\n", text);
	if (line->log)
		log_error(line, text);
	return EXIT_FAILURE;
}

/* ---- what it does ---- */

static int find_cgfence(char path[PATH_MAX], struct cgfence_error *error)
{
	int result = program_beside("cgfence", path);

	if (result)
		return error_set(error, -result, "cannot find out where this program is: %s",
				 strerror(-result));
	return access(path, X_OK) == 0
		       ? 0
		       : error_set(error, errno, "cannot run %s: %s", path, strerror(errno));
}

static int add_hook(const struct command_line *line, const struct settings *settings,
		    struct cgfence_error *error)
{
	const char *policy = line->policy ? line->policy : settings->policy;
	cleanup_free char *path = NULL;
	char cgfence[PATH_MAX];
	int result = find_cgfence(cgfence, error);

	if (result)
		return result;
	if (asprintf(&path, "%s%s",
		     line->config   ? line->config
		     : line->bundle ? line->bundle
				    : ".",
		     line->config ? "" : "/config.json") < 0) {
		path = NULL;
		return error_out_of_memory(error);
	}
	return bundle_add_hook(path, cgfence, policy, error);
}

static int become_runtime(const struct command_line *line, const struct settings *settings,
			  char **words, struct cgfence_error *error)
{
	const char *path = line->runtime ? line->runtime : settings->runtime;
	cleanup_free char *found = NULL;

	if (!path) {
		int result = settings_find_runtime(&found, error);

		if (!found)
			return result;
		path = found;
	}
	words += line->own_count;
	/* Some go by the name that they are called by. */
	words[0] = (char *)path;
	execv(words[0], words);
	return error_set(error, errno, "cannot run %s: %s", words[0], strerror(errno));
}

int main(int argc, char **argv)
{
	__attribute__((cleanup(cleanup_free_settings))) struct settings settings = { 0 };
	struct cgfence_error error = { 0 };
	struct command_line line = { 0 };

	if (argc < 1 || command_line_read(argv, &line, &error))
		return fail(&line, &error);
	if (line.help)
		return print_help();
	if (settings_read(SETTINGS, &settings, &error) ||
	    (line.creates && add_hook(&line, &settings, &error)))
		return fail(&line, &error);
	become_runtime(&line, &settings, argv, &error);
	return fail(&line, &error);
}
