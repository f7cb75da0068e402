// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What is borrowed from a process closes at once, whatever the process puts in the place of the socket meanwhile. */
#include "net/borrow.h"
#include "holding.h"
#include "net/borrower.h"

#include <cgfence/yield.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

TestSuite(reconcile_borrow, .init = holding_begin, .fini = holding_end);

static const struct cgfence_holder nobody;

/* From this process itself. */
static int borrow(int fd)
{
	const struct cgfence_holder holder = {
		.pid = (uint32_t)getpid(),
		.thread = (uint32_t)getpid(),
		.fd = (uint32_t)fd,
	};

	return socket_borrow_descriptor(&holder);
}

static void expect_borrowed(const char *text, int backlog)
{
	int fd = endpoint_open(text);
	int borrowed;
	struct stat own;
	struct stat its;

	cr_assert(fd >= 0 && (backlog == 0 || listen(fd, backlog) == 0), "%s", text);
	borrowed = borrow(fd);
	cr_assert_geq(borrowed, 0, "%s: %s", text, strerror(-borrowed));
	cr_assert(fstat(fd, &own) == 0 && fstat(borrowed, &its) == 0);
	cr_expect_eq(own.st_ino, its.st_ino, "%s", text);
	cr_expect(fcntl(borrowed, F_GETFD) & FD_CLOEXEC, "%s", text);
	close(borrowed);
	close(fd);
}

Test(reconcile_borrow, listeners)
{
	expect_borrowed("tcp 127.0.0.1 9", 1);
	expect_borrowed("udp :: 9", 0);
}

Test(reconcile_borrow, listeners_of_mptcp)
{
	int fd = endpoint_open("mptcp ::1 9");

	if (fd < 0)
		holding_skip("this kernel has no MPTCP");
	close(fd);
	expect_borrowed("mptcp ::1 9", 1);
}

/* A file system may let its files wait as they are closed, and a connection may as well (SO_LINGER). */
Test(reconcile_borrow, nothing_else)
{
	const struct endpoint server = endpoint_parse("tcp 127.0.0.1 9");
	int listener = endpoint_open("tcp 127.0.0.1 9");
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

	cr_assert_eq(listen(listener, 1), 0);
	cr_assert_eq(connect(client, &server.address.any, server.length), 0);
	cr_expect_eq(borrow(client), -EBADF);
	cr_expect_eq(borrow(file), -EBADF);
}

static int take_file(const struct cgfence_holder *holder)
{
	(void)holder;
	return open("/proc/self/status", O_RDONLY | O_CLOEXEC);
}

/* The file came between the look at the descriptor and its taking. */
Test(reconcile_borrow, no_file_that_came_in_its_place)
{
	cr_expect_eq(borrower_ask(take_file, &nobody), -EBADF);
}

static int take_for_ever(const struct cgfence_holder *holder)
{
	(void)holder;
	while (pause() < 0)
		;
	return -EBADF;
}

Test(reconcile_borrow, nobody_waits_for_one_who_does_not_come_back)
{
	time_t before = time(NULL);

	for (uint32_t thread = 1; thread <= 1000; thread++) {
		const struct cgfence_holder holder = { .thread = thread };

		cr_expect_eq(borrower_ask(take_for_ever, &holder), -ETIMEDOUT);
	}
	cr_expect_leq(time(NULL) - before, 100);
	/* The next pass begins anew. */
	borrower_end();
	expect_borrowed("udp :: 9", 0);
}

struct turns {
	int count;
	int nested;
};

static void take_turn(void *context)
{
	struct turns *turns = context;

	turns->count++;
	turns->nested = borrow(0);
	borrower_end();
}

/* A task that keeps its descriptors from others must not keep the daemon from listeners of others. */
Test(reconcile_borrow, events_are_looked_at_meanwhile)
{
	struct turns turns = { 0 };

	cgfence_yield_set(take_turn, 0, &turns);
	cr_expect_eq(borrower_ask(take_for_ever, &nobody), -ETIMEDOUT);
	cgfence_yield_set(NULL, 0, NULL);
	cr_expect_gt(turns.count, 10, "%d", turns.count);
	cr_expect_eq(turns.nested, -EBUSY);
	borrower_end();
	expect_borrowed("udp :: 9", 0);
}

/* A process in execve(2) may end later, and one that closes a file of FUSE never; of these the test can have none. */
Test(reconcile_borrow, one_process_does_it_and_ends_with_the_pass)
{
	expect_borrowed("udp :: 9", 0);
	expect_borrowed("tcp 127.0.0.1 9", 1);
	cr_expect_geq(waitpid(-1, NULL, WNOHANG), 0);
	borrower_end();
	cr_expect(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

/* A program that never ends a pass, but waits for all its children, must not wait for ever. */
Test(reconcile_borrow, it_ends_by_itself_and_another_one_goes_on)
{
	expect_borrowed("udp :: 9", 0);
	cr_expect_gt(waitpid(-1, NULL, 0), 0);
	expect_borrowed("udp :: 9", 0);
}
