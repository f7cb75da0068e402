// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* cgfence-runtime in front of a runtime that only tells how it is called. */
#include "own_etc.h"
#include "program.h"
#include "support/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define ANNOTATED "{'annotations': {'io.cgfence.policy': 'web'}, 'limit': 18446744073709551615}"

/* What is called as a runtime: prints its pid, its words, and what two descriptors and a variable have. */
#define TELLS                                                                   \
	"#!/bin/sh\n"                                                           \
	"echo $$; printf '%s\\n' \"$0\" \"$@\"; echo \"$MARK\"; cat; cat <&7\n" \
	"[ \"$1\" != kill ] || kill -TERM $$; exit 42\n"

static char runtime[256];

static void write_script(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	cr_assert_geq(fd, 0);
	cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

static void begin(void)
{
	harness_begin();
	own_etc_begin();
	snprintf(runtime, sizeof(runtime), "%s/told", harness_directory());
	write_script(runtime, TELLS);
}

TestSuite(wrapper, .init = begin, .fini = harness_end);

/* In the test's directory, which is the bundle too; @words end with NULL. */
static struct program_result run_wrapper(const char *const *words)
{
	static char script[] = "cd \"$1\" && shift && exec \"$@\" 7</dev/null";
	const char *all[24] = { "sh", "-c", script, "sh", harness_directory() };
	char wrapper[PATH_MAX];
	size_t count = 5;

	cr_assert(realpath(program_wrapper_path(), wrapper));
	all[count++] = wrapper;
	while (*words)
		all[count++] = *words++;
	return program_run(&(const struct program_options){ .by_words = true }, all);
}

static const char *option(void)
{
	static char text[300];

	snprintf(text, sizeof(text), "--cgfence-runtime=%s", runtime);
	return text;
}

static char *read_config(void)
{
	static char text[4096];
	FILE *file;
	char path[300];

	snprintf(path, sizeof(path), "%s/config.json", harness_directory());
	file = fopen(path, "r");
	cr_assert(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return text;
}

/* Whatever was written beside the configuration is gone. */
static void assert_clean(void)
{
	DIR *stream = opendir(harness_directory());
	const struct dirent *entry;

	cr_assert(stream);
	while ((entry = readdir(stream)))
		cr_expect(strncmp(entry->d_name, "config.json.", 12) != 0, "%s", entry->d_name);
	closedir(stream);
}

static void assert_wrapper_fails(struct program_result result, const char *part)
{
	cr_expect_eq(result.status, 1, "%d: %s", result.status, result.errors);
	cr_expect(strncmp(result.errors, "cgfence-runtime: ", 17) == 0, "%s", result.errors);
	cr_expect(strstr(result.errors, part), "%s: %s", part, result.errors);
	/* The runtime did not run. */
	cr_expect_str_eq(result.output, "");
}

Test(wrapper, hands_everything_to_the_runtime)
{
	char script[1024];
	char expected[1024];
	struct program_result result;
	long pid;

	program_file("input", "of seven\n");
	snprintf(script, sizeof(script), "echo $$; MARK=kept exec %s %s \"$@\" 7<%s/input",
		 program_wrapper_path(), option(), harness_directory());
	result =
		program_run(&(const struct program_options){ .by_words = true, .input = "input\n" },
			    WORDS("sh", "-c", script, "sh", "state", "a b", "", "--x=*", "-"));
	pid = strtol(result.output, NULL, 10);
	snprintf(expected, sizeof(expected),
		 "%ld\n%ld\n%s\nstate\na b\n\n--x=*\n-\nkept\ninput\nof seven\n", pid, pid,
		 runtime);
	cr_assert_str_eq(result.output, expected, "'%s'", result.output);
	cr_assert_str_eq(result.errors, "");
	cr_assert_eq(result.status, 42);
	assert_status(run_wrapper(WORDS(option(), "kill")), PROGRAM_SIGNALLED + SIGTERM);
}

Test(wrapper, what_creates_gets_the_hook)
{
	static const char *const commands[] = { "create", "run", "restore" };
	char hook[PATH_MAX + 100];
	char program[PATH_MAX];

	cr_assert(realpath(program_path(), program));
	snprintf(
		hook, sizeof(hook),
		"{\"hooks\":{\"createRuntime\":[{\"path\":\"%s\",\"args\":[\"cgfence\",\"oci-hook\"]}]},",
		program);
	for (size_t i = 0; i < 3; i++) {
		struct program_result result;

		program_file("config.json", ANNOTATED);
		result = run_wrapper(WORDS(option(), "--root", "/r", commands[i], "box"));
		cr_expect_eq(result.status, 42, "%s", result.errors);
		cr_expect(strncmp(read_config(), hook, strlen(hook)) == 0, "%s", read_config());
		assert_has(read_config(), "\"limit\": 18446744073709551615}");
		assert_clean();
	}
}

Test(wrapper, the_file_keeps_its_owner_and_mode_and_is_replaced_whole)
{
	char path[300];
	struct stat before;
	struct stat after;

	snprintf(path, sizeof(path), "%s", program_file("config.json", ANNOTATED));
	cr_assert(chmod(path, 0640) == 0 && chown(path, 3, 4) == 0 && stat(path, &before) == 0);
	assert_status(run_wrapper(WORDS(option(), "create", "box")), 42);
	cr_assert_eq(stat(path, &after), 0);
	cr_expect(after.st_uid == 3 && after.st_gid == 4 && (after.st_mode & 07777) == 0640);
	cr_expect_neq(after.st_ino, before.st_ino);
	/* The hook is there by now. */
	assert_status(run_wrapper(WORDS(option(), "create", "box")), 42);
	cr_assert_eq(stat(path, &before), 0);
	cr_expect_eq(after.st_ino, before.st_ino);
}

Test(wrapper, other_commands_and_containers_are_left_alone)
{
	static const char *const commands[] = { "start", "state", "delete", "exec", "features" };

	program_file("config.json", ANNOTATED);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		assert_status(run_wrapper(WORDS(option(), commands[i], "create")), 42);
	assert_status(run_wrapper(WORDS(option(), "--version")), 42);
	assert_lacks(read_config(), "hooks");
	program_file("config.json", "{'annotations': {'other': 'x'}}");
	assert_status(run_wrapper(WORDS(option(), "create", "box")), 42);
	assert_lacks(read_config(), "hooks");
	assert_status(run_wrapper(WORDS("--cgfence-policy=web", option(), "create", "box")), 42);
	assert_has(read_config(), "[\"cgfence\",\"oci-hook\",\"web\"]");
}

Test(wrapper, without_its_hook_no_container_is_created)
{
	char path[300];

	assert_wrapper_fails(run_wrapper(WORDS(option(), "create", "box")), "config.json: No such");
	program_file("config.json", "{'annotations': {'io.cgfence.policy': 'web'}");
	assert_wrapper_fails(run_wrapper(WORDS(option(), "run", "box")), "this is not JSON");
	program_file("config.json", ANNOTATED);
	assert_wrapper_fails(run_wrapper(WORDS(option(), "--unknown", "x", "create", "box")),
			     "one that creates a container without its fence");
	assert_wrapper_fails(run_wrapper(WORDS("--cgfence-policie=x", "create", "box")),
			     "unknown option '--cgfence-policie=x'");
	/* A file that cannot be replaced stays. */
	snprintf(path, sizeof(path), "%s", program_file("config.json", ANNOTATED));
	cr_assert_eq(program_run(&(const struct program_options){ .by_words = true },
				 WORDS("mount", "--bind", path, path))
			     .status,
		     0);
	assert_wrapper_fails(run_wrapper(WORDS(option(), "create", "box")), "cannot replace");
	assert_lacks(read_config(), "hooks");
	assert_clean();
}

Test(wrapper, tells_the_engine_in_the_log_of_the_runtime)
{
	char log[300];
	json_t *record;

	snprintf(log, sizeof(log), "%s/log", harness_directory());
	assert_status(run_wrapper(WORDS(option(), "--log", log, "--log-format", "json", "create")),
		      1);
	record = json_load_file(log, 0, NULL);
	cr_assert(record);
	cr_expect_str_eq(json_string_value(json_object_get(record, "level")), "error");
	assert_has(json_string_value(json_object_get(record, "msg")),
		   "cgfence-runtime: cannot read");
	json_decref(record);
}

Test(wrapper, settings_are_of_roots_alone)
{
	struct program_result result;
	char text[400];

	snprintf(text, sizeof(text), "{'runtime': '%s', 'policy': 'all'}", runtime);
	own_etc_file("runtime.json", text);
	program_file("config.json", "{}");
	result = run_wrapper(WORDS("create", "box"));
	cr_assert_eq(result.status, 42, "%s", result.errors);
	assert_has(read_config(), "[\"cgfence\",\"oci-hook\",\"all\"]");
	cr_assert_eq(chmod("/etc/cgfence/runtime.json", 0666), 0);
	assert_wrapper_fails(run_wrapper(WORDS("create", "box")), "others than root can change");
	cr_assert_eq(chmod("/etc/cgfence/runtime.json", 0644), 0);
	own_etc_file("runtime.json", "{'runtime': 'runc'}");
	assert_wrapper_fails(
		run_wrapper(WORDS("state", "box")),
		"runtime.json:1:13: runtime: \"runc\": this must be the absolute path");
	own_etc_file("runtime.json", "{'polcy': 'x'}");
	assert_wrapper_fails(run_wrapper(WORDS("state", "box")), "polcy");
}

Test(wrapper, finds_runc_before_crun_and_never_itself)
{
	char path[300];
	char wrapper[PATH_MAX];
	char variable[300];
	struct program_result result;

	snprintf(variable, sizeof(variable), "PATH=%s:%s/second", harness_directory(),
		 harness_directory());
	cr_assert(realpath(program_wrapper_path(), wrapper));
	snprintf(path, sizeof(path), "%s/second", harness_directory());
	cr_assert_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/runc", harness_directory());
	cr_assert_eq(symlink(wrapper, path), 0);
	result = program_run(&(const struct program_options){ .by_words = true },
			     WORDS("/usr/bin/env", variable, wrapper, "state"));
	assert_wrapper_fails(result, "there is neither runc nor crun in");
	snprintf(path, sizeof(path), "%s/crun", harness_directory());
	write_script(path, "#!/bin/sh\necho crun\n");
	result = program_run(&(const struct program_options){ .by_words = true },
			     WORDS("/usr/bin/env", variable, wrapper, "state"));
	cr_expect_str_eq(result.output, "crun\n", "%s", result.errors);
	snprintf(path, sizeof(path), "%s/second/runc", harness_directory());
	write_script(path, "#!/bin/sh\necho runc\n");
	result = program_run(&(const struct program_options){ .by_words = true },
			     WORDS("/usr/bin/env", variable, wrapper, "state"));
	cr_expect_str_eq(result.output, "runc\n", "%s", result.errors);
}

/* Whatever crun is called. */
Test(wrapper, crun_restores_nothing_without_its_fence)
{
	char crun[300];
	char option_of_crun[330];
	char expected[400];

	snprintf(crun, sizeof(crun), "%s/crun-1.28", harness_directory());
	write_script(crun, TELLS);
	snprintf(option_of_crun, sizeof(option_of_crun), "--cgfence-runtime=%s", crun);
	snprintf(expected, sizeof(expected), "%s runs no hooks when it restores a container", crun);
	program_file("config.json", ANNOTATED);
	assert_wrapper_fails(run_wrapper(WORDS(option_of_crun, "restore", "box")), expected);
	/* With the hook in place, too. */
	assert_wrapper_fails(run_wrapper(WORDS(option_of_crun, "restore", "box")), expected);
	assert_status(run_wrapper(WORDS(option_of_crun, "create", "box")), 42);
	assert_status(run_wrapper(WORDS(option(), "restore", "box")), 42);
	program_file("config.json", "{}");
	assert_status(run_wrapper(WORDS(option_of_crun, "restore", "box")), 42);
}

Test(wrapper, does_not_become_itself)
{
	char wrapper[PATH_MAX];
	char link[300];
	char text[400];

	cr_assert(realpath(program_wrapper_path(), wrapper));
	snprintf(link, sizeof(link), "%s/runc", harness_directory());
	cr_assert_eq(symlink(wrapper, link), 0);
	snprintf(text, sizeof(text), "{'runtime': '%s'}", link);
	own_etc_file("runtime.json", text);
	assert_wrapper_fails(run_wrapper(WORDS("state", "box")), "/runc is cgfence-runtime itself");
}

/* Some engines close theirs; what the wrapper opens gets their numbers. */
Test(wrapper, closed_descriptors_do_no_harm)
{
	static const struct {
		const char *config;
		int status;
		const char *after; /* the hook */
	} cases[] = {
		{ ANNOTATED, 42, "\"annotations\": {\"io.cgfence.policy\": \"web\"}, \"limit\"" },
		{ "{'annotations': 7", 1, "{\"annotations\": 7" },
	};
	char wrapper[PATH_MAX];
	char script[300];

	cr_assert(realpath(program_wrapper_path(), wrapper));
	write_script(runtime, "#!/bin/sh\nexit 42\n");
	snprintf(script, sizeof(script), "cd %s && exec \"$@\" <&- >&- 2>&-", harness_directory());
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct program_result result;

		program_file("config.json", cases[i].config);
		result = program_run(&(const struct program_options){ .by_words = true },
				     WORDS("sh", "-c", script, "sh", wrapper, option(), "create",
					   "box"));
		cr_expect_eq(result.status, cases[i].status, "%d", result.status);
		assert_has(read_config(), cases[i].after);
		assert_clean();
	}
	cr_expect_str_eq(read_config(), "{\"annotations\": 7");
}

Test(wrapper, has_help_of_its_own)
{
	struct program_result result = run_wrapper(WORDS("--cgfence-help"));

	assert_done(result);
	assert_has(result.output, "Usage: cgfence-runtime");
}
