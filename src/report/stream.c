// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUFFER_SIZE (1024 * 1024)

/* A writable pipe takes at least PIPE_BUF bytes without waiting (pipe(7)); a terminal takes less. */
#define CHUNK_SIZE 256

struct stream {
	int fd;
	bool is_own; /* opened here, with O_NONBLOCK */
	bool is_socket;
	bool never_waits; /* a regular file */
	bool is_broken;	  /* there is no reader any more */
	bool is_failing;  /* as the last write did */
	int error;	  /* that was not taken yet */
	size_t used;
	size_t dropped;
	char buffer[BUFFER_SIZE];
};

/* Opens the file again, since O_NONBLOCK on @fd would affect all processes that share it. */
static int reopen(int fd)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

struct stream *stream_open(int fd)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	struct stat status;

	if (!stream)
		return NULL;
	stream->fd = fd;
	if (fstat(fd, &status) < 0)
		return stream;
	stream->is_socket = S_ISSOCK(status.st_mode);
	stream->never_waits = S_ISREG(status.st_mode);
	if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
		int own = reopen(fd);

		stream->is_own = own >= 0;
		stream->fd = own >= 0 ? own : fd;
	}
	return stream;
}

void stream_close(struct stream *stream)
{
	if (!stream)
		return;
	stream_flush(stream);
	if (stream->is_own)
		close(stream->fd);
	free(stream);
}

int stream_fd(const struct stream *stream)
{
	return stream->never_waits ? -1 : stream->fd;
}

static ssize_t write_some(const struct stream *stream)
{
	struct pollfd writable = { .fd = stream->fd, .events = POLLOUT };
	size_t length = stream->used;

	if (stream->is_socket)
		return send(stream->fd, stream->buffer, length, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (!stream->is_own && !stream->never_waits) {
		if (poll(&writable, 1, 0) <= 0) {
			errno = EAGAIN;
			return -1;
		}
		length = length < CHUNK_SIZE ? length : CHUNK_SIZE;
	}
	return write(stream->fd, stream->buffer, length);
}

void stream_flush(struct stream *stream)
{
	while (stream->used && !stream->is_broken) {
		ssize_t written = write_some(stream);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno != EAGAIN && !stream->is_failing) {
			stream->is_failing = true;
			stream->error = errno;
		}
		if (written < 0) {
			/* A full disk may have room later. */
			stream->is_broken = errno != EAGAIN && errno != ENOSPC && errno != EDQUOT;
			return;
		}
		stream->is_failing = false;
		stream->used -= (size_t)written;
		memmove(stream->buffer, stream->buffer + written, stream->used);
	}
}

void stream_write(struct stream *stream, const char *line)
{
	size_t length = strlen(line);

	if (stream->is_broken)
		return;
	/* After a loss drop all lines until the loss is reported, so that the report is in the right place. */
	if (stream->dropped || length + 1 > BUFFER_SIZE - stream->used) {
		stream->dropped++;
		return;
	}
	memcpy(stream->buffer + stream->used, line, length);
	stream->buffer[stream->used + length] = '\n';
	stream->used += length + 1;
	stream_flush(stream);
}

int stream_take_error(struct stream *stream)
{
	int error = stream->error;

	stream->error = 0;
	return error;
}

bool stream_is_waiting(const struct stream *stream)
{
	return stream->used && !stream->is_broken;
}

size_t stream_take_dropped(struct stream *stream)
{
	size_t dropped = stream->used < BUFFER_SIZE / 2 ? stream->dropped : 0;

	stream->dropped -= dropped;
	return dropped;
}
