// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "hammer_work.h"
#include "support/children.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SAMPLE_US 500

/* No policy refuses the first or grants the second. Each worker has its own port to bind. */
#define ALLOWED_DEVICE "/dev/null"
#define REFUSED_DEVICE "/dev/full"
#define ALLOWED_PORT 8080
#define REFUSED_PORT "9"

const char *const hammer_ways[HAMMER_WAYS] = {
	REFUSED_DEVICE,
	"tcp 127.0.0.1 " REFUSED_PORT " reuseaddr",
	"tcp ::1 " REFUSED_PORT " reuseaddr",
	"udp 127.0.0.1 " REFUSED_PORT,
	"udp ::1 " REFUSED_PORT,
};

static void note_wrong(struct hammer_worker *worker, const char *way, int code,
		       unsigned long *count)
{
	if (!*worker->first_wrong)
		snprintf(worker->first_wrong, sizeof(worker->first_wrong), "%s: %s", way,
			 strerror(code));
	++*count;
}

/* Return: 0 or errno. */
static int try_device(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

static int try_port(const char *text, bool listens)
{
	int fd = endpoint_open_free(text);
	int code = 0;

	if (fd < 0)
		return -fd;
	if (listens && listen(fd, 8) < 0)
		code = errno;
	close(fd);
	return code;
}

static void expect_allowed(struct hammer_worker *worker, const char *way, int code)
{
	worker->allowed++;
	if (code)
		note_wrong(worker, way, code, &worker->wrongly_refused);
}

static void try_allowed(struct hammer_worker *worker, unsigned int port)
{
	static const char *const formats[] = {
		"tcp 127.0.0.1 %u reuseaddr",
		"tcp ::1 %u reuseaddr",
		"udp 127.0.0.1 %u",
		"udp ::1 %u",
	};

	expect_allowed(worker, ALLOWED_DEVICE, try_device(ALLOWED_DEVICE));
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		bool listens = i < 2 && worker->allowed % 2;
		char text[64];

		snprintf(text, sizeof(text), formats[i], port);
		expect_allowed(worker, text, try_port(text, listens));
	}
}

static void try_refused(struct hammer_worker *worker, bool refuses_always)
{
	for (int i = 0; i < HAMMER_WAYS; i++) {
		int code = i ? try_port(hammer_ways[i], false) : try_device(hammer_ways[i]);

		worker->refused[i] += code == EPERM;
		/* While no bind is refused, both workers want the same port. */
		if (code != EPERM && refuses_always)
			note_wrong(worker, hammer_ways[i], code, &worker->wrongly_allowed);
	}
}

static int work(struct hammer *hammer, unsigned int index)
{
	struct hammer_worker *worker = &hammer->workers[index];

	if (harness_enter(sockets_fence()))
		return 1;
	while (!hammer->stop) {
		try_allowed(worker, ALLOWED_PORT + index);
		try_refused(worker, hammer->refuses_always);
	}
	return 0;
}

/* Return: false if the kernel does not tell. */
static bool sample(struct hammer *hammer)
{
	static const enum bpf_attach_type types[] = {
		BPF_CGROUP_DEVICE,	    BPF_CGROUP_INET4_BIND,	BPF_CGROUP_INET6_BIND,
		BPF_CGROUP_INET4_POST_BIND, BPF_CGROUP_INET6_POST_BIND, BPF_CGROUP_INET_SOCK_CREATE,
		BPF_CGROUP_SOCK_OPS,
	};
	const int cgroup = cgfence_cgroup_fd(sockets_fence());

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		__u32 ids[64];
		__u32 attached = 64;

		if (bpf_prog_query(cgroup, types[i], 0, NULL, ids, &attached) < 0)
			return false;
		if (attached > hammer->attached_max)
			hammer->attached_max = attached;
	}
	hammer->samples++;
	return true;
}

/* Looks at the hooks also in the midst of an attach. */
static int keep_sampling(struct hammer *hammer)
{
	while (!hammer->stop) {
		if (!sample(hammer))
			return 1;
		usleep(SAMPLE_US);
	}
	return 0;
}

static void add_up(struct hammer *hammer)
{
	struct hammer_worker *sum = &hammer->sum;

	for (int i = 0; i < HAMMER_WORKERS; i++) {
		const struct hammer_worker *worker = &hammer->workers[i];

		sum->allowed += worker->allowed;
		sum->wrongly_refused += worker->wrongly_refused;
		sum->wrongly_allowed += worker->wrongly_allowed;
		for (int way = 0; way < HAMMER_WAYS; way++)
			sum->refused[way] += worker->refused[way];
		if (*worker->first_wrong)
			memcpy(sum->first_wrong, worker->first_wrong, sizeof(sum->first_wrong));
	}
}

void hammer_start(struct hammer *hammer, pid_t children[HAMMER_WORKERS + 1])
{
	for (unsigned int i = 0; i <= HAMMER_WORKERS; i++) {
		children[i] = children_fork();
		if (children[i] == 0)
			_exit(i < HAMMER_WORKERS ? work(hammer, i) : keep_sampling(hammer));
	}
}

int hammer_stop(struct hammer *hammer, const pid_t children[HAMMER_WORKERS + 1])
{
	int failure = 0;

	hammer->stop = true;
	for (int i = 0; i <= HAMMER_WORKERS; i++) {
		int status = -1;

		waitpid(children[i], &status, 0);
		failure = failure ? failure : status;
	}
	add_up(hammer);
	return failure;
}
