// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "kernel/quiet.h"

#include <bpf/libbpf.h>
#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned int users;
static libbpf_print_fn_t of_others;
static _Thread_local unsigned int depth;

static int print_for_others(enum libbpf_print_level level, const char *format, va_list arguments)
{
	libbpf_print_fn_t print;

	if (depth)
		return 0;
	/* This function is in place a moment before it is known whose place it took. */
	pthread_mutex_lock(&lock);
	print = of_others;
	pthread_mutex_unlock(&lock);
	return print ? print(level, format, arguments) : 0;
}

int quiet_begin(void)
{
	depth++;
	pthread_mutex_lock(&lock);
	if (users++ == 0)
		of_others = libbpf_set_print(print_for_others);
	pthread_mutex_unlock(&lock);
	return 0;
}

void quiet_end(const int *quiet)
{
	(void)quiet;
	pthread_mutex_lock(&lock);
	if (--users == 0) {
		libbpf_print_fn_t found = libbpf_set_print(of_others);

		/* Another thread has set one meanwhile. */
		if (found != print_for_others)
			libbpf_set_print(found);
	}
	pthread_mutex_unlock(&lock);
	depth--;
}
