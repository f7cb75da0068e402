// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Another thread reads it. One that does not come back in time is left behind, and forgotten when it has. */
#include "base/cmdline.h"
#include "base/cleanup.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How many are under way at a time, mostly left behind. */
#define READINGS_MAX 32

#define STACK_SIZE (128 * 1024)

/* Under the lock, but for the text and its length before it is done. */
struct reading {
	pid_t thread;
	uint64_t group;
	pthread_cond_t end;
	bool of_link; /* not the command line */
	bool is_done;
	bool is_left;
	size_t length;
	char text[CMDLINE_SIZE];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* Those that are under way. */
static struct reading *readings[READINGS_MAX];

static struct reading *new_reading(pid_t thread, uint64_t group, bool of_link)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	pthread_condattr_t attributes;

	if (!reading)
		return NULL;
	reading->thread = thread;
	reading->group = group;
	reading->of_link = of_link;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&reading->end, &attributes);
	pthread_condattr_destroy(&attributes);
	return reading;
}

static void free_reading(struct reading **place)
{
	pthread_cond_destroy(&(*place)->end);
	free(*place);
	*place = NULL;
}

static size_t read_text(pid_t thread, char text[CMDLINE_SIZE])
{
	cleanup_close int fd = -1;
	char path[40];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", thread);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	length = fd < 0 ? -1 : read(fd, text, CMDLINE_SIZE - 1);
	return length < 0 ? 0 : (size_t)length;
}

static void read_link(pid_t thread)
{
	char path[40];
	char target[1];

	snprintf(path, sizeof(path), "/proc/%d/exe", thread);
	/* That it returns is all. */
	if (readlink(path, target, sizeof(target)) < 0)
		return;
}

static void *run(void *context)
{
	struct reading *reading = context;

	if (reading->of_link)
		read_link(reading->thread);
	else
		reading->length = read_text(reading->thread, reading->text);
	pthread_mutex_lock(&lock);
	reading->is_done = true;
	pthread_cond_signal(&reading->end);
	pthread_mutex_unlock(&lock);
	return NULL;
}

static int start(struct reading *reading)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int code = pthread_attr_init(&attributes);

	if (code)
		return code;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	code = thread_start(&thread, &attributes, run, reading);
	pthread_attr_destroy(&attributes);
	return code;
}

static void await(struct reading *reading, unsigned int wait_ms)
{
	struct timespec until;
	int code = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += (long)wait_ms * 1000 * 1000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (!reading->is_done && code == 0)
		code = pthread_cond_timedwait(&reading->end, &lock, &until);
}

/* Forgets those that have come back. Return: a place for another of that group; NULL if it may leave none behind. */
static struct reading **find_place(uint64_t group)
{
	struct reading **place = NULL;
	bool has_left = false;

	for (size_t i = 0; i < READINGS_MAX; i++) {
		struct reading **at = &readings[i];

		if (*at && (*at)->is_left && (*at)->is_done)
			free_reading(at);
		if (!*at)
			place = at;
		else if ((*at)->is_left && (*at)->group == group)
			has_left = true;
	}
	return has_left ? NULL : place;
}

/* Return: has it come back in time, with what it has read in @text, unless that is NULL? */
static bool read_in(struct reading **place, unsigned int wait_ms, char *text, size_t *length)
{
	struct reading *reading = *place;
	bool is_started = start(reading) == 0;

	if (is_started) {
		await(reading, wait_ms);
		if (!reading->is_done) {
			reading->is_left = true;
			return false;
		}
		*length = reading->length;
		if (text)
			memcpy(text, reading->text, *length);
	}
	free_reading(place);
	return is_started;
}

static bool read_by_thread(pid_t thread, const struct cmdline_way *way, char *text, size_t *length)
{
	struct reading **place;
	bool is_read = false;
	int cancel;

	/* It would end in the midst of the wait, with the lock. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pthread_mutex_lock(&lock);
	place = find_place(way->group);
	if (place)
		*place = new_reading(thread, way->group, !text);
	if (place && *place)
		is_read = read_in(place, way->wait_ms, text, length);
	pthread_mutex_unlock(&lock);
	pthread_setcancelstate(cancel, NULL);
	return is_read;
}

size_t cmdline_read(pid_t thread, const struct cmdline_way *way, char text[CMDLINE_SIZE])
{
	size_t length = 0;

	if (!read_by_thread(thread, way, text, &length))
		length = 0;
	text[length] = '\0';
	return length;
}

/* As in a wait for the lock of memory or a file system (TASK_UNINTERRUPTIBLE). */
static bool sleeps_uninterrupted(pid_t thread)
{
	cleanup_close int fd = -1;
	char text[256] = "";
	char path[40];
	const char *state;

	snprintf(path, sizeof(path), "/proc/%d/status", thread);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		return false;
	state = strstr(text, "\nState:\t");
	return state && state[strlen("\nState:\t")] == 'D';
}

bool cmdline_links_answer(pid_t thread, const struct cmdline_way *way)
{
	size_t length;

	return !sleeps_uninterrupted(thread) || read_by_thread(thread, way, NULL, &length);
}
