// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* How long it takes from the start of a command until a process that is busy with the device meets the new verdict. */
#include "peers.h"
#include "probe.h"
#include "bench_peers.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 51
#define PORT 31000
#define WAIT_NS 2000000000ULL

#define POLICY \
	"{\"devices\": {\"allow\": [\"c 1:3 rwm\"%s]}, \"ports\": {\"tcp\": [8080], \"udp\": \"any\"}}"

/* What the busy process saw last; it is the only one that writes. */
struct sight {
	_Atomic int allowed;
	_Atomic uint64_t since_ns; /* when it first was so */
};

struct busy {
	char node[128]; /* of the device that it asks for; empty if it binds a port */
	struct sight *sight;
	pid_t pid;
};

enum { ALLOW, REVOKE, ATTACH, ALLOW_PORT, REVOKE_PORT, PEER, CHANGES };

static bool may(const struct busy *busy)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	bool allowed;
	int fd;

	if (*busy->node)
		return access(busy->node, R_OK | W_OK) == 0;
	fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	allowed = bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return allowed;
}

static void watch(const struct busy *busy)
{
	for (;;) {
		int allowed = may(busy);

		if (allowed == busy->sight->allowed)
			continue;
		busy->sight->since_ns = bench_now_ns();
		busy->sight->allowed = allowed;
	}
}

static void start(struct bench *bench, const struct cgfence_cgroup *cgroup, struct busy *busy)
{
	busy->sight = probe_share(bench, sizeof(*busy->sight));
	busy->sight->allowed = -1;
	busy->pid = fork();
	if (busy->pid < 0)
		bench_fail(bench, "cannot fork: %s", strerror(errno));
	if (busy->pid == 0) {
		int fd = openat(cgfence_cgroup_fd(cgroup), "cgroup.procs", O_WRONLY | O_CLOEXEC);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (fd < 0 || write(fd, "0", 1) != 1)
			_exit(EXIT_FAILURE);
		watch(busy);
	}
}

/* Only one is busy at a time: there are few processors. */
static void pause_all(const struct busy *all, size_t count, const struct busy *but)
{
	for (size_t i = 0; i < count; i++)
		kill(all[i].pid, &all[i] == but ? SIGCONT : SIGSTOP);
}

static void wait_for(struct bench *bench, const struct busy *busy, int allowed)
{
	uint64_t begin = bench_now_ns();

	while (busy->sight->allowed != allowed) {
		usleep(100);
		if (bench_now_ns() - begin > WAIT_NS)
			bench_fail(bench, "a busy process did not meet the new verdict");
	}
}

/* In milliseconds. */
static double change(struct bench *bench, const struct busy *busy, int allowed,
		     const char *const *words)
{
	uint64_t begin;

	wait_for(bench, busy, !allowed);
	begin = bench_now_ns();
	if (probe_command(words) < 0)
		bench_fail(bench, "%s failed", words[0]);
	wait_for(bench, busy, allowed);
	return (double)(busy->sight->since_ns - begin) / 1e6;
}

static void write_policy(struct bench *bench, const char *name, const char *more, char path[128])
{
	FILE *file;

	snprintf(path, 128, "%s/%s", bench_directory(bench), name);
	file = fopen(path, "we");
	if (!file)
		bench_fail(bench, "cannot write a policy: %s", strerror(errno));
	fprintf(file, POLICY, more);
	fclose(file);
}

static struct bench_peers *attach_hash(struct bench *bench, const struct cgfence_cgroup *cgroup)
{
	struct bench_peers *peers = bench_peers__open_and_load();

	if (!peers || bpf_map__pin(peers->maps.devices, "/sys/fs/bpf/bench-devices"))
		bench_fail(bench, "cannot load the programs of the benchmark: %s", strerror(errno));
	probe_attach(bench, cgroup, bpf_program__fd(peers->progs.hash_device), BPF_CGROUP_DEVICE);
	return peers;
}

/* c 10:77, in the words of bpftool. */
static double change_hash(struct bench *bench, const struct busy *busy, int allowed)
{
	return change(bench, busy, allowed,
		      (const char *const[]){
			      "bpftool", "map", "update", "pinned", "/sys/fs/bpf/bench-devices",
			      "key",	 "2",	"0",	  "0",	    "0",
			      "10",	 "0",	"0",	  "0",	    "77",
			      "0",	 "0",	"0",	  "value",  allowed ? "7" : "0",
			      "0",	 "0",	"0",	  NULL });
}

static void run_rounds(struct bench *bench, const char *cgroup, struct busy busy[3],
		       struct bench_series series[CHANGES])
{
	const char *program = bench_program(bench);
	char wide[128];
	char narrow[128];

#define CGFENCE(...) ((const char *const[]){ program, __VA_ARGS__, NULL })
	write_policy(bench, "wide.json", ", \"c 10:77 rw\"", wide);
	write_policy(bench, "narrow.json", "", narrow);
	for (int round = 0; round < ROUNDS; round++) {
		pause_all(busy, 3, &busy[0]);
		bench_series_add(&series[ALLOW],
				 change(bench, &busy[0], 1,
					CGFENCE("allow", cgroup, "device", "c 10:77 rw")));
		bench_series_add(&series[REVOKE],
				 change(bench, &busy[0], 0,
					CGFENCE("revoke", cgroup, "device", "c 10:77 rw")));
		bench_series_add(&series[ATTACH],
				 change(bench, &busy[0], 1, CGFENCE("attach", cgroup, wide)));
		change(bench, &busy[0], 0, CGFENCE("attach", cgroup, narrow));
		pause_all(busy, 3, &busy[1]);
		bench_series_add(&series[ALLOW_PORT],
				 change(bench, &busy[1], 1,
					CGFENCE("allow", cgroup, "port", "tcp", "31000")));
		bench_series_add(&series[REVOKE_PORT],
				 change(bench, &busy[1], 0,
					CGFENCE("revoke", cgroup, "port", "tcp", "31000")));
		pause_all(busy, 3, &busy[2]);
		bench_series_add(&series[PEER], change_hash(bench, &busy[2], 1));
		change_hash(bench, &busy[2], 0);
	}
#undef CGFENCE
}

static void end(struct busy *busy)
{
	kill(busy->pid, SIGKILL);
	waitpid(busy->pid, NULL, 0);
}

void bench_policy_change(struct bench *bench)
{
	static const char *const names[CHANGES] = {
		[ALLOW] = "cgfence allow, a device",
		[REVOKE] = "cgfence revoke, a device",
		[ATTACH] = "cgfence attach, another policy",
		[ALLOW_PORT] = "cgfence allow, a port",
		[REVOKE_PORT] = "cgfence revoke, a port",
		[PEER] = "bpftool map update, a plain hash map",
	};
	struct cgfence_cgroup *fence = probe_make_cgroup(bench, "changed");
	struct cgfence_cgroup *hash = probe_make_cgroup(bench, "hash");
	struct bench_peers *peers = attach_hash(bench, hash);
	struct bench_series series[CHANGES];
	struct busy busy[3] = { 0 };
	char policy[256];

	for (int i = 0; i < CHANGES; i++)
		series[i] = bench_series_new(names[i], ROUNDS);
	snprintf(policy, sizeof(policy), POLICY, "");
	probe_fence(bench, fence, policy);
	snprintf(busy[0].node, sizeof(busy[0].node), "%s/changed", bench_directory(bench));
	memcpy(busy[2].node, busy[0].node, sizeof(busy[2].node));
	if (mknod(busy[0].node, S_IFCHR | 0666, makedev(10, 77)) < 0)
		bench_fail(bench, "cannot make a device node: %s", strerror(errno));
	start(bench, fence, &busy[0]);
	start(bench, fence, &busy[1]);
	start(bench, hash, &busy[2]);
	run_rounds(bench, cgfence_cgroup_path(fence), busy, series);
	bench_report(bench, "policy-change", "From the start of a command to the new verdict", "ms",
		     series, CHANGES, PEER);
	for (int i = 0; i < 3; i++)
		end(&busy[i]);
	bpf_map__unpin(peers->maps.devices, NULL);
	bench_peers__destroy(peers);
	probe_remove_cgroup(bench, hash);
	probe_remove_cgroup(bench, fence);
	for (int i = 0; i < CHANGES; i++)
		bench_series_free(&series[i]);
}
