// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/parallel.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdatomic.h>

TestSuite(parallel);

#define NUMBERS 6

struct seen {
	atomic_int calls[NUMBERS];
	atomic_bool took_signals; /* in a thread of which the caller knows nothing */
	pthread_t caller;
};

static void see(int number, void *context)
{
	struct seen *seen = context;
	sigset_t blocked;

	seen->calls[number]++;
	pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	if (!pthread_equal(pthread_self(), seen->caller) && !sigismember(&blocked, SIGTERM))
		seen->took_signals = true;
}

static void expect_each_once(int count)
{
	struct seen seen = { .caller = pthread_self() };

	parallel_run(count, see, &seen);
	for (int i = 0; i < NUMBERS; i++)
		cr_expect_eq(seen.calls[i], i < count, "%d of %d", i, count);
	cr_expect_not(seen.took_signals);
}

Test(parallel, each_number_is_taken_once)
{
	for (int round = 0; round < 100; round++) {
		for (int count = 0; count <= NUMBERS; count++)
			expect_each_once(count);
	}
}

/* Waits until a call of another thread is under way too. */
static void meet(int number, void *context)
{
	pthread_barrier_t *barrier = context;

	(void)number;
	pthread_barrier_wait(barrier);
}

Test(parallel, two_are_under_way_at_a_time, .timeout = 20)
{
	pthread_barrier_t barrier;
	cpu_set_t processors;

	sched_getaffinity(0, sizeof(processors), &processors);
	if (CPU_COUNT(&processors) == 1)
		cr_skip_test("there is one processor");
	pthread_barrier_init(&barrier, NULL, 2);
	parallel_run(NUMBERS, meet, &barrier);
	pthread_barrier_destroy(&barrier);
}

static void expect_caller(int number, void *context)
{
	(void)number;
	cr_expect(pthread_equal(pthread_self(), *(pthread_t *)context));
}

Test(parallel, one_processor_needs_no_thread)
{
	pthread_t caller = pthread_self();
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	cr_assert_eq(sched_setaffinity(0, sizeof(one), &one), 0);
	parallel_run(NUMBERS, expect_caller, &caller);
}
