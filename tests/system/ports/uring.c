// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* bind and listen by io_uring (Linux 6.11), by its raw system calls. */
#include "support/sockets.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

TestSuite(port_uring, .init = sockets_begin, .fini = harness_end);

/* Newer than the header of the build host may be (include/uapi/linux/io_uring.h). */
#define OP_BIND 56
#define OP_LISTEN 57

#define NO_IO_URING 249

struct ring {
	int fd;
	struct io_uring_params params;
	char *queues;
	struct io_uring_sqe *requests;
};

static int open_ring(struct ring *ring)
{
	size_t size;

	memset(ring, 0, sizeof(*ring));
	ring->fd = (int)syscall(SYS_io_uring_setup, 4, &ring->params);
	if (ring->fd < 0 || !(ring->params.features & IORING_FEAT_SINGLE_MMAP))
		return -1;
	size = ring->params.cq_off.cqes + ring->params.cq_entries * sizeof(struct io_uring_cqe);
	ring->queues =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->requests = mmap(NULL, ring->params.sq_entries * sizeof(*ring->requests),
			      PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	return ring->queues == MAP_FAILED || ring->requests == MAP_FAILED ? -1 : 0;
}

static unsigned int *queue_word(const struct ring *ring, unsigned int offset)
{
	return (unsigned int *)(ring->queues + offset);
}

/* Has one request done. Return: 0 or errno. */
static int submit(struct ring *ring, const struct io_uring_sqe *request)
{
	unsigned int tail = *queue_word(ring, ring->params.sq_off.tail);
	unsigned int slot = tail & *queue_word(ring, ring->params.sq_off.ring_mask);
	unsigned int *head = queue_word(ring, ring->params.cq_off.head);
	const struct io_uring_cqe *completions = (void *)(ring->queues + ring->params.cq_off.cqes);
	int result;

	ring->requests[slot] = *request;
	queue_word(ring, ring->params.sq_off.array)[slot] = slot;
	__atomic_store_n(queue_word(ring, ring->params.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0)
		return errno;
	result = completions[*head & *queue_word(ring, ring->params.cq_off.ring_mask)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result < 0 ? -result : 0;
}

static int submit_bind(struct ring *ring, int fd, const struct endpoint *endpoint,
		       unsigned char flags)
{
	struct io_uring_sqe request = {
		.opcode = OP_BIND,
		.flags = flags,
		.fd = fd,
		.addr = (uintptr_t)&endpoint->address,
		.addr2 = endpoint->length,
	};

	return submit(ring, &request);
}

static int submit_listen(struct ring *ring, int fd, unsigned char flags)
{
	struct io_uring_sqe request = { .opcode = OP_LISTEN, .flags = flags, .fd = fd, .len = 8 };

	return submit(ring, &request);
}

static int bind_and_listen(const char *text, unsigned char flags)
{
	struct endpoint endpoint = endpoint_parse(text);
	int fd = endpoint_make(&endpoint);
	struct ring ring;
	int result = 0;

	if (open_ring(&ring))
		return NO_IO_URING;
	if (!endpoint.unbound)
		result = submit_bind(&ring, fd, &endpoint, flags);
	if (result)
		return result == EPERM && endpoint_port(fd) ? SOCKETS_STILL_BOUND : result;
	return submit_listen(&ring, fd, flags);
}

static int bind_and_listen_here(void *argument)
{
	return bind_and_listen(argument, 0);
}

/* By a worker thread of the kernel. */
static int bind_and_listen_elsewhere(void *argument)
{
	return bind_and_listen(argument, IOSQE_ASYNC);
}

static void expect_judged(int (*function)(void *argument))
{
	enum cgfence_listen_guard guard;
	int guarded;

	if (harness_in_cgroup(harness_cgroup(), function, "tcp 127.0.0.1 8080"))
		sockets_skip("this kernel has no bind and listen by io_uring");
	harness_attach(sockets_fence(), "{'ports': [8080], 'on_violation': 'kill'}");
	guard = sockets_guard(sockets_fence());
	guarded = sockets_guarded_result(guard);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), function, "tcp 127.0.0.1 8080"), 0);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), function, "tcp ::1 8080"), 0);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), function, "tcp 127.0.0.1 8081"), EPERM);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), function, "tcp :: 8081"), EPERM);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), function, "tcp 127.0.0.1 0"), guarded);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), function, "tcp 127.0.0.1 unbound"),
		     guarded);
	cr_expect_eq(harness_in_cgroup(sockets_fence(), function, "tcp ::1 0 noport"), guarded);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_BIND), 2);
	cr_expect_eq(sockets_refusal_count(sockets_fence(), CGFENCE_HOOK_LISTEN),
		     guard == CGFENCE_GUARD_NONE ? 0 : 3);
}

Test(port_uring, requests_by_io_uring_are_judged_like_system_calls)
{
	expect_judged(bind_and_listen_here);
}

Test(port_uring, requests_by_its_worker_threads_are_judged_too)
{
	expect_judged(bind_and_listen_elsewhere);
}
