// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "hiding.h"
#include "holding.h"
#include "support/descriptors.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

/* Of one byte, which fit into the usual buffer of a socket. */
#define MESSAGES 150

/* More than what is looked at in one go, and the one place among them. */
#define FILES 200
#define PLACE 170

static volatile pid_t caller;

int hiding_send(int over, int fd)
{
	int code = descriptors_send(over, fd);

	close(fd);
	return code;
}

static int make_pair(int type, int ends[2])
{
	return socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0;
}

int hiding_on_stream(int fd)
{
	int ends[2];

	return make_pair(SOCK_STREAM, ends) || hiding_send(ends[0], fd);
}

int hiding_on_datagram(int fd)
{
	int ends[2];

	return make_pair(SOCK_DGRAM, ends) || hiding_send(ends[0], fd);
}

int hiding_behind_messages(int fd)
{
	int ends[2];

	if (make_pair(SOCK_SEQPACKET, ends))
		return 1;
	for (int i = 0; i < MESSAGES; i++) {
		if (i % 2 ? descriptors_send(ends[0], STDIN_FILENO) : write(ends[0], "", 1) != 1)
			return 2;
	}
	return hiding_send(ends[0], fd);
}

/* Sends both ends of a pair over another. */
static int send_pair(const int over[2], const int ends[2])
{
	return hiding_send(over[0], ends[0]) || hiding_send(over[0], ends[1]);
}

int hiding_nested(int fd)
{
	int inner[2];
	int middle[2];
	int outer[2];

	return make_pair(SOCK_STREAM, inner) || make_pair(SOCK_DGRAM, middle) ||
	       make_pair(SOCK_STREAM, outer) || hiding_send(inner[0], fd) ||
	       send_pair(middle, inner) || send_pair(outer, middle);
}

int hiding_in_circle(int fd)
{
	int ends[2];

	return make_pair(SOCK_STREAM, ends) || descriptors_send(ends[0], ends[1]) ||
	       descriptors_send(ends[1], ends[0]) || hiding_send(ends[0], fd);
}

/* Return: a unix socket that listens at an address that the kernel chose, or -1. */
static int listen_unix(struct sockaddr_un *address, socklen_t *length)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	*length = sizeof(address->sun_family);
	if (bind(fd, (struct sockaddr *)address, *length) < 0 || listen(fd, 8) < 0)
		return -1;
	*length = sizeof(*address);
	return getsockname(fd, (struct sockaddr *)address, length) < 0 ? -1 : fd;
}

/* Return: the socket that listens, or -1. */
static int send_before_accept(int fd)
{
	struct sockaddr_un address;
	socklen_t length;
	int listener = listen_unix(&address, &length);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int code = listener < 0 || connect(client, (struct sockaddr *)&address, length) < 0 ||
		   hiding_send(client, fd);

	close(client);
	return code ? -1 : listener;
}

int hiding_before_accept(int fd)
{
	return send_before_accept(fd) < 0;
}

int hiding_nested_before_accept(int fd)
{
	int listener = send_before_accept(fd);

	return listener < 0 || hiding_on_stream(listener);
}

struct ring {
	int fd;
	struct io_uring_params parameters;
	char *queues;
};

/* Return: 0, or what to return when it cannot be had. */
static int open_ring_with(struct ring *ring, const struct io_uring_params *parameters)
{
	*ring = (struct ring){ .parameters = *parameters };
	ring->fd = (int)syscall(SYS_io_uring_setup, 4, &ring->parameters);
	if (ring->fd < 0)
		return HIDING_UNSUPPORTED;
	ring->queues =
		mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	return ring->queues == MAP_FAILED;
}

static int open_ring(struct ring *ring)
{
	return open_ring_with(ring, &(struct io_uring_params){ 0 });
}

static int register_in(const struct ring *ring, int fd)
{
	int files[FILES];

	memset(files, -1, sizeof(files));
	for (int i = 0; i < FILES; i += 3)
		files[i] = STDIN_FILENO;
	files[PLACE] = fd;
	if (syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES, files, FILES) < 0)
		return errno;
	close(fd);
	return 0;
}

int hiding_registered(int fd)
{
	struct ring ring;
	int code = open_ring(&ring);

	return code ? code : register_in(&ring, fd);
}

int hiding_registered_nested(int fd)
{
	int ends[2];

	if (make_pair(SOCK_STREAM, ends) || hiding_send(ends[0], fd))
		return 1;
	return hiding_registered(ends[1]);
}

int hiding_registered_mapped(int fd)
{
	struct ring ring;
	int code = open_ring(&ring);

	if (code == 0)
		code = register_in(&ring, fd);
	close(ring.fd);
	return code;
}

static void *register_and_wait(void *fd)
{
	holding_ready(hiding_registered_mapped(*(int *)fd));
	holding_wait();
	return NULL;
}

int hiding_registered_by_thread(int fd)
{
	static int copy;

	copy = fd;
	if (holding_start_thread(register_and_wait, &copy))
		return 1;
	holding_wait();
}

/* @shared: another one whose thread it shares, or NULL */
static int open_served(struct ring *ring, const struct ring *shared)
{
	const struct io_uring_params parameters = {
		.flags = IORING_SETUP_SQPOLL | (shared ? IORING_SETUP_ATTACH_WQ : 0),
		.sq_thread_idle = 1,
		.wq_fd = shared ? (__u32)shared->fd : 0,
	};
	int code = open_ring_with(ring, &parameters);

	/* Before 5.12 what serves it is no thread of the process. */
	return code || ring->parameters.features & IORING_FEAT_NATIVE_WORKERS ? code
									      : HIDING_UNSUPPORTED;
}

int hiding_served(int fd)
{
	struct ring ring;
	int code = open_served(&ring, NULL);

	return code ? code : register_in(&ring, fd);
}

/* Long enough that a pass mostly does not look at what is gone since. */
#define SERVED_US 20000

struct maker {
	const struct ring *shared;
	int fd;
	int code;
};

static void *make_and_end(void *argument)
{
	struct maker *maker = argument;
	struct ring ring;

	maker->code = open_served(&ring, maker->shared);
	if (maker->code == 0)
		maker->code = register_in(&ring, maker->fd);
	close(ring.fd);
	return NULL;
}

/* With the thread that made it, nothing that leads to it is left but what is mapped. */
static int leave_mapped(const struct ring *shared, int fd)
{
	struct maker maker = { .shared = shared, .fd = fd };
	pthread_t thread;

	if (pthread_create(&thread, NULL, make_and_end, &maker) || pthread_join(thread, NULL))
		return 1;
	return maker.code;
}

int hiding_served_mapped(int fd)
{
	return leave_mapped(NULL, fd);
}

int hiding_served_with_another(int fd)
{
	struct ring ring;
	int code = open_served(&ring, NULL);

	return code ? code : leave_mapped(&ring, fd);
}

int hiding_served_again_and_again(int fd)
{
	struct ring ring;
	int code = open_served(&ring, NULL);

	close(fd);
	if (code)
		return code;
	holding_ready(0);
	for (; code == 0; code = open_served(&ring, NULL)) {
		usleep(SERVED_US);
		munmap(ring.queues, 4096);
		close(ring.fd);
	}
	return code;
}

int hiding_in_request(int fd)
{
	struct ring ring;
	struct io_uring_sqe *requests;
	unsigned int *tail;
	int code = open_ring(&ring);

	if (code)
		return code;
	requests = mmap(NULL, ring.parameters.sq_entries * sizeof(*requests),
			PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, IORING_OFF_SQES);
	if (requests == MAP_FAILED)
		return 1;
	requests[0] = (struct io_uring_sqe){ .opcode = IORING_OP_ACCEPT, .fd = fd };
	*(unsigned int *)(ring.queues + ring.parameters.sq_off.array) = 0;
	tail = (unsigned int *)(ring.queues + ring.parameters.sq_off.tail);
	__atomic_store_n(tail, 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring.fd, 1, 0, 0, NULL, 0) != 1)
		return HIDING_UNSUPPORTED;
	close(fd);
	return 0;
}

static void *accept_one(void *fd)
{
	/* There is one such thread in a process. */
	caller = (pid_t)syscall(SYS_gettid);
	/* The C library makes it by socketcall(2) on s390x, and then that is what /proc shows. */
	syscall(SYS_accept4, *(int *)fd, NULL, NULL, SOCK_CLOEXEC);
	return NULL;
}

static bool waits_in_accept(pid_t thread)
{
	char path[64];
	long call = -1;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", thread);
	file = fopen(path, "re");
	if (file && fscanf(file, "%ld", &call) != 1)
		call = -1;
	if (file)
		fclose(file);
	return call == SYS_accept4;
}

int hiding_in_call(int fd)
{
	static int copy;

	copy = fd;
	if (holding_start_thread(accept_one, &copy))
		return 1;
	while (!caller || !waits_in_accept(caller))
		sched_yield();
	close(fd);
	return 0;
}
