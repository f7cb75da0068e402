// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The JSON of many fences is printed while they are read. */
#include "program.h"
#include "support/harness.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(status_long, .init = harness_begin, .fini = harness_end);

#define FENCES 3
#define ENTRIES 1000
#define PAGE 4096
#define WAIT_MS 60000

static struct cgfence_cgroup *cgroups[FENCES];

/* Policies of which each is longer than what a small pipe and the buffer before it hold. */
static void make_fences(void)
{
	char *policy = malloc(ENTRIES * 16 + 64);
	size_t length = (size_t)sprintf(policy, "{'devices': {'allow': ['c 1:3 rw'");

	for (int i = 0; i < ENTRIES; i++)
		length += (size_t)sprintf(policy + length, ", 'c 299:%d r'", 2 * i);
	sprintf(policy + length, "]}}");
	for (int i = 0; i < FENCES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "f%d", i);
		cgroups[i] = harness_child_cgroup(harness_cgroup(), name);
		harness_attach(cgroups[i], policy);
	}
	free(policy);
}

static int open_small_pipe(const char *path)
{
	int fd;

	cr_assert_eq(mkfifo(path, 0600), 0);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	cr_assert_geq(fd, 0);
	cr_assert_eq(fcntl(fd, F_SETPIPE_SZ, PAGE), PAGE);
	return fd;
}

/* To be given to free(). */
static char *read_rest(int fd)
{
	size_t size = (size_t)FENCES * ENTRIES * 64;
	char *text = calloc(1, size);
	size_t length = 1;
	ssize_t got;

	text[0] = '[';
	cr_assert_eq(fcntl(fd, F_SETFL, 0), 0);
	while ((got = read(fd, text + length, size - 1 - length)) > 0)
		length += (size_t)got;
	cr_assert_eq(got, 0);
	return text;
}

/* The reader waits after the first character, and what ends then is not in what comes later. */
Test(status_long, is_read_while_it_is_printed)
{
	struct program program;
	struct program_options options = { 0 };
	char path[256];
	bool detached;
	char first;
	char *text;
	char *whole;
	json_t *list;
	int fd;

	make_fences();
	snprintf(path, sizeof(path), "%s/pipe", harness_directory());
	fd = open_small_pipe(path);
	options.output_path = path;
	program_start(&program, &options, WORDS("status", "--json"));
	cr_assert_eq(poll(&(struct pollfd){ .fd = fd, .events = POLLIN }, 1, WAIT_MS), 1);
	cr_assert_eq(read(fd, &first, 1), 1);
	cr_assert_eq(first, '[');
	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(cgroups[FENCES - 1]), &detached, NULL),
		     0);
	cr_assert(detached);
	text = read_rest(fd);
	close(fd);
	program_finish(&program);
	assert_done(program.result);
	list = json_loads(text, 0, NULL);
	cr_assert_not_null(list, "%s", text);
	cr_expect_eq(json_array_size(list), FENCES - 1);
	/* Without its last newline, as it would be printed as a whole. */
	whole = json_dumps(list, JSON_INDENT(2));
	cr_expect_eq(strncmp(text, whole, strlen(whole)), 0, "%s", text);
	cr_expect_str_eq(text + strlen(whole), "\n");
	json_decref(list);
	free(whole);
	free(text);
}
