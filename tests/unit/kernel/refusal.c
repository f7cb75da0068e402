// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/refusal.h"

#include <criterion/criterion.h>
#include <errno.h>

Test(refusal, is_what_a_kernel_says_of_a_program_that_it_does_not_take)
{
	static const int refusals[] = { EINVAL, EACCES, ENOTSUP, 524, ESRCH, ENOENT };

	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
		cr_expect(refusal_is(-refusals[i]), "%d", refusals[i]);
}

/* A fence must not be weaker for ever because of them. */
Test(refusal, is_not_what_may_be_otherwise_the_next_time)
{
	static const int others[] = { 0, ENOMEM, EAGAIN, EINTR, EMFILE, ENFILE, E2BIG, EBUSY, EIO };

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		cr_expect_not(refusal_is(-others[i]), "%d", others[i]);
}
