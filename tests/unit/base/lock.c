// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/lock.h"
#include "base/yield.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

static int held;
static int wanted;

static void begin(void)
{
	char path[] = "/tmp/cgfence-lock-XXXXXX";

	held = mkstemp(path);
	wanted = open(path, O_RDONLY | O_CLOEXEC);
	unlink(path);
	cr_assert(held >= 0 && wanted >= 0);
	cr_assert_eq(flock(held, LOCK_EX), 0);
}

TestSuite(lock, .init = begin, .timeout = 60);

/* The third time it is looked at, whoever has the lock gives it back. */
static void give_back_later(void *calls)
{
	if (++*(unsigned int *)calls == 3)
		flock(held, LOCK_UN);
}

Test(lock, a_wait_lets_the_caller_look_at_events)
{
	unsigned int calls = 0;

	yield_set(give_back_later, 0, &calls);
	cr_expect_eq(lock_await(wanted), 0);
	yield_set(NULL, 0, NULL);
	cr_expect_eq(calls, 3, "%u", calls);
	cr_expect_eq(flock(held, LOCK_EX | LOCK_NB), -1, "it has not been taken");
}

Test(lock, a_try_does_not_wait)
{
	cr_expect_eq(lock_try(wanted), -EWOULDBLOCK);
	flock(held, LOCK_UN);
	cr_expect_eq(lock_try(wanted), 0);
}

Test(lock, a_file_that_is_not_open_has_none)
{
	unsigned int calls = 0;

	cr_expect_eq(lock_await(-1), -EBADF);
	yield_set(give_back_later, 0, &calls);
	cr_expect_eq(lock_await(-1), -EBADF);
	yield_set(NULL, 0, NULL);
}
