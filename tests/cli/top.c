// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The contents of the live view, and how keys change them. */
#include "holder.h"
#include "support/children.h"
#include "support/copy.h"
#include "support/harness.h"
#include "viewing.h"

#include <fcntl.h>
#include <stdio.h>

TestSuite(top, .init = harness_begin, .fini = harness_end);

#define ESCAPE "\033"

Test(top, shows_fences_members_and_what_they_refuse)
{
	struct cgfence_cgroup *two = viewing_fence("two", VIEWING_AUDIT);

	viewing_refuse(viewing_fence("one", VIEWING_DEVICES), 7);
	cr_assert_eq(harness_open(two, "c 1:5", O_RDONLY), 0);
	viewing_refuse(viewing_standing_fence(), 2);
	viewing_start(WORDS("--sort", "cgroup"));
	viewing_expect("3 fences, 2 members  every 0.1s  by cgroup");
	viewing_expect_row("/job-*", "enforce     2");
	viewing_expect_row("/one", "      7   -");
	viewing_expect_row("/two", "audit       -");
	viewing_expect("denied  device c 1:5 r                  7");
	viewing_expect("audited device c 1:5 r                  1");
	viewing_expect_order("/job-*", "/one");
	viewing_expect_order("/one", "/two");
	viewing_expect_help_line();
	viewing_quit();
}

/* As long as something goes on refusing. */
Test(top, tells_how_much_is_refused_a_second)
{
	struct cgfence_cgroup *one = viewing_fence("one", VIEWING_DEVICES);
	pid_t child;

	harness_node("c 1:5");
	child = harness_fork();
	if (child == 0) {
		harness_enter(one);
		for (;;)
			close(open(harness_node("c 1:5"), O_RDONLY | O_CLOEXEC));
	}
	viewing_start(WORDS("--sort", "device"));
	viewing_expect("by device");
	viewing_expect_gone("refused/s: device 0");
	viewing_expect_row("refused/s:", "bind 0  listen 0  create 0  in excess: 0");
	viewing_expect_gone("enforce     -     0     0");
	children_end(child);
	viewing_expect("refused/s: device 0");
	viewing_quit();
}

Test(top, enter_shows_the_members_and_escape_goes_back)
{
	struct cgfence_cgroup *member = viewing_standing_fence();

	viewing_refuse(member, 3);
	viewing_refuse(viewing_fence("plain", VIEWING_DEVICES), 2);
	viewing_start(WORDS("--sort", "total"));
	viewing_expect("2 fences, 2 members");
	/* The selected one is the first. */
	viewing_type("\n");
	viewing_expect("cgfence top: 2 members  every 0.1s  by total");
	viewing_expect_row("/job-2", "      3   -");
	viewing_expect_row("/job-1", "      0   -");
	viewing_expect_order("/job-2", "/job-1");
	viewing_expect_gone("/plain");
	viewing_type(ESCAPE);
	viewing_expect("2 fences, 2 members");
	/* A fence on one cgroup has no members. */
	viewing_type("j\n/x");
	viewing_expect("filter: x_");
	viewing_type(ESCAPE);
	viewing_expect("2 fences, 2 members");
	viewing_quit();
}

Test(top, sorts_by_the_keys)
{
	viewing_refuse(viewing_fence("aa", VIEWING_DEVICES), 1);
	viewing_refuse(viewing_fence("bb", VIEWING_DEVICES), 5);
	viewing_start(WORDS("--sort=create"));
	viewing_expect("by create");
	viewing_type("s");
	viewing_expect("by total");
	viewing_expect_order("/bb  ", "/aa  ");
	viewing_type("r");
	viewing_expect("by total (reversed)");
	viewing_expect_order("/aa  ", "/bb  ");
	viewing_type("SS");
	viewing_expect("by listen");
	viewing_type("<");
	viewing_expect("by bind");
	viewing_quit();
}

Test(top, filters_as_it_is_typed)
{
	viewing_fence("apple", VIEWING_DEVICES);
	viewing_fence("pear", VIEWING_AUDIT);
	viewing_start(WORDS("--sort=cgroup", "--filter=pear"));
	viewing_expect("filter 'pear'");
	cr_expect_eq(vt_find(&viewing_screen, "/apple "), viewing_screen.rows);
	/* Names of policies count too, and letters of either case. */
	viewing_type("/\025WEB");
	viewing_expect("filter: WEB_");
	viewing_expect("/apple ");
	viewing_expect_gone("/pear ");
	viewing_type("\177\177\177xyz");
	viewing_expect("Nothing matches the filter.");
	viewing_type(ESCAPE);
	viewing_expect("filter 'pear'");
	viewing_expect_row("/pear", "audit");
	viewing_type("/\025\n");
	viewing_expect("by cgroup");
	viewing_expect_gone("filter '");
	viewing_expect("/apple ");
	viewing_quit();
}

Test(top, a_pause_keeps_what_is_shown)
{
	struct cgfence_cgroup *one = viewing_fence("one", VIEWING_DEVICES);

	viewing_refuse(one, 1);
	viewing_start(WORDS(NULL));
	viewing_expect("device c 1:5 r                  1");
	viewing_type("p");
	viewing_expect("PAUSED");
	viewing_refuse(one, 1);
	/* It is drawn again, and reads nothing for that. */
	viewing_type("r");
	viewing_expect("(reversed)");
	viewing_expect_row("/one", "      1   -");
	viewing_expect("device c 1:5 r                  1");
	viewing_type(" ");
	viewing_expect("device c 1:5 r                  2");
	viewing_expect_gone("PAUSED");
	viewing_quit();
}

Test(top, explains_its_keys)
{
	viewing_start(WORDS(NULL));
	viewing_expect("There are no fences.");
	viewing_type("h");
	viewing_expect("Ctrl-L     draw all again");
	viewing_expect("any key goes back");
	viewing_type("x");
	viewing_expect("There are no fences.");
	viewing_quit();
}

Test(top, scrolls_through_many_fences)
{
	char name[16];

	for (int i = 0; i < 30; i++) {
		snprintf(name, sizeof(name), "f%02d", i);
		viewing_fence(name, VIEWING_DEVICES);
	}
	viewing_start(WORDS("--sort=cgroup"));
	viewing_expect("30 fences");
	viewing_expect("/f00 ");
	cr_expect_eq(vt_find(&viewing_screen, "/f29 "), viewing_screen.rows);
	viewing_type("G");
	viewing_expect("/f29 ");
	cr_expect_eq(vt_find(&viewing_screen, "/f00 "), viewing_screen.rows);
	viewing_type("g" ESCAPE "OB");
	viewing_expect("/f00 ");
	viewing_quit();
}

Test(top, follows_fences_that_come_and_go)
{
	struct cgfence_cgroup *one = viewing_fence("one", VIEWING_DEVICES);
	bool detached;

	viewing_start(WORDS(NULL));
	viewing_expect("1 fence,");
	viewing_fence("two", VIEWING_DEVICES);
	viewing_expect("2 fences,");
	viewing_expect("/two ");
	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(one), &detached, NULL), 0);
	viewing_expect("1 fence,");
	viewing_expect_gone("/one ");
	harness_attach(one, VIEWING_AUDIT);
	viewing_expect("2 fences,");
	viewing_expect_row("/one", "audit");
	viewing_quit();
}

/* ---- what it refuses ---- */

Test(top, refuses_what_it_cannot_work_on)
{
	const struct program_options terminal = { .terminal = true };
	const struct program_options powerless = { .terminal = true, .without_admin = true };
	const struct program_options by_words = { .terminal = true, .by_words = true };
	struct program_result result;
	char alone[256];
	int program;

	assert_fails(program_run(NULL, WORDS("top")), 1, "top needs a terminal");
	result = program_run(&powerless, WORDS("top"));
	assert_status(result, 1);
	assert_has(result.output, "top needs CAP_SYS_ADMIN");
	result = program_run(&by_words, WORDS("env", "TERM=nosuch", program_path(), "top"));
	assert_status(result, 1);
	assert_has(result.output, "cgfence: TERM is 'nosuch', a terminal that is not known here");
	result = program_run(&by_words, WORDS("env", "TERM=dumb", program_path(), "top"));
	assert_status(result, 1);
	assert_has(result.output, "cannot place text");
	result = program_run(&by_words, WORDS("env", "-u", "TERM", program_path(), "top"));
	assert_status(result, 1);
	assert_has(result.output, "TERM is not set");
	result = program_run(&terminal, WORDS("top", "--sort", "excss"));
	assert_status(result, 2);
	assert_has(result.output, "did you mean 'excess'?");
	assert_fails(program_run(NULL, WORDS("top", "--interval", "1ms")), 2, "'1ms'");
	assert_fails(program_run(NULL, WORDS("top", "x")), 2, "too many arguments");
	cr_assert_geq(program = open(program_path(), O_RDONLY | O_CLOEXEC), 0);
	snprintf(alone, sizeof(alone), "%s/alone", harness_directory());
	copy_program(program, alone);
	result = program_run(&by_words, WORDS(alone, "top"));
	assert_status(result, 1);
	assert_has(result.output, "/cgfence-top cannot be run: No such file or directory");
}

TestSuite(top_listeners, .init = sockets_begin, .fini = harness_end);

Test(top_listeners, shows_those_in_excess_and_leaves_them)
{
	struct holder holder;
	char socket[64];

	harness_attach(sockets_fence(), "{'ports': [1], 'on_violation': 'kill'}");
	viewing_start(WORDS(NULL));
	viewing_expect("in excess: 0");
	holder_start_excess(&holder, sockets_fence());
	viewing_expect("in excess: 1");
	snprintf(socket, sizeof(socket), ":%u ", holder.port);
	viewing_expect_row("tcp 127.0.0.1", socket);
	cr_expect(holder_is_reachable(&holder));
	holder_stop(&holder);
	viewing_expect("in excess: 0");
	viewing_expect_gone(socket);
	viewing_quit();
}
