/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Descriptors that go from process to process over a unix socket (unix(7)). Without Criterion. */
#pragma once

/** descriptors_send() - pass a descriptor, or the news that there is none if @fd is negative. Return: 0 or -errno. */
int descriptors_send(int over, int fd);

/** descriptors_receive() - wait for what was sent. Return: a descriptor that the caller closes, or -1. */
int descriptors_receive(int over);
