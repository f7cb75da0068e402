/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Shared by the tests of the reconciler: processes that hold listeners while the test looks, and the reports.
 *
 * Every process ends: with its parent, by an alarm, or with the test.
 */
#pragma once

#include "support/sockets.h"

#include <cgfence/reconcile.h>

#define HOLDING_SOCKETS 64

/* Shared by the test and its processes; a function that holds sockets notes them here. */
struct holding_board {
	uint32_t inodes[HOLDING_SOCKETS];
	uint32_t count;
	uint32_t word; /* for messages between the test and the process */
};

extern struct holding_board *holding_board;

/** holding_begin() - sockets_begin() and an empty board; for .init of a suite. */
void holding_begin(void);

/** holding_end() - end and reap the processes, and harness_end(); for .fini of a suite. */
void holding_end(void);

/** holding_skip() - skip the test for want of something in this kernel; ends the processes first. */
void holding_skip(const char *reason) __attribute__((noreturn));

/** holding_skip_without_iterator() - skip the test if the kernel has no iterator over descriptors. */
void holding_skip_without_iterator(void);

/**
 * holding_start() - start a process in a cgroup, and wait until it holds its sockets.
 * @function: makes the sockets; once it has returned 0, the process waits for its end
 *
 * It is called "holder".
 *
 * Return: its pid.
 */
pid_t holding_start(const struct cgfence_cgroup *cgroup, int (*function)(void *argument),
		    void *argument);

/**
 * holding_share() - have a process in the fence of the test hold a socket, which the test keeps too.
 * @pid: receives that of the process
 *
 * Return: the descriptor of the test.
 */
int holding_share(const char *text, pid_t *pid);

/** holding_stop() - kill one of them and wait for its end. */
void holding_stop(pid_t pid);

/** holding_lives() - does one of them live? It is reaped if not. */
bool holding_lives(pid_t pid);

/**
 * holding_dies() - wait for the end of one of them that was killed, and reap it. Return: false if it does not end.
 *
 * A cgroup is empty a moment before its processes can be waited for (do_exit, kernel/exit.c).
 */
bool holding_dies(pid_t pid);

/* For the functions that hold sockets. They return 0 or another code, since no assertion may fail there. */

/** holding_limit() - make a process that one of them forked end by itself. */
void holding_limit(void);

/** holding_ready() - tell the test before the function returns; any process may. */
void holding_ready(int code);

/** holding_ready_descriptor() - the descriptor of holding_ready(), for an executed program. */
int holding_ready_descriptor(void);

/** holding_await_nap() - wait until a process sleeps in nanosleep(2), as one does that tries something again and again. */
void holding_await_nap(pid_t pid);

/** holding_note() - write a socket down on the board. Return: its index, which is the order of the calls. */
int holding_note(int fd);

/** holding_listen() - make a socket from its text, listen if it is TCP, and note it. Return: a descriptor or -errno. */
int holding_listen(const char *text);

/** holding_listen_all() - the same for a NULL-ended array of texts; a function for holding_start(). */
int holding_listen_all(void *texts);

/** holding_move_in() - the same outside of the fence, and then go into it; a function for holding_start(). */
int holding_move_in(void *texts);

/** holding_nothing() - just be there; a function for holding_start(). */
int holding_nothing(void *argument);

/** holding_keep() - close every descriptor that this process has of sockets on the board but one; 0 for none. */
void holding_keep(uint32_t inode);

/** holding_wait() - wait for the end of the test. */
void holding_wait(void) __attribute__((noreturn));

/** holding_start_thread() - start one. Return: 0 or errno. */
int holding_start_thread(void *(*function)(void *argument), void *argument);

/**
 * holding_can_ask_threads() - can another process borrow a descriptor of a thread that is not its leader's (Linux 6.9)?
 */
bool holding_can_ask_threads(void);

/** holding_lose_leader() - leave the process to a thread called "last-thread". Return: errno if that fails. */
int holding_lose_leader(void);

/** holding_make_threaded() - make a cgroup a threaded one (cgroups(7)); for the test itself. */
void holding_make_threaded(const struct cgfence_cgroup *cgroup);

/**
 * holding_enter_with_thread() - start a thread called "inside" that moves to a threaded cgroup without its leader, and
 * wait for the end. Return: errno if that fails.
 */
int holding_enter_with_thread(struct cgfence_cgroup *cgroup);

/* ---- reports ---- */

#define REPORTS_MAX 256

struct report {
	bool ended;
	char cgroup[256];
	char member[256]; /* "" if there is none */
	uint32_t pid;
	char comm[17];
	char cmdline[256];
	enum cgfence_protocol protocol;
	enum cgfence_family family;
	char address[64];
	uint16_t port;
	uint32_t inode;
	char excess[512];
	size_t excess_left_out;
	char reason[256];
	enum cgfence_action action;
	char failure[256];
	size_t rest; /* it stands for that many, if not 0 */
	size_t rest_actions[CGFENCE_ACTION_COUNT];
};

struct reports {
	struct report items[REPORTS_MAX];
	size_t count;
	size_t in_excess;
};

/** reports_add() - a cgfence_report. @context: struct reports */
void reports_add(const struct cgfence_violation *violation, void *context);

/** reports_reconciler() - a new reconciler, which ends with the process of the test. */
struct cgfence_reconciler *reports_reconciler(void);

/** reports_pass() - one pass over all fences, which must not fail; the reports live until the next call. */
const struct reports *reports_pass(struct cgfence_reconciler *reconciler);

/** reports_of_fence() - the reports of cgfence_fence_report_excess(); they live until the next call. */
const struct reports *reports_of_fence(const struct cgfence_cgroup *fence);

/** reports_find() - the report of a fence and a socket that has not ended, or NULL. */
const struct report *reports_find(const struct reports *reports, const struct cgfence_cgroup *fence,
				  uint32_t inode);

/** reports_find_end() - the same for its end. */
const struct report *reports_find_end(const struct reports *reports,
				      const struct cgfence_cgroup *fence, uint32_t inode);

/** reports_expect() - the report of a socket that has not ended, which must be there and say @action. */
const struct report *reports_expect(const struct reports *reports,
				    const struct cgfence_cgroup *fence, uint32_t inode,
				    enum cgfence_action action);

/** reports_text() - all of them, for messages; it lives until the next call. */
const char *reports_text(const struct reports *reports);
