// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/parallel.h"
#include "base/thread.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct work {
	void (*function)(int number, void *context);
	void *context;
	int count;
	atomic_int next;
	pthread_mutex_t alive; /* held by the caller while the other thread must not end */
};

static void *take_numbers(void *context)
{
	struct work *work = context;
	int number;

	while ((number = atomic_fetch_add(&work->next, 1)) < work->count)
		work->function(number, work->context);
	return NULL;
}

static void *help(void *context)
{
	struct work *work = context;

	take_numbers(work);
	pthread_mutex_lock(&work->alive);
	pthread_mutex_unlock(&work->alive);
	return NULL;
}

/*
 * On any but the processor of the caller: a kernel that takes a halted virtual processor for one that its host has taken away
 * (available_idle_cpu() in kernel/sched) would let the thread wait for the caller's.
 */
static bool start_thread(struct work *work, cpu_set_t processors, pthread_t *thread)
{
	pthread_attr_t attributes;
	int code;

	CPU_CLR(sched_getcpu(), &processors);
	if (CPU_COUNT(&processors) == 0 || pthread_attr_init(&attributes))
		return false;
	code = pthread_attr_setaffinity_np(&attributes, sizeof(processors), &processors);
	if (code == 0)
		code = thread_start(thread, &attributes, help, work);
	pthread_attr_destroy(&attributes);
	return code == 0;
}

void parallel_run(int count, void (*function)(int number, void *context), void *context)
{
	struct work work = { .function = function, .context = context, .count = count };
	cpu_set_t processors;
	pthread_t thread;
	bool helped;
	int cancel;

	/* What the other thread works on is on the stack of this one. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	pthread_mutex_init(&work.alive, NULL);
	pthread_mutex_lock(&work.alive);
	helped = count > 1 && sched_getaffinity(0, sizeof(processors), &processors) == 0 &&
		 start_thread(&work, processors, &thread);
	take_numbers(&work);
	/*
	 * If the others have been busy all the time, this one is free now. Of a thread that has ended glibc takes the
	 * number 0, by which the kernel would take the caller (pthread_setaffinity_np).
	 */
	if (helped)
		pthread_setaffinity_np(thread, sizeof(processors), &processors);
	pthread_mutex_unlock(&work.alive);
	if (helped)
		pthread_join(thread, NULL);
	pthread_mutex_destroy(&work.alive);
	pthread_setcancelstate(cancel, NULL);
}
