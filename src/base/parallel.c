// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct work {
	void (*function)(int number, void *context);
	void *context;
	int count;
	atomic_int next;
};

static void *take_numbers(void *context)
{
	struct work *work = context;
	int number;

	while ((number = atomic_fetch_add(&work->next, 1)) < work->count)
		work->function(number, work->context);
	return NULL;
}

/*
 * On any but the processor of the caller: a kernel that takes a halted virtual processor for one that its host has taken away
 * (available_idle_cpu() in kernel/sched) would let the thread wait for the caller's.
 */
static bool start_thread(struct work *work, cpu_set_t processors, pthread_t *thread)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int code;

	CPU_CLR(sched_getcpu(), &processors);
	if (CPU_COUNT(&processors) == 0 || pthread_attr_init(&attributes))
		return false;
	code = pthread_attr_setaffinity_np(&attributes, sizeof(processors), &processors);
	/* A signal is for the threads that the caller knows. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (code == 0)
		code = pthread_create(thread, &attributes, take_numbers, work);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return code == 0;
}

void parallel_run(int count, void (*function)(int number, void *context), void *context)
{
	struct work work = { .function = function, .context = context, .count = count };
	cpu_set_t processors;
	pthread_t thread;
	bool helped = count > 1 && sched_getaffinity(0, sizeof(processors), &processors) == 0 &&
		      start_thread(&work, processors, &thread);

	take_numbers(&work);
	if (!helped)
		return;
	/* If the others have been busy all the time, this one is free now. */
	pthread_setaffinity_np(thread, sizeof(processors), &processors);
	pthread_join(thread, NULL);
}
