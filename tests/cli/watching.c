// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "watching.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define READY_S 30

/* The socket of systemd. Abstract names belong to the network namespace, and so to this test. */
static int open_notify_socket(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "\0watching" };
	socklen_t length = offsetof(struct sockaddr_un, sun_path) + 1 + strlen("watching");
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	cr_assert_eq(bind(fd, (const struct sockaddr *)&address, length), 0, "%s", strerror(errno));
	setenv("NOTIFY_SOCKET", "@watching", 1);
	return fd;
}

const char *watching_notice(struct watching *watching, int seconds)
{
	struct pollfd readable = { .fd = watching->notify, .events = POLLIN };
	static char text[256];
	ssize_t length = 0;

	if (poll(&readable, 1, seconds * 1000) > 0)
		length = recv(watching->notify, text, sizeof(text) - 1, 0);
	text[length > 0 ? length : 0] = '\0';
	return text;
}

void watching_start_with(struct watching *watching, const struct program_options *options,
			 const char *const *words)
{
	watching->notify = open_notify_socket();
	program_start(&watching->program, options, words);
	cr_assert_str_eq(watching_notice(watching, READY_S), "READY=1");
}

void watching_start(struct watching *watching, const char *interval)
{
	watching_start_with(watching, NULL, WORDS("watch", "--json", "--interval", interval));
	watching_skip(watching, "started");
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

void watching_stop(struct watching *watching)
{
	kill(watching->program.pid, SIGTERM);
	program_finish(&watching->program);
	close(watching->notify);
	assert_done(watching->program.result);
}
