/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Events for the journal of systemd, with fields: the native protocol, which systemd documents as stable and open to other
 * implementations (JOURNAL_NATIVE_PROTOCOL). libsystemd would load five more libraries into every command.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* What is NULL or 0 has no field. */
struct journal_entry {
	const char *what; /* one of the table of journal.c; it decides MESSAGE_ID and PRIORITY */
	const char *cgroup;
	const char *member;
	const char *policy;
	const char *hook;
	const char *subject; /* "c 1:3 rw", "tcp ipv4:8080" */
	const char *action;
	const char *reason;
	const char *failure;
	const char *comm;
	const char *cmdline;
	const char *file;
	uint32_t pid;
	uint64_t count;
};

struct journal;

/**
 * journal_open() - get ready, if systemd has connected standard output to the journal (systemd.exec(5), JOURNAL_STREAM).
 *
 * Return: to be given to journal_close(); NULL where events are for a reader of standard output.
 */
struct journal *journal_open(void);

/** journal_close() - close it; NULL is fine. */
void journal_close(struct journal *journal);

/**
 * journal_send() - send an event.
 * @journal: NULL does nothing
 * @message: what a reader of standard output would get
 *
 * It never waits.
 *
 * Return: was it taken? If not, it may go to standard output, which the journal reads too.
 */
bool journal_send(struct journal *journal, const struct journal_entry *entry, const char *message);

/** journal_message_id() - that of the @index-th kind of event, NULL past the last. @what: receives its name */
const char *journal_message_id(unsigned int index, const char **what);
