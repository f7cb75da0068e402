// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "wrapper/command_line.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#define WORDS(...)                                   \
	{                                            \
		"cgfence-runtime", __VA_ARGS__, NULL \
	}

static const struct {
	const char *words[16];
	const char *bundle; /* NULL if none is created; "." for the working directory */
	const char *config;
} cases[] = {
	{ WORDS("create", "box"), ".", NULL },
	{ WORDS("run", "-b", "/b", "box"), "/b", NULL },
	{ WORDS("restore", "--bundle=/b", "box"), "/b", NULL },
	{ WORDS("create", "-bundle", "/b", "box"), "/b", NULL },
	{ WORDS("create", "-b/b", "box"), "/b", NULL },
	{ WORDS("create", "-b=/b", "box"), "/b", NULL },
	/* As containerd and conmon call it. */
	{ WORDS("--root", "/run/r", "--log", "/l", "--log-format", "json", "--systemd-cgroup",
		"create", "--bundle", "/b", "--pid-file", "/p", "box"),
	  "/b", NULL },
	{ WORDS("--root=create", "--log", "run", "create", "--pid-file", "--bundle", "--bundle",
		"/b"),
	  "/b", NULL },
	{ WORDS("--root", "create", "state", "box"), NULL, NULL },
	{ WORDS("--debug", "run", "--config", "/c/other.json", "-b", "/b", "box"), "/b",
	  "/c/other.json" },
	{ WORDS("run", "-f", "other.json", "box"), ".", "other.json" },
	/* crun takes beginnings, and short options in one word. */
	{ WORDS("--roo", "state", "create", "--bund", "/b", "box"), "/b", NULL },
	{ WORDS("run", "--bu=/b", "--conf", "other.json", "box"), "/b", "other.json" },
	{ WORDS("create", "--preserve", "--bundle", "-b", "/b", "box"), "/b", NULL },
	{ WORDS("run", "-db", "/b", "-dfother.json", "box"), "/b", "other.json" },
	{ WORDS("run", "-d", "-detach", "--no-pivot", "--bundle", "/b", "box"), "/b", NULL },
	/* crun has it that this is the file of the bundle, runc that this is the working directory. */
	{ WORDS("run", "-f", "config.json", "-b", "/b", "box"), "/b", NULL },
	{ WORDS("create", "--bundle=", "box"), ".", NULL },
	{ WORDS("create", "-b", "", "box"), ".", NULL },
	{ WORDS("run", "box", "--", "--bundle", "/b"), ".", NULL },
	{ WORDS("exec", "box", "create"), NULL, NULL },
	{ WORDS("delete", "create"), NULL, NULL },
	{ WORDS("--version"), NULL, NULL },
	{ WORDS("--root"), NULL, NULL },
	{ WORDS("create", "--bundle"), ".", NULL },
	{ { "cgfence-runtime", NULL }, NULL, NULL },
	{ WORDS("--cgfence-policy=web", "--root", "/r", "create", "-b", "/b"), "/b", NULL },
};

Test(command_line, is_read_as_runtimes_do)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct command_line line = { 0 };
		const char *bundle;

		cr_assert_eq(command_line_read((char **)cases[i].words, &line, NULL), 0);
		bundle = line.bundle ? line.bundle : ".";
		cr_expect_eq(line.creates, cases[i].bundle != NULL, "case %zu", i);
		if (cases[i].bundle)
			cr_expect_str_eq(bundle, cases[i].bundle, "case %zu", i);
		cr_expect_eq(!line.config, !cases[i].config, "case %zu", i);
		if (line.config && cases[i].config)
			cr_expect_str_eq(line.config, cases[i].config);
	}
}

Test(command_line, own_options_come_first)
{
	char *words[] = { "w",	"--cgfence-policy=web", "--cgfence-runtime=/r", "--log",
			  "/l", "--log-format=json",	"--cgfence-help",	"state",
			  NULL };
	struct command_line line = { 0 };

	cr_assert_eq(command_line_read(words, &line, NULL), 0);
	cr_expect_eq(line.own_count, 2);
	cr_expect_str_eq(line.policy, "web");
	cr_expect_str_eq(line.runtime, "/r");
	cr_expect_str_eq(line.log, "/l");
	cr_expect(line.log_is_json && !line.help && !line.creates);
}

Test(command_line, refuses_what_nobody_can_tell)
{
	char *unknown[] = { "w", "--option", "value", "create", NULL };
	char *harmless[] = { "w", "--option", "value", "state", NULL };
	char *own[] = { "w", "--cgfence-polcy=web", "create", NULL };
	struct command_line line = { 0 };
	struct cgfence_error error = { 0 };

	cr_expect_eq(command_line_read(unknown, &line, &error), -EINVAL);
	cr_expect(strstr(error.text, "'value'"), "%s", error.text);
	cr_expect_eq(command_line_read(harmless, &line, &error), 0);
	cr_expect_eq(command_line_read(own, &line, &error), -EINVAL);
	cr_expect(strstr(error.text, "'--cgfence-polcy=web'"), "%s", error.text);
}
