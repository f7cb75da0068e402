// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "watching.h"
#include "support/notify.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define READY_S 60

/* A timer that rings later does not wake it while a test lasts. */
#define LATE_S 1800

/* It has no more of them. */
#define DESCRIPTORS 128

const char *watching_notice(struct watching *watching, int seconds)
{
	struct pollfd readable = { .fd = watching->notify, .events = POLLIN };
	static char text[256];
	ssize_t length;

	do {
		length = 0;
		if (poll(&readable, 1, seconds * 1000) > 0)
			length = recv(watching->notify, text, sizeof(text) - 1, 0);
		text[length > 0 ? length : 0] = '\0';
		if (strncmp(text, "STATUS=", 7) == 0)
			snprintf(watching->status, sizeof(watching->status), "%s", text);
	} while (strncmp(text, "STATUS=", 7) == 0);
	return text;
}

void watching_start_with(struct watching *watching, const struct program_options *options,
			 const char *const *words)
{
	watching->notify = notify_open();
	cr_assert_geq(watching->notify, 0, "%s", strerror(-watching->notify));
	program_start(&watching->program, options, words);
	cr_assert_str_eq(watching_notice(watching, READY_S), "READY=1");
}

void watching_start(struct watching *watching, const char *interval)
{
	watching_start_with(watching, NULL, WORDS("watch", "--json", "--interval", interval));
	watching_skip(watching, "started");
}

/* Newer architectures have the other one only. */
#ifndef SYS_epoll_wait
#define SYS_epoll_wait SYS_epoll_pwait
#endif

/* Is it in epoll_wait(2) without a timeout, which is the fourth argument? */
static bool waits_without_end(pid_t pid)
{
	unsigned long arguments[4] = { 0 };
	char path[64];
	long call = -1;
	FILE *file;
	int found = 0;

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	file = fopen(path, "re");
	cr_assert(file, "%s: %s", path, strerror(errno));
	found = fscanf(file, "%ld %lx %lx %lx %lx", &call, &arguments[0], &arguments[1],
		       &arguments[2], &arguments[3]);
	fclose(file);
	return found == 5 && (call == SYS_epoll_wait || call == SYS_epoll_pwait) &&
	       (int)arguments[3] == -1;
}

static void await_sleep(pid_t pid)
{
	time_t deadline = time(NULL) + READY_S;

	while (!waits_without_end(pid)) {
		cr_assert_leq(time(NULL), deadline, "it does not come to rest");
		poll(NULL, 0, 1);
	}
}

/* Has it not read this signal yet (proc(5))? */
static bool is_pending(pid_t pid, int signal)
{
	unsigned long long pending = 0;
	char path[64];
	char line[256];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	file = fopen(path, "re");
	cr_assert(file, "%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), file))
		sscanf(line, "ShdPnd: %llx", &pending);
	fclose(file);
	return pending >> (signal - 1) & 1;
}

void watching_round(const struct watching *watching)
{
	time_t deadline = time(NULL) + READY_S;

	kill(watching->program.pid, SIGHUP);
	while (is_pending(watching->program.pid, SIGHUP)) {
		cr_assert_leq(time(NULL), deadline, "it does not look at its signals");
		poll(NULL, 0, 1);
	}
	await_sleep(watching->program.pid);
}

/* Is that so of each of its timers (proc(5))? */
static bool has_late_timers(pid_t pid)
{
	unsigned int timers = 0;
	bool late = true;

	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		char line[256];
		char path[64];
		FILE *file;

		snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
		file = fopen(path, "re");
		while (file && fgets(line, sizeof(line), file)) {
			unsigned long seconds;
			unsigned long ns;

			if (sscanf(line, "it_value: (%lu, %lu)", &seconds, &ns) != 2)
				continue;
			timers++;
			late = late && ((!seconds && !ns) || seconds > LATE_S);
		}
		if (file)
			fclose(file);
	}
	cr_expect_gt(timers, 0);
	return late;
}

void watching_await_rest(const struct watching *watching)
{
	time_t deadline = time(NULL) + READY_S;

	do {
		cr_assert_leq(time(NULL), deadline, "its timers go on ringing");
		poll(NULL, 0, 1);
		await_sleep(watching->program.pid);
	} while (!has_late_timers(watching->program.pid));
}

void watching_expect_sleep(const struct watching *watching)
{
	await_sleep(watching->program.pid);
	cr_expect(has_late_timers(watching->program.pid), "a timer rings soon");
}

json_t *watching_event(struct watching *watching, const char *event)
{
	char beginning[64];
	const char *line;

	snprintf(beginning, sizeof(beginning), "{\"event\":\"%s\",\"time\":\"", event);
	line = program_next_line(&watching->program, beginning);
	cr_assert_eq(strncmp(line, beginning, strlen(beginning)), 0, "'%s'", line);
	return parse_object(line);
}

void watching_skip(struct watching *watching, const char *event)
{
	json_decref(watching_event(watching, event));
}

static void stop(struct watching *watching)
{
	kill(watching->program.pid, SIGTERM);
	program_finish(&watching->program);
	close(watching->notify);
}

void watching_stop(struct watching *watching)
{
	stop(watching);
	assert_done(watching->program.result);
}

void watching_stop_unwritten(struct watching *watching, const char *reason)
{
	stop(watching);
	assert_status(watching->program.result, 0);
	assert_has(watching->program.result.errors, "cannot write to standard output: ");
	assert_has(watching->program.result.errors, reason);
}
