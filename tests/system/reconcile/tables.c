// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* One program reads the tables of descriptors by itself; what is too much for it is left to the kernel, and found too. */
#include "holding.h"
#include "kernel/holders_pins.h"
#include "kernel/pins.h"
#include "reconcile/holders_iterator.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

/* More than RECORDS_MAX and FILES_MAX of bpf/holders.bpf.c. */
#define MANY_LISTENERS 600
#define MANY_FILES (16 * 1024 + 100)

#define PIN PINS_KERNEL "/holders_"

/* Beside the process of a test. */
static pid_t other;

static int listen_once(void *endpoint)
{
	int fd = holding_listen(endpoint);

	return fd < 0 ? -fd : 0;
}

static void begin(void)
{
	holding_begin();
	holding_skip_without_iterator();
	other = holding_start(sockets_fence(), listen_once, "tcp 127.0.0.1 9");
	/* The pins are those of hosts with fences. */
	harness_attach(sockets_fence(), "{'devices': {}}");
}

TestSuite(reconcile_tables, .init = begin, .fini = holding_end);

static void look(struct holders *holders)
{
	const uint64_t id = cgfence_cgroup_id(sockets_fence());
	struct holders_iterator *iterator = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(holders_iterator_new(&iterator, &error), 0, "%s", error.text);
	cr_expect_eq(holders_iterator_run(iterator, &id, 1, holders, NULL, &error), 0, "%s",
		     error.text);
	holders_iterator_free(iterator);
}

static int compare_descriptors(const void *left, const void *right)
{
	const struct cgfence_holder *a = left;
	const struct cgfence_holder *b = right;

	if (a->pid != b->pid)
		return a->pid < b->pid ? -1 : 1;
	return a->fd < b->fd ? -1 : a->fd > b->fd;
}

/* Each descriptor is found once. */
static void expect_found(pid_t pid, size_t count)
{
	struct holders holders = { 0 };
	size_t of_other = 0;
	size_t found = 0;

	look(&holders);
	if (holders.count)
		qsort(holders.items, holders.count, sizeof(*holders.items), compare_descriptors);
	for (size_t i = 0; i < holders.count; i++) {
		const struct cgfence_holder *holder = &holders.items[i];

		cr_expect(i == 0 || compare_descriptors(&holder[-1], holder),
			  "descriptor %u of %u is found twice", holder->fd, holder->pid);
		cr_expect_eq(holder->holding, CGFENCE_HOLDING_DESCRIPTOR);
		found += holder->pid == (uint32_t)pid;
		of_other += holder->pid == (uint32_t)other;
	}
	cr_expect_eq(found, count, "%zu of %zu", found, count);
	cr_expect_eq(of_other, 1, "%zu of 1", of_other);
	cr_expect_eq(holders.count, count + 1, "%zu of %zu", holders.count, count + 1);
	holders_free(&holders);
}

/* Return: how many descriptors the calling process may have now. */
static int raise_limit(void)
{
	struct rlimit limits;

	getrlimit(RLIMIT_NOFILE, &limits);
	limits.rlim_cur = limits.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limits);
	return limits.rlim_max < INT_MAX ? (int)limits.rlim_max : INT_MAX;
}

static int hold_many_listeners(void *unused)
{
	(void)unused;
	for (int i = 0; i < MANY_LISTENERS; i++) {
		int fd = endpoint_open("tcp 127.0.0.2 0");

		if (fd < 0 || listen(fd, 1) < 0)
			return 1;
	}
	return 0;
}

Test(reconcile_tables, more_listeners_of_a_process_than_it_writes)
{
	expect_found(holding_start(sockets_fence(), hold_many_listeners, NULL), MANY_LISTENERS);
}

/* The listener has the last of them. */
static int hold_many_files(void *unused)
{
	int last = eventfd(0, EFD_CLOEXEC);

	(void)unused;
	raise_limit();
	while (last >= 0 && last < MANY_FILES)
		last = dup(last);
	return last < 0 ? errno : listen_once("tcp 127.0.0.2 9");
}

Test(reconcile_tables, more_files_of_a_process_than_it_looks_at)
{
	if (raise_limit() < MANY_FILES + 10)
		holding_skip("the limit of descriptors is too low");
	expect_found(holding_start(sockets_fence(), hold_many_files, NULL), 1);
}

static int hold_far(void *unused)
{
	int last = raise_limit() - 1;
	int fd = endpoint_open("tcp 127.0.0.2 9");

	(void)unused;
	return fd < 0 || listen(fd, 1) < 0 || dup2(fd, last) < 0 || close(fd) < 0;
}

Test(reconcile_tables, a_descriptor_far_from_the_others)
{
	expect_found(holding_start(sockets_fence(), hold_far, NULL), 1);
}

/* How often it ran since the kernel began to count. */
static uint64_t runs(const char *name)
{
	char path[128];
	struct bpf_prog_info info = { 0 };
	__u32 size = sizeof(info);
	int fd;

	snprintf(path, sizeof(path), PIN "%s", name);
	fd = bpf_obj_get(path);
	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	cr_assert_eq(bpf_obj_get_info_by_fd(fd, &info, &size), 0);
	close(fd);
	return info.run_cnt;
}

Test(reconcile_tables, the_kernel_visits_no_file_for_what_it_can_do)
{
	struct holders holders = { 0 };
	int counting;

	look(&holders);
	if (access(PIN "tables", F_OK) < 0)
		holding_skip("the kernel refuses the program that reads tables of descriptors");
	counting = bpf_enable_stats(BPF_STATS_RUN_TIME);
	cr_assert_geq(counting, 0);
	look(&holders);
	cr_expect_gt(runs("tables"), 0);
	cr_expect_eq(runs("files"), 0);
	cr_expect_eq(runs("tasks"), 0);
	/* It does where it cannot. */
	holding_start(sockets_fence(), hold_many_listeners, NULL);
	look(&holders);
	cr_expect_gt(runs("files"), 0);
	cr_expect_gt(runs("tasks"), 0);
	close(counting);
	holders_free(&holders);
}
