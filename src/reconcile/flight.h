/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Finds listeners that tasks hold without a descriptor: on their way in unix sockets, at any depth, or as registered
 * files or in waiting requests of an io_uring.
 */
#pragma once

#include "reconcile/holders.h"

/* How many looks one fence gets in a pass. */
#define FLIGHT_LOOKS_MAX 4096

/* How many all fences get together. When they are used up, each further fence still gets a small share. */
#define FLIGHT_LOOKS_TOTAL 16384
#define FLIGHT_LOOKS_SHARE 256

/* How often a carrier is read that changes meanwhile. */
#define FLIGHT_TRIES 5

/**
 * A function that looks into a carrier and stores its result and what it found in @look.
 *
 * Return: 0 or -errno.
 */
typedef int flight_look(enum cgfence_carrier carrier, struct cgfence_look *look, void *context);

/**
 * flight_follow() - find all listeners that carriers lead to.
 * @leads: the tasks that hold carriers; this changes their order
 * @look: asks the kernel
 * @list: gains a holder without a descriptor for each listener of each fence
 * @unserved: gains the threads of leads that serve io_urings of which none was found
 *
 * Return: 0; -E2BIG, -EAGAIN or -EOPNOTSUPP if something could not be looked into, with everything else in @list;
 * another -errno.
 */
int flight_follow(struct holders *leads, flight_look *look, void *context, struct holders *list,
		  struct holders *unserved, struct cgfence_error *error);

/* The loaded programs that look. */
struct flight;

/**
 * flight_new() - load the programs, which takes some 40 ms.
 * @flight: receives what is to be given to flight_free()
 */
int flight_new(struct flight **flight, struct cgfence_error *error);

/** flight_free() - unload the programs; NULL is fine. */
void flight_free(struct flight *flight);

/** flight_ask_kernel() - the flight_look that asks the running kernel. @context: a struct flight */
int flight_ask_kernel(enum cgfence_carrier carrier, struct cgfence_look *look, void *context);
