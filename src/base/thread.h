/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Threads of which the caller of the library knows nothing. */
#pragma once

#include <pthread.h>

/**
 * thread_start() - as pthread_create(3), with all signals blocked: a signal is for the threads that the caller knows.
 *
 * Return: 0 or an errno value.
 */
int thread_start(pthread_t *thread, const pthread_attr_t *attributes,
		 void *(*function)(void *context), void *context);
