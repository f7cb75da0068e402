// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/cmdline.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

TestSuite(cmdline);

static const struct cmdline_way way = { .group = 1, .wait_ms = 20000 };

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

Test(cmdline, words_end_with_a_null_byte_each)
{
	char expected[CMDLINE_SIZE];
	char text[CMDLINE_SIZE];
	FILE *file = fopen("/proc/self/cmdline", "re");
	size_t length = fread(expected, 1, sizeof(expected) - 1, file);

	fclose(file);
	expected[length] = '\0';
	cr_expect_eq(cmdline_read(getpid(), &way, text), length);
	cr_expect_arr_eq(text, expected, length + 1);
}

Test(cmdline, a_process_that_has_ended_has_none)
{
	char text[CMDLINE_SIZE] = "before";
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	cr_expect_eq(cmdline_read(pid, &way, text), 0);
	cr_expect_str_eq(text, "");
}

/* Takes no memory but for the tables of its pages, one page for 2 MiB. */
#define FILLED (16UL << 30)

static void *change_mappings(void *unused)
{
	for (;;) {
		void *page = mmap(NULL, 1, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		munmap(page, 1);
	}
	return unused;
}

static int fill(void *unused)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	for (;;) {
		void *filled = mmap(NULL, FILLED, PROT_READ,
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_POPULATE, -1,
				    0);

		munmap(filled, FILLED);
	}
	return unused != NULL;
}

static int change(void *unused)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return change_mappings(unused) != NULL;
}

/*
 * Whoever reads waits behind one that wants to change mappings, which waits for one that fills another: processes that
 * share the memory of this one.
 */
static void keep_lock(void)
{
	static char stacks[2][64 * 1024] __attribute__((aligned(16)));

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	clone(fill, stacks[0] + sizeof(stacks[0]), CLONE_VM | SIGCHLD, NULL);
	clone(change, stacks[1] + sizeof(stacks[1]), CLONE_VM | SIGCHLD, NULL);
}

static void wait_for_end(void)
{
	keep_lock();
	while (pause() < 0)
		;
}

static pid_t start_hostile(void)
{
	pid_t pid = fork();

	if (pid == 0)
		wait_for_end();
	usleep(200 * 1000);
	return pid;
}

Test(cmdline, nobody_waits_long_for_a_process_that_keeps_its_lock)
{
	pid_t hostile = start_hostile();
	uint64_t before = now_ms();
	char text[CMDLINE_SIZE];

	for (int i = 0; i < 20; i++) {
		const struct cmdline_way hurried = { .group = 2, .wait_ms = 1 };

		cmdline_read(hostile, &hurried, text);
	}
	cr_expect_lt(now_ms() - before, 1000);
	/* Others can be read meanwhile, and that one again when it lets go. */
	cr_expect_gt(cmdline_read(getpid(), &way, text), 0);
	kill(hostile, SIGKILL);
	waitpid(hostile, NULL, 0);
}

Test(cmdline, links_of_a_process_that_sleeps_answer)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pause();
	}
	cr_expect(cmdline_links_answer(pid, &way));
	cr_expect(cmdline_links_answer(getpid(), &way));
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	/* Nobody waits for one that has ended either. */
	cr_expect(cmdline_links_answer(pid, &way));
}
