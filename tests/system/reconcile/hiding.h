/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Ways to hold a socket without a descriptor of it, for the processes of holding_start(). Each takes a descriptor, closes
 * it, and returns 0, a code that is not 0, or HIDING_UNSUPPORTED.
 */
#pragma once

#define HIDING_UNSUPPORTED 200 /* this kernel has no io_uring, or not that part of it */

typedef int hiding_way(int fd);

/** hiding_send() - pass a descriptor over a unix socket, and close it. Return: 0 or 1. */
int hiding_send(int over, int fd);

/** hiding_on_stream() - on its way between the ends of a pair of sockets. */
int hiding_on_stream(int fd);

/** hiding_on_datagram() - the same with datagrams. */
int hiding_on_datagram(int fd);

/** hiding_behind_messages() - the same, behind many other messages and with other descriptors before it. */
int hiding_behind_messages(int fd);

/** hiding_nested() - the same, on a pair that is itself on its way on a pair that is on its way. */
int hiding_nested(int fd);

/** hiding_in_circle() - the same, on a pair that is on its way on itself. */
int hiding_in_circle(int fd);

/** hiding_before_accept() - on its way to who accepts a connection of a unix socket, whose client is gone. */
int hiding_before_accept(int fd);

/** hiding_nested_before_accept() - the same, and the socket that listens is on its way too. */
int hiding_nested_before_accept(int fd);

/** hiding_registered() - a registered file of an io_uring, one of many. */
int hiding_registered(int fd);

/** hiding_registered_nested() - on its way on a unix socket that is a registered file of an io_uring. */
int hiding_registered_nested(int fd);

/** hiding_registered_mapped() - a registered file of an io_uring that has no descriptor itself, but is mapped. */
int hiding_registered_mapped(int fd);

/** hiding_registered_by_thread() - the same of a thread that is not the leader of its process. */
int hiding_registered_by_thread(int fd);

/** hiding_served() - a registered file of an io_uring that a thread of the kernel serves (IORING_SETUP_SQPOLL). */
int hiding_served(int fd);

/** hiding_served_mapped() - the same, which is mapped and nothing else, since who made it has ended. */
int hiding_served_mapped(int fd);

/** hiding_served_with_another() - the same, and its thread serves another one that has a descriptor. */
int hiding_served_with_another(int fd);

/** hiding_served_again_and_again() - close @fd, and make and close such io_urings for ever. */
int hiding_served_again_and_again(int fd);

/** hiding_in_request() - the file of a request of an io_uring that waits for a connection. */
int hiding_in_request(int fd);

/** hiding_in_call() - a thread waits in accept4(2) with a descriptor that another has closed since. */
int hiding_in_call(int fd);
