// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The lines that the daemon prints, and its notices to systemd. */
#include "holder.h"
#include "watching.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

TestSuite(watch_output, .init = sockets_begin, .fini = harness_end, .timeout = 600);

#define LOG "{'ports': [1]}"
#define CLOSE "{'ports': [1], 'on_violation': 'close'}"

static int refused_bind(void *argument)
{
	prctl(PR_SET_NAME, argument);
	return -endpoint_open("tcp 127.0.0.1 7001");
}

static void expect_time(const json_t *event, const char *key)
{
	cr_expect_leq(labs(parse_time(text_of(event, key)) - time(NULL)), 60);
}

static void expect_fence_event(struct watching *watching, const char *name)
{
	json_t *event = watching_event(watching, name);

	expect_keys(event, "event time cgroup");
	expect_time(event, "time");
	cr_expect_str_eq(text_of(event, "cgroup"), cgfence_cgroup_path(sockets_fence()));
	json_decref(event);
}

Test(watch_output, json_of_fences)
{
	struct watching watching;
	bool detached;

	watching_start_with(&watching, NULL, WORDS("watch", "--json", "--interval", "90m"));
	{
		json_t *event = watching_event(&watching, "started");

		expect_keys(event, "event time interval holders");
		expect_time(event, "time");
		cr_expect_eq(json_number_value(json_object_get(event, "interval")), 5400);
		json_decref(event);
	}
	harness_attach(sockets_fence(), LOG);
	expect_fence_event(&watching, "fenced");
	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL), 0);
	expect_fence_event(&watching, "unfenced");
	watching_stop(&watching);
}

Test(watch_output, a_failure_to_write_is_told_once_and_it_goes_on)
{
	static const struct {
		const char *script;
		const char *reason;
	} cases[] = {
		{ "timeout 2 \"$0\" watch --interval 100ms >/dev/full", "No space left on device" },
		{ "timeout 2 \"$0\" watch --interval 100ms >&-", "Bad file descriptor" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct program_result result =
			program_run(&(struct program_options){ .by_words = true },
				    WORDS("sh", "-c", cases[i].script, program_path()));
		char complaint[128];
		const char *found;

		/* It has run until then. */
		assert_status(result, 124);
		snprintf(complaint, sizeof(complaint), "cannot write to standard output: %s;",
			 cases[i].reason);
		assert_has(result.errors, complaint);
		found = strstr(result.errors, complaint);
		cr_expect_null(strstr(found + 1, complaint), "%s", result.errors);
	}
}

Test(watch_output, a_fence_whose_cgroup_goes_is_unfenced)
{
	struct cgfence_cgroup *child = NULL;
	struct watching watching;
	json_t *event;

	cr_assert_eq(cgfence_cgroup_create(sockets_fence(), "gone", &child, NULL), 0);
	harness_attach(child, LOG);
	watching_start(&watching, "500ms");
	cr_assert_eq(cgfence_cgroup_remove(child, NULL), 0);
	event = watching_event(&watching, "unfenced");
	cr_expect_str_eq(text_of(event, "cgroup"), cgfence_cgroup_path(child));
	json_decref(event);
	cgfence_cgroup_close(child);
	watching_stop(&watching);
}

Test(watch_output, json_of_a_violation_and_its_end)
{
	static const char keys[] = "event time cgroup member pid comm cmdline protocol family "
				   "address port inode excess reason action";
	struct watching watching;
	struct holder holder;
	json_t *violation;
	json_t *ended;

	harness_attach(sockets_fence(), LOG);
	holder_start_excess(&holder, sockets_fence());
	watching_start(&watching, LONG_INTERVAL);
	violation = watching_event(&watching, "violation");
	expect_keys(violation, keys);
	expect_time(violation, "time");
	cr_expect_str_eq(text_of(violation, "action"), "logged");
	holder_stop(&holder);
	kill(watching.program.pid, SIGHUP);
	ended = watching_event(&watching, "ended");
	expect_keys(ended, keys);
	cr_expect_eq(number_of(ended, "inode"), number_of(violation, "inode"));
	cr_expect_eq(number_of(ended, "pid"), holder.pid);
	json_decref(violation);
	json_decref(ended);
	watching_stop(&watching);
}

Test(watch_output, json_of_refusals)
{
	struct watching watching;
	json_t *event;

	harness_attach(sockets_fence(), "{'devices': {}, 'ports': [1]}");
	watching_start(&watching, LONG_INTERVAL);
	cr_assert_eq(harness_in_cgroup(sockets_fence(), refused_bind, "binds"), EPERM);
	event = watching_event(&watching, "denied");
	expect_keys(event, "event time cgroup hook verdict pid comm count first last protocol "
			   "family port name");
	expect_time(event, "time");
	cr_expect_str_eq(text_of(event, "cgroup"), cgfence_cgroup_path(sockets_fence()));
	cr_expect_str_eq(text_of(event, "hook"), "bind");
	cr_expect_str_eq(text_of(event, "verdict"), "denied");
	cr_expect_str_eq(text_of(event, "comm"), "binds");
	cr_expect_str_eq(text_of(event, "protocol"), "tcp");
	cr_expect_str_eq(text_of(event, "family"), "ipv4");
	cr_expect_eq(number_of(event, "port"), 7001);
	cr_expect_eq(number_of(event, "count"), 1);
	json_decref(event);
	cr_assert_eq(harness_open(sockets_fence(), "c 1:3", O_RDONLY), EPERM);
	event = watching_event(&watching, "denied");
	expect_keys(event, "event time cgroup hook verdict pid comm count first last device name");
	cr_expect_str_eq(text_of(event, "hook"), "device");
	cr_expect_eq(number_of(json_object_get(event, "device"), "minor"), 3);
	json_decref(event);
	watching_stop(&watching);
}

Test(watch_output, json_of_an_audit)
{
	struct watching watching;
	json_t *event;

	harness_attach(sockets_fence(), "{'enforce': false, 'devices': {}}");
	watching_start(&watching, LONG_INTERVAL);
	cr_assert_eq(harness_open(sockets_fence(), "c 1:3", O_RDONLY), 0);
	event = watching_event(&watching, "audited");
	cr_expect_str_eq(text_of(event, "verdict"), "audited");
	json_decref(event);
	watching_stop(&watching);
}

/* The next line of @event in text; its columns end where @rest begins. */
static const char *expect_text(struct watching *watching, const char *event, const char *cgroup)
{
	char beginning[512];
	const char *line;
	int length;

	snprintf(beginning, sizeof(beginning), "Z  %-9s  ", event);
	line = program_next_line(&watching->program, beginning);
	cr_assert_eq(strcspn(line, "Z"), strlen("2026-01-31T12:00:00.123456"), "'%s'", line);
	length = snprintf(beginning, sizeof(beginning), "Z  %-9s  %-24s", event, cgroup);
	line = strchr(line, 'Z');
	/* Lines that end with the cgroup are not padded. */
	if (strlen(line) < (size_t)length)
		length = snprintf(beginning, sizeof(beginning), "Z  %-9s  %s", event, cgroup);
	cr_assert_eq(strncmp(line, beginning, (size_t)length), 0, "'%s' is not '%s'", line,
		     beginning);
	return line + length;
}

Test(watch_output, text)
{
	const char *path = cgfence_cgroup_path(sockets_fence());
	struct watching watching;
	struct holder holder;
	char expected[512];
	bool detached;

	watching_start_with(&watching, NULL, WORDS("watch", "--interval", "1500ms"));
	assert_has(expect_text(&watching, "started", "-"),
		   "  a pass every 1.5 s; holders are found by ");
	harness_attach(sockets_fence(), "{'devices': {}, 'ports': [1]}");
	cr_expect_str_eq(expect_text(&watching, "fenced", path), "");
	cr_assert_eq(harness_in_cgroup(sockets_fence(), refused_bind, "a\tb\033[2J"), EPERM);
	assert_has(expect_text(&watching, "denied", path), "  bind tcp ipv4:7001  pid ");
	cr_assert_eq(harness_open(sockets_fence(), "c 1:3", O_RDONLY), EPERM);
	assert_has(expect_text(&watching, "denied", path), "  device c 1:3 r  pid ");
	holder_start(&holder, &(const struct holder_options){ .cgroup = sockets_fence(),
							      .endpoint = "tcp ::1 7002",
							      .comm = "odd\033[1m",
							      .moved_in = true });
	snprintf(expected, sizeof(expected),
		 "  tcp [::1]:7002  pid %d (odd\\x1b[1m) in %s  logged: tcp port 7002 is not "
		 "assigned; the socket was made outside of the fence",
		 holder.pid, path);
	cr_expect_str_eq(expect_text(&watching, "violation", path), expected);
	holder_stop(&holder);
	cr_expect_str_eq(expect_text(&watching, "ended", path), expected);
	/* Whoever holds it has left. */
	holder_start(&holder, &(const struct holder_options){ .cgroup = sockets_fence(),
							      .endpoint = "tcp ::1 1",
							      .leaves = true });
	harness_attach(sockets_fence(), "{'devices': {}, 'ports': [2]}");
	snprintf(expected, sizeof(expected), "  tcp [::1]:1  made in %s  logged: ", path);
	assert_has(expect_text(&watching, "violation", path), expected);
	holder_stop(&holder);
	expect_text(&watching, "ended", path);
	cr_assert_eq(cgfence_fence_detach(cgfence_cgroup_id(sockets_fence()), &detached, NULL), 0);
	cr_expect_str_eq(expect_text(&watching, "unfenced", path), "");
	watching_stop(&watching);
	assert_has(watching.program.result.output, " (a\\x09b\\x1b[2J)\n");
	assert_lacks(watching.program.result.output, "\033");
	assert_lacks(watching.program.result.output, "\t");
}

Test(watch_output, json_of_odd_names)
{
	struct watching watching;
	json_t *event;

	harness_attach(sockets_fence(), LOG);
	watching_start(&watching, LONG_INTERVAL);
	cr_assert_eq(harness_in_cgroup(sockets_fence(), refused_bind, "\033[2J\xff"), EPERM);
	event = watching_event(&watching, "denied");
	cr_expect_str_eq(text_of(event, "comm"), "\033[2J?");
	json_decref(event);
	watching_stop(&watching);
	assert_lacks(watching.program.result.output, "\033");
}

static void limit_descriptors(pid_t pid, rlim_t limit)
{
	const struct rlimit limits = { .rlim_cur = limit, .rlim_max = 1024 };

	cr_assert_eq(prlimit(pid, RLIMIT_NOFILE, &limits, NULL), 0, "%s", strerror(errno));
}

static size_t count_of(const char *text, const char *part)
{
	size_t count = 0;

	for (; (text = strstr(text, part)); text++)
		count++;
	return count;
}

Test(watch_output, an_error_that_lasts_is_said_once)
{
	struct watching watching;
	struct holder holder;
	json_t *event;

	harness_attach(sockets_fence(), CLOSE);
	watching_start(&watching, LONG_INTERVAL);
	for (int i = 0; i < 2; i++) {
		/* It has its own descriptors open, and can open no more. */
		limit_descriptors(watching.program.pid, 5);
		kill(watching.program.pid, SIGHUP);
		event = watching_event(&watching, "error");
		expect_keys(event, "event time error");
		assert_has(text_of(event, "error"), "oo many open files");
		json_decref(event);
		holder_start_excess(&holder, sockets_fence());
		for (int pass = 0; pass < 10; pass++)
			watching_round(&watching);
		cr_expect(holder_is_reachable(&holder));
		/* A listener that it could not look at has not ended. */
		limit_descriptors(watching.program.pid, 1024);
		kill(watching.program.pid, SIGHUP);
		event = watching_event(&watching, "violation");
		cr_expect_eq(number_of(event, "pid"), holder.pid);
		json_decref(event);
		holder_stop(&holder);
	}
	watching_stop(&watching);
	cr_expect_eq(count_of(watching.program.result.output, "\"event\":\"error\""), 2, "%s",
		     watching.program.result.output);
}

static struct sockaddr_un notify_address(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	memcpy(address.sun_path, path, strlen(path));
	if (*path == '@')
		address.sun_path[0] = '\0';
	return address;
}

static socklen_t notify_length(const char *path)
{
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
}

/* A watch that tells systemd at @path. */
static void start_with_notices(struct watching *watching, const char *path, const char *interval)
{
	struct sockaddr_un address = notify_address(path);

	watching->notify = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	cr_assert_eq(bind(watching->notify, (const struct sockaddr *)&address, notify_length(path)),
		     0, "%s", strerror(errno));
	setenv("NOTIFY_SOCKET", path, 1);
	program_start(&watching->program, NULL, WORDS("watch", "--json", "--interval", interval));
	cr_expect_str_eq(watching_notice(watching, 60), "READY=1");
}

static void expect_notices(const char *path)
{
	struct watching watching;

	start_with_notices(&watching, path, LONG_INTERVAL);
	/* There are no notices, and no watchdog. */
	watching_expect_sleep(&watching);
	kill(watching.program.pid, SIGTERM);
	cr_expect_str_eq(watching_notice(&watching, 60), "WATCHDOG=1");
	cr_expect_str_eq(watching_notice(&watching, 60), "STOPPING=1");
	watching_stop(&watching);
}

Test(watch_output, systemd_is_told_at_an_abstract_name)
{
	expect_notices("@cgfence-test/notify");
}

Test(watch_output, systemd_is_told_at_a_path)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/notify", harness_directory());
	expect_notices(path);
}

Test(watch_output, a_watchdog_is_fed_between_passes)
{
	struct watching watching;

	setenv("WATCHDOG_USEC", "1000000", 1);
	start_with_notices(&watching, "@cgfence-test/notify", LONG_INTERVAL);
	for (int i = 0; i < 3; i++)
		cr_expect_str_eq(watching_notice(&watching, 60), "WATCHDOG=1");
	watching_stop(&watching);
}

Test(watch_output, a_watchdog_of_another_process_is_not)
{
	struct watching watching;

	setenv("WATCHDOG_USEC", "200000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	start_with_notices(&watching, "@cgfence-test/notify", LONG_INTERVAL);
	watching_expect_sleep(&watching);
	watching_stop(&watching);
}

Test(watch_output, passes_feed_a_watchdog_that_is_slower)
{
	struct watching watching;

	setenv("WATCHDOG_USEC", "60000000", 1);
	start_with_notices(&watching, "@cgfence-test/notify", "300ms");
	for (int i = 0; i < 3; i++)
		cr_expect_str_eq(watching_notice(&watching, 60), "WATCHDOG=1");
	watching_stop(&watching);
}

/* As many as its socket holds (net.unix.max_dgram_qlen), so that it takes no more. */
static void fill_notices(const char *path)
{
	struct sockaddr_un address = notify_address(path);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	while (sendto(fd, "x", 1, 0, (const struct sockaddr *)&address, notify_length(path)) == 1)
		;
	cr_assert_eq(errno, EAGAIN, "%s", strerror(errno));
	close(fd);
}

Test(watch_output, a_systemd_that_does_not_listen_is_no_obstacle)
{
	struct watching watching;
	struct holder holder;

	harness_attach(sockets_fence(), CLOSE);
	start_with_notices(&watching, "@cgfence-test/notify", "100ms");
	fill_notices("@cgfence-test/notify");
	holder_start_excess(&holder, sockets_fence());
	holder_await_unreachable(&holder);
	watching_stop(&watching);
	holder_stop(&holder);
	/* A missing socket does not stop it either. */
	setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
	program_start(&watching.program, NULL, WORDS("watch"));
	program_expect(&watching.program, "started");
	watching.notify = -1;
	watching_stop(&watching);
}
