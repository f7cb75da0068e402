// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The watch as systemd runs it, with a socket of the test in place of the journal. */
#include "holder.h"
#include "support/sockets.h"
#include "watching.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET "/run/systemd/journal/socket"
#define CATALOG "tools/cgfence.catalog"

TestSuite(journal, .init = sockets_begin, .fini = harness_end, .timeout = 600);

/* What /run is in the mount namespace of the test, which nobody else sees. */
static void make_run(void)
{
	cr_assert_eq(mount("none", "/run", "tmpfs", 0, "mode=0755"), 0, "%s", strerror(errno));
	cr_assert_eq(mkdir("/run/systemd", 0755), 0);
	cr_assert_eq(mkdir("/run/systemd/journal", 0755), 0);
}

static int make_journal(void)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	make_run();
	cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0, "%s",
		     strerror(errno));
	return fd;
}

/* @stream: what makes JOURNAL_STREAM, in a shell */
static void start(struct watching *watching, const char *stream, const char *format)
{
	static const char script[] =
		"export JOURNAL_STREAM=\"$(eval \"$1\")\"; exec \"$0\" watch $2 --interval 1h";
	const struct program_options options = { .by_words = true };

	watching_start_with(watching, &options,
			    WORDS("sh", "-c", script, program_path(), stream, format));
}

/* Standard output is the one that systemd has connected. */
#define CONNECTED "stat -L -c %d:%i /proc/$$/fd/1"

/* The fields of the next entry, each ended by a newline; it lives until the next call. */
static const char *next_entry(int journal)
{
	struct pollfd readable = { .fd = journal, .events = POLLIN };
	static char text[65536];
	ssize_t length = 0;

	cr_assert_eq(poll(&readable, 1, 60000), 1, "the journal gets nothing");
	length = recv(journal, text + 1, sizeof(text) - 2, 0);
	cr_assert_gt(length, 0);
	text[0] = '\n';
	text[length + 1] = '\0';
	cr_assert_eq(strlen(text), (size_t)length + 1);
	cr_assert_eq(text[length], '\n');
	return text;
}

/* How many fields of an entry are this one. */
static size_t count_fields(const char *entry, const char *name)
{
	char begin[64];
	size_t count = 0;

	snprintf(begin, sizeof(begin), "\n%s=", name);
	for (; (entry = strstr(entry, begin)); entry++)
		count++;
	return count;
}

static void expect_field(const char *entry, const char *name, const char *value)
{
	char field[1024];

	snprintf(field, sizeof(field), "\n%s=%s\n", name, value);
	cr_expect(strstr(entry, field), "'%s' is not in '%s'", field, entry);
	cr_expect_eq(count_fields(entry, name), 1);
}

/* The next entry of this kind. */
static const char *next_of(int journal, const char *what)
{
	char field[64];
	const char *entry;

	snprintf(field, sizeof(field), "\nCGFENCE_WHAT=%s\n", what);
	do
		entry = next_entry(journal);
	while (!strstr(entry, field));
	return entry;
}

static int refused_bind(void *comm)
{
	const struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(7001) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (comm)
		prctl(PR_SET_NAME, comm);
	return bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ? errno : 0;
}

/* They are an interface, and never change. */
#define ID_DENIED "13a62cdc1a6b97b64ad86d4af946ddd0"
#define ID_VIOLATION "86b7b833582e3bd26787271480652e42"

Test(journal, events_have_fields_and_ids)
{
	const char *path = cgfence_cgroup_path(sockets_fence());
	int journal = make_journal();
	struct watching watching;
	struct holder holder;
	const char *entry;
	char pid[16];

	harness_attach(sockets_fence(), "{'name': 'web', 'ports': [1], 'on_violation': 'close'}");
	start(&watching, CONNECTED, "--json");
	entry = next_entry(journal);
	expect_field(entry, "CGFENCE_WHAT", "started");
	expect_field(entry, "SYSLOG_IDENTIFIER", "cgfence");
	expect_field(entry, "PRIORITY", "6");
	assert_has(entry, "\nMESSAGE={\"event\":\"started\",");
	cr_expect_eq(count_fields(entry, "CGFENCE_CGROUP"), 0);

	cr_assert_eq(harness_in_cgroup(sockets_fence(), refused_bind, NULL), EPERM);
	entry = next_of(journal, "denied");
	expect_field(entry, "CGFENCE_CGROUP", path);
	expect_field(entry, "CGFENCE_POLICY", "web");
	expect_field(entry, "CGFENCE_HOOK", "bind");
	expect_field(entry, "CGFENCE_SUBJECT", "tcp ipv4:7001");
	expect_field(entry, "MESSAGE_ID", ID_DENIED);

	holder_start(&holder, &(const struct holder_options){ .cgroup = sockets_fence(),
							      .endpoint = "tcp 127.0.0.1 7002",
							      .moved_in = true });
	kill(watching.program.pid, SIGHUP);
	entry = next_of(journal, "violation");
	snprintf(pid, sizeof(pid), "%d", holder.pid);
	expect_field(entry, "CGFENCE_CGROUP", path);
	expect_field(entry, "CGFENCE_MEMBER", path);
	expect_field(entry, "CGFENCE_SUBJECT", "tcp 127.0.0.1:7002");
	expect_field(entry, "CGFENCE_ACTION", "closed");
	expect_field(entry, "CGFENCE_PID", pid);
	expect_field(entry, "MESSAGE_ID", ID_VIOLATION);
	expect_field(entry, "PRIORITY", "4");
	holder_stop(&holder);
	watching_stop(&watching);
	/* The journal has them, and does not get them twice. */
	cr_expect_str_eq(watching.program.result.output, "");
	close(journal);
}

/* A process gives itself a name that would be two fields, and clear the terminal of `journalctl -x`. */
Test(journal, no_process_writes_fields_of_its_own)
{
	int journal = make_journal();
	struct watching watching;
	const char *entry;

	harness_attach(sockets_fence(), "{'ports': [1]}");
	start(&watching, CONNECTED, "");
	cr_assert_eq(harness_in_cgroup(sockets_fence(), refused_bind, "a\nPID=1\n\033[2J"), EPERM);
	entry = next_of(journal, "denied");
	expect_field(entry, "CGFENCE_COMM", "a\\x0aPID=1\\x0a\\x1b[2J");
	cr_expect_eq(count_fields(entry, "PID"), 0);
	assert_lacks(entry, "\033");
	assert_has(entry, "  bind tcp ipv4:7001  pid ");
	watching_stop(&watching);
	close(journal);
}

/* Standard output was redirected in the unit, or the variable is inherited. */
Test(journal, another_standard_output_gets_them)
{
	int journal = make_journal();
	struct pollfd readable = { .fd = journal, .events = POLLIN };
	struct watching watching;

	start(&watching, "stat -L -c %d:%i /dev/null", "--json");
	watching_skip(&watching, "started");
	watching_stop(&watching);
	cr_expect_eq(poll(&readable, 1, 0), 0);
	close(journal);
}

/* Nothing is lost while the journal is started again, or does not keep up. */
Test(journal, what_it_does_not_take_goes_to_standard_output)
{
	int journal = make_journal();
	struct watching watching;

	start(&watching, CONNECTED, "--json");
	next_of(journal, "started");
	close(journal);
	harness_attach(sockets_fence(), "{'ports': [1]}");
	watching_skip(&watching, "fenced");
	watching_stop(&watching);
}

Test(journal, the_state_tells_fences_members_and_the_last_pass)
{
	struct watching watching;

	harness_attach(sockets_fence(), "{'ports': [1]}");
	watching_start(&watching, LONG_INTERVAL);
	assert_has(watching.status,
		   "STATUS=1 fence, 0 members, 0 listeners in excess, last pass 20");
	watching_stop(&watching);
}

/* As systemd reads it, where it is installed. */
Test(journal, systemd_takes_the_catalog)
{
	static const char script[] =
		"command -v journalctl >/dev/null || exit 0; d=$1/usr/lib/systemd/catalog;"
		" mkdir -p $d && cp " CATALOG " $d && journalctl --root=$1 --update-catalog &&"
		" test $(journalctl --root=$1 --list-catalog | wc -l) = $(grep -c '^-- ' " CATALOG
		")";
	const struct program_options options = { .by_words = true };

	assert_done(program_run(&options, WORDS("sh", "-c", script, "sh", harness_directory())));
}
