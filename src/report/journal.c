// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "report/journal.h"
#include "base/cleanup.h"
#include "report/printable.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>

#define SOCKET "/run/systemd/journal/socket"

/* Longer values are cut: a datagram has an end, and a command line almost none. */
#define VALUE_MAX 4096

/* The ids are those of tools/cgfence.catalog. They never change. */
static const struct kind {
	const char *what;
	const char *id;
	int priority;
} kinds[] = {
	{ "started", "d2f2fe85fbf8201fb1a0c4bd322ec920", LOG_INFO },
	{ "violation", "86b7b833582e3bd26787271480652e42", LOG_WARNING },
	{ "violations", "e3f24f9f8015704949fa3c22559a5b93", LOG_WARNING },
	{ "ended", "0c41e0b3841d1dc5f8b0f2e5ea803cae", LOG_INFO },
	{ "violations_ended", "6c4f87840e4df18f7407fa42c0b5a9a7", LOG_INFO },
	{ "denied", "13a62cdc1a6b97b64ad86d4af946ddd0", LOG_NOTICE },
	{ "audited", "40748fdae5755991ee1cbecd40145800", LOG_INFO },
	{ "killed", "01bda3bb82bd7d0c414c884ad146f677", LOG_WARNING },
	{ "muted", "7f41b7ae46f62f4c2f9748c582692345", LOG_WARNING },
	{ "seen", "62d3ad7748a700313a1e24654f5cb7e0", LOG_NOTICE },
	{ "omitted", "2d91e5452aa09ddd1c0aee6004099571", LOG_NOTICE },
	{ "fenced", "eacde465d7e73dca4394b0c0e62c4613", LOG_INFO },
	{ "unfenced", "dce68f45469a526243cd6207bfed0510", LOG_NOTICE },
	{ "applied", "2d0bd41bd7c9d9a8cd96b275401da283", LOG_INFO },
	{ "attached", "d747c0d1dfc44006962203f1d621a56b", LOG_NOTICE },
	{ "adopted", "1282b734c9d142899a2b60810d1682e7", LOG_NOTICE },
	{ "left", "abde4242b4fb4115bc8fdcd1aa1e3589", LOG_WARNING },
	{ "resolved", "1a630ad9526b4c6ea06b8dd833795940", LOG_NOTICE },
	{ "error", "f2fc0892518c28eb1f87cc6d69cc11f7", LOG_ERR },
	{ "dropped", "4b5ba9354ab8ab63ce668e7f6f734d75", LOG_WARNING },
};

#define KIND_COUNT (sizeof(kinds) / sizeof(kinds[0]))

struct journal {
	int fd;
};

const char *journal_message_id(unsigned int index, const char **what)
{
	if (index >= KIND_COUNT)
		return NULL;
	*what = kinds[index].what;
	return kinds[index].id;
}

/* Standard output may have been redirected since systemd set the variable. */
static bool is_stream(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device;
	unsigned long long inode;
	struct stat status;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
	       fstat(fd, &status) == 0 && status.st_dev == device && status.st_ino == inode;
}

struct journal *journal_open(void)
{
	struct journal *journal;
	int fd;

	if (!is_stream(STDOUT_FILENO))
		return NULL;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	journal = fd < 0 ? NULL : malloc(sizeof(*journal));
	if (journal)
		journal->fd = fd;
	else
		cleanup_close_descriptor(&fd);
	return journal;
}

void journal_close(struct journal *journal)
{
	if (!journal)
		return;
	close(journal->fd);
	free(journal);
}

/*
 * Processes and cgroups choose some of them. Without control characters they begin no field of their own, and the terminal
 * of `journalctl -x`, which puts them into the catalog's text, gets none either.
 */
static void put(FILE *datagram, const char *name, const char *value)
{
	cleanup_free char *cut = value ? strndup(value, VALUE_MAX) : NULL;
	cleanup_free char *printable = cut ? printable_copy(cut) : NULL;

	if (printable && *printable)
		fprintf(datagram, "%s=%s\n", name, printable);
}

static void put_number(FILE *datagram, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)number);
	put(datagram, name, number ? text : NULL);
}

static void put_kind(FILE *datagram, const char *what)
{
	for (size_t i = 0; i < KIND_COUNT; i++) {
		if (strcmp(kinds[i].what, what) != 0)
			continue;
		put(datagram, "MESSAGE_ID", kinds[i].id);
		fprintf(datagram, "PRIORITY=%d\n", kinds[i].priority);
	}
}

static void put_entry(FILE *datagram, const struct journal_entry *entry, const char *message)
{
	/* It is cut nowhere else, and JSON is to stay JSON. */
	fprintf(datagram, "MESSAGE=%s\n", message);
	put_kind(datagram, entry->what);
	put(datagram, "SYSLOG_IDENTIFIER", "cgfence");
	put(datagram, "CGFENCE_WHAT", entry->what);
	put(datagram, "CGFENCE_CGROUP", entry->cgroup);
	put(datagram, "CGFENCE_MEMBER", entry->member);
	put(datagram, "CGFENCE_POLICY", entry->policy);
	put(datagram, "CGFENCE_HOOK", entry->hook);
	put(datagram, "CGFENCE_SUBJECT", entry->subject);
	put(datagram, "CGFENCE_ACTION", entry->action);
	put(datagram, "CGFENCE_REASON", entry->reason);
	put(datagram, "CGFENCE_FAILURE", entry->failure);
	put(datagram, "CGFENCE_COMM", entry->comm);
	put(datagram, "CGFENCE_CMDLINE", entry->cmdline);
	put(datagram, "CGFENCE_FILE", entry->file);
	put_number(datagram, "CGFENCE_PID", entry->pid);
	put_number(datagram, "CGFENCE_COUNT", entry->count);
}

bool journal_send(struct journal *journal, const struct journal_entry *entry, const char *message)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	cleanup_free char *bytes = NULL;
	size_t size = 0;
	FILE *datagram;

	/* The message is a line. */
	if (!journal || strchr(message, '\n'))
		return false;
	datagram = open_memstream(&bytes, &size);
	if (!datagram)
		return false;
	put_entry(datagram, entry, message);
	if (fclose(datagram))
		return false;
	return sendto(journal->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT,
		      (const struct sockaddr *)&address, sizeof(address)) >= 0;
}
