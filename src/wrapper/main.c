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

/* crun runs none of the hooks that are run before a container starts when it restores one. */
static int check_hooks(const struct command_line *line, const char *runtime,
		       struct cgfence_error *error)
{
	const char *slash = strrchr(runtime, '/');

	if (!line->restores || !strstr(slash ? slash : runtime, "crun"))
		return 0;
	return error_set(
		error, EPERM,
		"%s runs no hooks when it restores a container, which would have no fence; have runc restore it, or attach a standing fence and leave out policy and annotation",
		runtime);
}

static int add_hook(const struct command_line *line, const struct settings *settings,
		    const char *runtime, struct cgfence_error *error)
{
	const char *policy = line->policy ? line->policy : settings->policy;
	cleanup_free char *path = NULL;
	char cgfence[PATH_MAX];
	bool wanted = false;
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
	result = bundle_add_hook(path, cgfence, policy, &wanted, error);
	return result || !wanted ? result : check_hooks(line, runtime, error);
}

/* Return: to be given to free(); NULL if there is none. */
static char *find_runtime(const struct command_line *line, const struct settings *settings,
			  struct cgfence_error *error)
{
	const char *named = line->runtime ? line->runtime : settings->runtime;
	char *path = NULL;

	if (!named) {
		settings_find_runtime(&path, error);
		return path;
	}
	/* It would become itself again and again. */
	if (settings_is_own(named)) {
		error_set_invalid(
			error,
			"%s is cgfence-runtime itself; name the real runtime in its place, such as /usr/bin/crun",
			named);
		return NULL;
	}
	path = strdup(named);
	if (!path)
		error_out_of_memory(error);
	return path;
}

static int become_runtime(const struct command_line *line, char *path, char **words,
			  struct cgfence_error *error)
{
	words += line->own_count;
	/* Some go by the name that they are called by. */
	words[0] = path;
	execv(words[0], words);
	return error_set(error, errno, "cannot run %s: %s", words[0], strerror(errno));
}

int main(int argc, char **argv)
{
	__attribute__((cleanup(cleanup_free_settings))) struct settings settings = { 0 };
	struct cgfence_error error = { 0 };
	struct command_line line = { 0 };
	cleanup_free char *runtime = NULL;

	if (argc < 1 || command_line_read(argv, &line, &error))
		return fail(&line, &error);
	if (line.help)
		return print_help();
	if (settings_read(SETTINGS, &settings, &error))
		return fail(&line, &error);
	runtime = find_runtime(&line, &settings, &error);
	if (!runtime || (line.creates && add_hook(&line, &settings, runtime, &error)))
		return fail(&line, &error);
	become_runtime(&line, runtime, argv, &error);
	return fail(&line, &error);
}
