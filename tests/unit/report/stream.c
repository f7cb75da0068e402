// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/stream.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

/* The most that a stream keeps for a slow reader. */
#define BUFFER_SIZE (1024 * 1024)

#define LINE_SIZE 1000

/* A line of LINE_SIZE bytes with its end, which begins with a number. */
static void write_line(struct stream *stream, unsigned int number)
{
	char line[LINE_SIZE];

	memset(line, '.', sizeof(line));
	line[snprintf(line, sizeof(line), "%u ", number)] = '.';
	line[sizeof(line) - 1] = '\0';
	stream_write(stream, line);
}

/* Reads what there is. Return: its length. */
static size_t drain(int fd, char *text, size_t size)
{
	size_t used = 0;
	ssize_t length;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (used + 1 < size && (length = read(fd, text + used, size - used - 1)) > 0)
		used += (size_t)length;
	text[used] = '\0';
	return used;
}

/* Lets the stream write and reads until nothing is left. */
static char *drain_all(struct stream *stream, int fd)
{
	char *text = calloc(1, 2 * BUFFER_SIZE);
	size_t used = 0;
	size_t length;

	do {
		length = drain(fd, text + used, 2 * BUFFER_SIZE - used);
		used += length;
		stream_flush(stream);
	} while (length);
	return text;
}

static void expect_lines_on(int reader, int writer)
{
	struct stream *stream = stream_open(writer);
	char text[64];

	stream_write(stream, "one");
	stream_write(stream, "");
	stream_write(stream, "three");
	cr_expect(!stream_is_waiting(stream));
	cr_expect_eq(stream_take_dropped(stream), 0);
	drain(reader, text, sizeof(text));
	cr_expect_str_eq(text, "one\n\nthree\n");
	stream_close(stream);
	cr_expect_geq(fcntl(writer, F_GETFD), 0, "the descriptor was closed");
	cr_expect_eq(fcntl(writer, F_GETFL) & O_NONBLOCK, 0);
	close(reader);
	close(writer);
}

Test(stream, writes_lines_to_a_pipe)
{
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	expect_lines_on(fds[0], fds[1]);
}

Test(stream, writes_lines_to_a_socket)
{
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	expect_lines_on(fds[0], fds[1]);
}

Test(stream, writes_lines_to_a_file)
{
	FILE *file = tmpfile();
	int reader = dup(fileno(file));
	struct stream *stream = stream_open(fileno(file));
	char text[64];

	cr_expect_eq(stream_fd(stream), -1);
	stream_write(stream, "one");
	lseek(reader, 0, SEEK_SET);
	drain(reader, text, sizeof(text));
	cr_expect_str_eq(text, "one\n");
	stream_close(stream);
	close(reader);
	fclose(file);
}

/* Writes more lines than there is room for, and returns how many were lost. */
static void overfill(struct stream *stream, unsigned int lines)
{
	/* A stream that waits would wait for ever. */
	alarm(60);
	for (unsigned int i = 0; i < lines; i++)
		write_line(stream, i);
	alarm(0);
	cr_expect(stream_is_waiting(stream));
	cr_expect_eq(stream_take_dropped(stream), 0, "there is no room to say it yet");
}

/* Lines arrive whole and in order, the last ones are missing, and their number is reported. */
static void expect_gap(struct stream *stream, int reader, unsigned int lines)
{
	char *text;
	unsigned int kept = 0;

	overfill(stream, lines);
	text = drain_all(stream, reader);
	for (const char *at = text; *at; at += LINE_SIZE, kept++) {
		cr_assert_eq((unsigned int)atoi(at), kept);
		cr_assert_eq(strcspn(at, "\n"), LINE_SIZE - 1);
	}
	cr_expect_geq(kept, BUFFER_SIZE / LINE_SIZE);
	cr_expect_eq(stream_take_dropped(stream), lines - kept);
	cr_expect_eq(stream_take_dropped(stream), 0);
	cr_expect(!stream_is_waiting(stream));
	free(text);
}

Test(stream, a_full_pipe_loses_the_newest_lines_and_counts_them)
{
	struct stream *stream;
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	stream = stream_open(fds[1]);
	expect_gap(stream, fds[0], 2000);
	expect_gap(stream, fds[0], 1500);
	stream_close(stream);
}

Test(stream, a_full_socket_loses_the_newest_lines_and_counts_them)
{
	struct stream *stream;
	int fds[2];

	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	stream = stream_open(fds[1]);
	expect_gap(stream, fds[0], 2000);
	stream_close(stream);
}

Test(stream, a_stopped_terminal_is_not_waited_for)
{
	struct stream *stream;
	int master;
	int slave;

	cr_assert_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
	cr_assert_eq(tcflow(slave, TCOOFF), 0);
	stream = stream_open(slave);
	overfill(stream, 2000);
	stream_close(stream);
}

Test(stream, after_a_loss_nothing_is_written_until_it_was_told)
{
	struct stream *stream;
	char *text;
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	stream = stream_open(fds[1]);
	overfill(stream, 2000);
	text = malloc(4096);
	/* A little room, but too little to report the loss. */
	for (int i = 0; i < 20; i++) {
		drain(fds[0], text, 4096);
		stream_flush(stream);
	}
	cr_expect_eq(stream_take_dropped(stream), 0);
	stream_write(stream, "later");
	free(text);
	text = drain_all(stream, fds[0]);
	cr_expect_null(strstr(text, "later"), "it would stand before the news of what is missing");
	cr_expect_gt(stream_take_dropped(stream), 0);
	stream_write(stream, "again");
	free(text);
	text = drain_all(stream, fds[0]);
	cr_expect_str_eq(text, "again\n");
	free(text);
	stream_close(stream);
}

static void expect_broken(int reader, int writer)
{
	struct stream *stream = stream_open(writer);

	signal(SIGPIPE, SIG_IGN);
	stream_write(stream, "one");
	close(reader);
	for (unsigned int i = 0; i < 2000; i++)
		write_line(stream, i);
	cr_expect(!stream_is_waiting(stream), "nobody will ever read it");
	cr_expect_eq(stream_take_dropped(stream), 0);
	stream_close(stream);
}

Test(stream, a_reader_that_is_gone_is_not_waited_for)
{
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	expect_broken(fds[0], fds[1]);
	cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	expect_broken(fds[0], fds[1]);
}

Test(stream, a_closed_descriptor_does_no_harm)
{
	struct stream *stream;
	int fd = dup(STDOUT_FILENO);

	close(fd);
	stream = stream_open(fd);
	stream_write(stream, "one");
	cr_expect(!stream_is_waiting(stream));
	cr_expect_eq(stream_take_error(stream), EBADF);
	stream_write(stream, "two");
	cr_expect_eq(stream_take_error(stream), 0);
	stream_close(stream);
}

Test(stream, a_full_disk_is_tried_again)
{
	struct stream *stream;
	int full = open("/dev/full", O_WRONLY);

	if (full < 0)
		cr_skip_test("there is no /dev/full");
	stream = stream_open(full);
	stream_write(stream, "one");
	cr_expect(stream_is_waiting(stream));
	cr_expect_eq(stream_take_error(stream), ENOSPC);
	stream_write(stream, "two");
	cr_expect_eq(stream_take_error(stream), 0, "it was told already");
	stream_close(stream);
	close(full);
}

Test(stream, a_line_that_is_too_long_is_lost)
{
	struct stream *stream;
	char *line = malloc(BUFFER_SIZE + 2);
	int fds[2];

	memset(line, 'x', BUFFER_SIZE + 1);
	line[BUFFER_SIZE + 1] = '\0';
	cr_assert_eq(pipe(fds), 0);
	stream = stream_open(fds[1]);
	stream_write(stream, line);
	cr_expect(!stream_is_waiting(stream));
	cr_expect_eq(stream_take_dropped(stream), 1);
	stream_close(stream);
	free(line);
}
