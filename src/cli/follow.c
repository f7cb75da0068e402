// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * denials --follow. It polls the maps of denials, which can have any number of readers. The ring buffer of events can
 * have only one, the watch.
 */
#include "cli/follow.h"
#include "base/boot_time.h"
#include "base/cleanup.h"
#include "cli/followed.h"
#include "report/denial.h"
#include "report/output.h"
#include "report/table.h"

#include <cgfence/watch.h>
#include <poll.h>
#include <signal.h>
#include <stdio_ext.h>
#include <string.h>
#include <sys/signalfd.h>

#define PAUSE_MS 200

/* Polling takes at most a fifth of a processor. */
#define REST_FACTOR 4

struct follow {
	struct followed followed;
	struct cgfence_monitor *monitor;
	int signals;
	bool json;
	bool has_headings; /* the headings were printed */
	int refreshes_due;
	char last_error[sizeof(((struct cgfence_error *)NULL)->text)];
};

/* Reports an error that lasts only once. */
static void report(struct follow *follow, const struct cgfence_error *error)
{
	if (*error->text && strcmp(follow->last_error, error->text) != 0)
		output_failure(error);
	snprintf(follow->last_error, sizeof(follow->last_error), "%s", error->text);
}

static void print_lines(const struct followed_denial *denials, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct followed_fence *fence = denials[i].fence;
		cleanup_free char *member =
			denial_member_path(fence->fence, denials[i].denial.member);
		const char *name = member ? member : fence->name;

		output_json_line(denial_json(fence->shown ? output_json_string(name) : json_null(),
					     &denials[i].denial.record));
	}
}

static void print_rows(struct follow *follow, const struct followed_denial *denials, size_t count)
{
	struct table *table = table_new(denial_columns);

	if (follow->has_headings)
		table_hide_headings(table);
	follow->has_headings = true;
	for (size_t i = 0; i < count; i++) {
		const struct followed_fence *fence = denials[i].fence;
		cleanup_free char *member =
			denial_member_path(fence->fence, denials[i].denial.member);

		denial_add_row(table, member ? member : fence->name, &denials[i].denial.record);
	}
	table_print(table);
}

/* Return: false once the reader of the output is gone. */
static bool print_new(struct follow *follow)
{
	cleanup_free struct followed_denial *denials = NULL;
	struct cgfence_error error = { 0 };
	size_t count = 0;

	followed_read(&follow->followed, &denials, &count, &error);
	report(follow, &error);
	output_time_refresh();
	if (follow->json)
		print_lines(denials, count);
	else if (count || !follow->has_headings)
		print_rows(follow, denials, count);
	output_push();
	if (!ferror(stdout))
		return true;
	/* A reader that ends is not a failure. */
	if (errno == EPIPE) {
		__fpurge(stdout);
		clearerr(stdout);
	}
	return false;
}

static void refresh(struct follow *follow)
{
	struct cgfence_error error = { 0 };

	follow->refreshes_due--;
	followed_refresh(&follow->followed, &error);
	report(follow, &error);
}

static void loop(struct follow *follow)
{
	struct pollfd sources[] = {
		{ follow->signals, POLLIN, 0 },
		{ cgfence_monitor_fd(follow->monitor), POLLIN, 0 },
		{ STDOUT_FILENO, 0, 0 }, /* POLLERR once its reader is gone */
	};
	uint64_t begin_ns = boot_time_ns();

	follow->refreshes_due = 1;
	refresh(follow);
	while (print_new(follow)) {
		int pause_ms = (int)((boot_time_ns() - begin_ns) / 1000000 * REST_FACTOR);

		poll(sources, 3, pause_ms > PAUSE_MS ? pause_ms : PAUSE_MS);
		if (sources[0].revents || sources[2].revents)
			return;
		begin_ns = boot_time_ns();
		/* Refresh twice: the monitor misses changes in a new directory until it watches that too. */
		if (sources[1].revents && cgfence_monitor_read(follow->monitor))
			follow->refreshes_due = 2;
		/* Read the last refusals of a detached fence before the refresh closes it. */
		if (follow->refreshes_due && print_new(follow))
			refresh(follow);
	}
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	output_outlive_reader();
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int follow_denials(uint64_t id, uint64_t cgroup, bool json)
{
	struct follow follow = {
		.followed.only = id, .followed.cgroup = cgroup, .json = json, .signals = -1
	};
	struct cgfence_error error = { 0 };
	int status = STATUS_DONE;

	/* Open the monitor first, so that no new fence is missed. */
	if (cgfence_monitor_open(&follow.monitor, &error)) {
		status = output_failure(&error);
	} else if ((follow.signals = open_signals()) < 0) {
		output_complain("cannot wait for signals: %s", strerror(errno));
		status = STATUS_FAILED;
	} else {
		loop(&follow);
	}
	followed_release(&follow.followed);
	cgfence_monitor_close(follow.monitor);
	cleanup_close_descriptor(&follow.signals);
	return status;
}
