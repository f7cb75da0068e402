/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines for a reader that may be slow: they wait in a buffer, and those that do not fit are counted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct stream;

/** stream_open() - write lines to the file that is open as @fd; @fd is not changed. Return: NULL if out of memory. */
struct stream *stream_open(int fd);

/** stream_close() - write what can be written now, and free the stream; NULL is fine. */
void stream_close(struct stream *stream);

/** stream_fd() - the descriptor to poll for writing; -1 if writing never waits, as to a regular file. */
int stream_fd(const struct stream *stream);

/** stream_write() - append a line, and write what can be written now. */
void stream_write(struct stream *stream, const char *line);

/** stream_flush() - write what can be written now. */
void stream_flush(struct stream *stream);

/**
 * stream_take_error() - why lines are not written, once each time that it begins to fail.
 *
 * Return: errno of the first write that failed, 0 if there is nothing new. A reader that is slow is no failure.
 */
int stream_take_error(struct stream *stream);

/** stream_is_waiting() - does the buffer hold lines that could not be written yet? */
bool stream_is_waiting(const struct stream *stream);

/**
 * stream_take_dropped() - the number of lines lost since the last call, if there is room to report it; else 0.
 *
 * All lines from the first one that did not fit to this call are lost, so that there is one gap, where it is reported.
 */
size_t stream_take_dropped(struct stream *stream);
