// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* A command holds the lock of a fence for as long as its work takes, or for ever if it is stopped. */
#include "holder.h"
#include "support/clock.h"
#include "watching.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(watch_locks, .init = sockets_begin, .fini = harness_end, .timeout = 600);

#define CLOSE "{'ports': [1], 'on_violation': 'close'}"

static const struct holder_options inside = { .endpoint = "tcp 127.0.0.1 0" };

/* As many as wait at most. */
#define LISTENERS 12

/* Less than a few of them would take if each were waited for. */
#define SOON_MS 2000

/* @suffix: behind the number of the cgroup in the name of the directory of its pins, which is made if it is missing */
static int lock(const struct cgfence_cgroup *cgroup, const char *suffix)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/fs/bpf/cgfence/%llu%s",
		 (unsigned long long)cgfence_cgroup_id(cgroup), suffix);
	mkdir(path, 0700);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cr_assert_geq(fd, 0, "%s: %s", path, strerror(errno));
	cr_assert_eq(flock(fd, LOCK_EX | LOCK_NB), 0, "%s: %s", path, strerror(errno));
	return fd;
}

/* Processes that were started since have it open, too. */
static void unlock(int fd)
{
	cr_assert_eq(flock(fd, LOCK_UN), 0);
	close(fd);
}

static void need_events(const struct cgfence_cgroup *fence)
{
	enum cgfence_listen_guard guard = sockets_guard(fence);

	if (guard == CGFENCE_GUARD_NONE || guard == CGFENCE_GUARD_DENY)
		sockets_skip("the listen guard of this kernel leaves nothing to report");
}

static void start(struct holder *holder, const struct cgfence_cgroup *cgroup)
{
	struct holder_options options = inside;

	options.cgroup = cgroup;
	holder_start(holder, &options);
}

static void await_violation(struct watching *watching, const struct holder *holder,
			    const char *action)
{
	bool found = false;

	while (!found) {
		json_t *event = watching_event(watching, "violation");

		found = number_of(event, "pid") == holder->pid &&
			strcmp(text_of(event, "action"), action) == 0;
		json_decref(event);
	}
}

static void expect_soon(struct watching *watching, const struct cgfence_cgroup *fence)
{
	uint64_t begin_ns = clock_ns();
	struct holder holder;

	start(&holder, fence);
	await_violation(watching, &holder, "closed");
	cr_expect_lt(clock_ms_since(begin_ns), SOON_MS, "%.0f ms", clock_ms_since(begin_ns));
	holder_stop(&holder);
}

Test(watch_locks, a_fence_that_is_locked_delays_no_other)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct holder holders[LISTENERS];
	struct watching watching;
	int held;

	harness_attach(sockets_fence(), CLOSE);
	harness_attach(other, CLOSE);
	need_events(other);
	watching_start(&watching, LONG_INTERVAL);
	watching_expect_sleep(&watching);
	held = lock(sockets_fence(), "");
	kill(watching.program.pid, SIGSTOP);
	for (int i = 0; i < LISTENERS; i++)
		start(&holders[i], sockets_fence());
	kill(watching.program.pid, SIGCONT);
	/* It looks at those that come in the midst of a wait. */
	usleep(100 * 1000);
	expect_soon(&watching, other);
	unlock(held);
	kill(watching.program.pid, SIGHUP);
	await_violation(&watching, &holders[LISTENERS - 1], "closed");
	for (int i = 0; i < LISTENERS; i++)
		holder_stop(&holders[i]);
	watching_stop(&watching);
}

Test(watch_locks, a_wait_for_a_command_delays_no_fence)
{
	struct cgfence_cgroup *other = harness_child_cgroup(harness_cgroup(), "other");
	struct watching watching;
	int held;

	harness_attach(other, CLOSE);
	need_events(other);
	watching_start(&watching, LONG_INTERVAL);
	watching_expect_sleep(&watching);
	held = lock(sockets_fence(), "-detaching");
	kill(watching.program.pid, SIGHUP);
	usleep(100 * 1000);
	expect_soon(&watching, other);
	unlock(held);
	watching_stop(&watching);
}
