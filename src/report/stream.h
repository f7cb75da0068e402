/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Lines for somebody who may not read them: they wait in a buffer, and what does not fit is counted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct stream;

/** stream_open() - lines for the file that is open as @fd, which stays as it is. Return: NULL if out of memory. */
struct stream *stream_open(int fd);

/** stream_close() - write what can be written now, and free it; NULL is fine. */
void stream_close(struct stream *stream);

/** stream_fd() - to wait on until it can be written to; -1 if writing never waits, as to a regular file. */
int stream_fd(const struct stream *stream);

/** stream_write() - append a line, and write what can be written now. */
void stream_write(struct stream *stream, const char *line);

/** stream_flush() - write what can be written now. */
void stream_flush(struct stream *stream);

/** stream_is_waiting() - is there something that could not be written yet? */
bool stream_is_waiting(const struct stream *stream);

/**
 * stream_take_dropped() - how many lines were lost since the last call, once there is room to say so; else 0.
 *
 * From the first line that did not fit to this call all are lost, so that there is one gap, and it is where it is told.
 */
size_t stream_take_dropped(struct stream *stream);
