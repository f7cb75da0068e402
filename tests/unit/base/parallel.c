// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/parallel.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdatomic.h>
#include <unistd.h>

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

static void skip_with_one_processor(void)
{
	cpu_set_t processors;

	sched_getaffinity(0, sizeof(processors), &processors);
	if (CPU_COUNT(&processors) == 1)
		cr_skip_test("there is one processor");
}

Test(parallel, two_are_under_way_at_a_time, .timeout = 20)
{
	pthread_barrier_t barrier;

	skip_with_one_processor();
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

#define END_US (100 * 1000)

struct caller {
	pthread_t thread;
	pthread_barrier_t meets; /* the other thread */
	atomic_bool done;
};

static cpu_set_t own_processors(void)
{
	cpu_set_t processors;

	CPU_ZERO(&processors);
	CPU_SET(sched_getcpu(), &processors);
	return processors;
}

/* Somebody leaves the caller one processor meanwhile, and the other thread ends long before the caller has done its part. */
static void narrow_caller(int number, void *context)
{
	struct caller *caller = context;

	(void)number;
	pthread_barrier_wait(&caller->meets);
	if (pthread_equal(pthread_self(), caller->thread)) {
		cpu_set_t one = own_processors();

		sched_setaffinity(0, sizeof(one), &one);
		usleep(END_US);
	}
}

Test(parallel, the_processors_of_the_caller_stay_what_they_are, .timeout = 20)
{
	struct caller caller = { .thread = pthread_self() };
	cpu_set_t processors;

	skip_with_one_processor();
	pthread_barrier_init(&caller.meets, NULL, 2);
	parallel_run(2, narrow_caller, &caller);
	cr_assert_eq(sched_getaffinity(0, sizeof(processors), &processors), 0);
	cr_expect_eq(CPU_COUNT(&processors), 1);
	pthread_barrier_destroy(&caller.meets);
}

static void let_other_take_long(int number, void *context)
{
	struct caller *caller = context;

	(void)number;
	pthread_barrier_wait(&caller->meets);
	if (pthread_equal(pthread_self(), caller->thread))
		return;
	usleep(2 * END_US);
	caller->done = true;
}

static void *run_two(void *context)
{
	struct caller *caller = context;

	caller->thread = pthread_self();
	parallel_run(2, let_other_take_long, caller);
	return NULL;
}

/* The other thread works on what the caller has on its stack. */
Test(parallel, a_caller_that_is_cancelled_waits_for_the_other, .timeout = 20)
{
	struct caller caller = { 0 };
	pthread_t thread;

	skip_with_one_processor();
	pthread_barrier_init(&caller.meets, NULL, 2);
	cr_assert_eq(pthread_create(&thread, NULL, run_two, &caller), 0);
	usleep(END_US);
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	cr_expect(caller.done);
	pthread_barrier_destroy(&caller.meets);
}
