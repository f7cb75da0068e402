// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "sockets.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* Of a millisecond each. */
#define FREE_TRIES 5000

static const struct {
	const char *name;
	int type;
	int protocol;
} protocols[] = {
	{ "tcp", SOCK_STREAM, IPPROTO_TCP },	    { "udp", SOCK_DGRAM, IPPROTO_UDP },
	{ "udplite", SOCK_DGRAM, IPPROTO_UDPLITE }, { "mptcp", SOCK_STREAM, CGFENCE_IPPROTO_MPTCP },
	{ "sctp", SOCK_STREAM, IPPROTO_SCTP },
};

static struct cgfence_cgroup *fence_root;

int sockets_enter_namespace(void)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int result = 0;
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		result = -errno;
	close(fd);
	return result;
}

void sockets_begin(void)
{
	harness_begin();
	cr_assert_eq(sockets_enter_namespace(), 0, "network namespace: %s", strerror(errno));
	fence_root = harness_child_cgroup(harness_cgroup(), "fence");
}

struct cgfence_cgroup *sockets_fence(void)
{
	return fence_root;
}

static void set_address(struct endpoint *endpoint, const char *address)
{
	if (strchr(address, ':')) {
		endpoint->domain = AF_INET6;
		endpoint->length = sizeof(endpoint->address.ipv6);
		endpoint->address.ipv6.sin6_port = htons(endpoint->port);
		inet_pton(AF_INET6, address, &endpoint->address.ipv6.sin6_addr);
	} else {
		endpoint->domain = AF_INET;
		endpoint->length = sizeof(endpoint->address.ipv4);
		endpoint->address.ipv4.sin_port = htons(endpoint->port);
		inet_pton(AF_INET, address, &endpoint->address.ipv4.sin_addr);
	}
	endpoint->address.any.sa_family = (sa_family_t)endpoint->domain;
}

struct endpoint sockets_parse(const char *text)
{
	struct endpoint endpoint = { 0 };
	char protocol[16] = "";
	char address[64] = "";
	char port[16] = "";
	const char *options;
	int length = 0;

	sscanf(text, "%15s %63s %15s%n", protocol, address, port, &length);
	options = text + length;
	for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (strcmp(protocols[i].name, protocol) == 0) {
			endpoint.type = protocols[i].type;
			endpoint.protocol = protocols[i].protocol;
		}
	}
	endpoint.unbound = strcmp(port, "unbound") == 0;
	endpoint.port = (uint16_t)atoi(port);
	set_address(&endpoint, address);
	endpoint.v6only = strstr(options, "v6only");
	endpoint.no_port = strstr(options, "noport");
	endpoint.reuse_address = strstr(options, "reuseaddr");
	endpoint.reuse_port = strstr(options, "reuseport");
	if (strstr(options, "unspec"))
		endpoint.address.any.sa_family = AF_UNSPEC;
	return endpoint;
}

static bool set_option(int fd, bool wanted, int level, int name)
{
	const int on = 1;

	return !wanted || setsockopt(fd, level, name, &on, sizeof(on)) == 0;
}

int sockets_make(const struct endpoint *endpoint)
{
	int fd = socket(endpoint->domain, endpoint->type | SOCK_CLOEXEC, endpoint->protocol);
	int code;

	if (fd < 0)
		return -errno;
	if (set_option(fd, endpoint->v6only, IPPROTO_IPV6, IPV6_V6ONLY) &&
	    set_option(fd, endpoint->no_port, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT) &&
	    set_option(fd, endpoint->reuse_address, SOL_SOCKET, SO_REUSEADDR) &&
	    set_option(fd, endpoint->reuse_port, SOL_SOCKET, SO_REUSEPORT))
		return fd;
	code = errno;
	close(fd);
	return -code;
}

/* Return: 0 or errno. */
static int bind_once(int fd, const struct endpoint *endpoint)
{
	return bind(fd, &endpoint->address.any, endpoint->length) < 0 ? errno : 0;
}

static int bind_free(int fd, const struct endpoint *endpoint)
{
	int code = bind_once(fd, endpoint);

	for (int i = 0; i < FREE_TRIES && code == EADDRINUSE; i++) {
		usleep(1000);
		code = bind_once(fd, endpoint);
	}
	return code;
}

static int open_with(const char *text, int (*bind_it)(int fd, const struct endpoint *endpoint))
{
	struct endpoint endpoint = sockets_parse(text);
	int fd = sockets_make(&endpoint);
	int code;

	if (fd < 0 || endpoint.unbound)
		return fd;
	code = bind_it(fd, &endpoint);
	if (code == 0)
		return fd;
	close(fd);
	return -code;
}

int sockets_open(const char *text)
{
	return open_with(text, bind_once);
}

int sockets_open_free(const char *text)
{
	return open_with(text, bind_free);
}

int sockets_try(const char *text)
{
	int fd = sockets_open_free(text);
	int code = 0;

	if (fd < 0)
		return -fd;
	if (sockets_parse(text).type == SOCK_STREAM && listen(fd, 8) < 0)
		code = errno;
	close(fd);
	return code;
}

uint16_t sockets_port(int fd)
{
	struct sockaddr_in6 address = { 0 };
	socklen_t length = sizeof(address);

	/* The port is at the same place for both families. */
	return getsockname(fd, (struct sockaddr *)&address, &length) == 0 ? ntohs(address.sin6_port)
									  : 0;
}

void sockets_skip(const char *reason)
{
	/* Criterion leaves .fini out for a test that is skipped. */
	harness_end();
	cr_skip_test("%s", reason);
	abort();
}

void sockets_skip_without(const char *text)
{
	struct endpoint endpoint = sockets_parse(text);
	int fd = sockets_make(&endpoint);
	char reason[128];

	snprintf(reason, sizeof(reason), "this kernel has no socket '%s': %s", text,
		 strerror(fd < 0 ? -fd : 0));
	if (fd < 0)
		sockets_skip(reason);
	close(fd);
}

/* With the refused socket still open: does it, or anything, hold the port? */
static int look_for_remains(int fd, const char *text)
{
	int other;

	if (sockets_port(fd))
		return SOCKETS_STILL_BOUND;
	if (harness_enter(harness_cgroup()))
		return SOCKETS_FAILED;
	other = sockets_open_free(text);
	if (other < 0)
		return SOCKETS_PORT_TAKEN;
	close(other);
	return EPERM;
}

static int call_bind(void *argument)
{
	const char *text = argument;
	struct endpoint endpoint = sockets_parse(text);
	int fd = sockets_make(&endpoint);
	int code;

	if (fd < 0)
		return -fd;
	code = bind_free(fd, &endpoint);
	if (code == 0)
		return !endpoint.port || sockets_port(fd) == endpoint.port ? 0 : SOCKETS_FAILED;
	return code == EPERM ? look_for_remains(fd, text) : code;
}

static int call_listen(void *argument)
{
	return sockets_try(argument);
}

int sockets_bind(const struct cgfence_cgroup *cgroup, const char *text)
{
	return harness_in_cgroup(cgroup, call_bind, (void *)text);
}

int sockets_listen(const struct cgfence_cgroup *cgroup, const char *text)
{
	return harness_in_cgroup(cgroup, call_listen, (void *)text);
}

static struct cgfence_fence *open_fence(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_fence *fence = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_fence_open(cgfence_cgroup_id(cgroup), &fence, &error), 0, "%s",
		     error.text);
	return fence;
}

enum cgfence_listen_guard sockets_guard(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_fence *fence = open_fence(cgroup);
	enum cgfence_listen_guard guard = cgfence_fence_listen_guard(fence);

	cgfence_fence_close(fence);
	return guard;
}

unsigned int sockets_hook_programs(const struct cgfence_cgroup *cgroup, int attach_type)
{
	__u32 ids[64];
	__u32 count = 64;

	cr_assert_eq(bpf_prog_query(cgfence_cgroup_fd(cgroup), (enum bpf_attach_type)attach_type, 0,
				    NULL, ids, &count),
		     0, "query %d: %s", attach_type, strerror(errno));
	return count;
}

int sockets_guarded_result(enum cgfence_listen_guard guard)
{
	return guard == CGFENCE_GUARD_DENY   ? EPERM
	       : guard == CGFENCE_GUARD_KILL ? 1000 + SIGKILL
					     : 0;
}

enum cgfence_verdict sockets_guarded_verdict(enum cgfence_listen_guard guard)
{
	static const enum cgfence_verdict verdicts[] = {
		[CGFENCE_GUARD_NONE] = CGFENCE_VERDICT_COUNT,
		[CGFENCE_GUARD_EVENT] = CGFENCE_VERDICT_SEEN,
		[CGFENCE_GUARD_KILL] = CGFENCE_VERDICT_KILLED,
		[CGFENCE_GUARD_MUTE] = CGFENCE_VERDICT_MUTED,
		[CGFENCE_GUARD_DENY] = CGFENCE_VERDICT_DENIED,
	};

	return verdicts[guard];
}

struct refusals sockets_refusals(const struct cgfence_cgroup *cgroup)
{
	struct cgfence_fence *fence = open_fence(cgroup);
	struct cgfence_error error = { 0 };
	struct refusals refusals = { .counters = *cgfence_fence_counters(fence) };

	cr_assert_eq(cgfence_fence_read_denials(fence, &refusals.records, &refusals.count, &error),
		     0, "%s", error.text);
	cgfence_fence_close(fence);
	return refusals;
}

uint64_t sockets_refusal_count(const struct cgfence_cgroup *cgroup, enum cgfence_hook hook)
{
	struct refusals refusals = sockets_refusals(cgroup);
	uint64_t sum = 0;

	for (int verdict = 0; verdict < CGFENCE_VERDICT_COUNT; verdict++)
		sum += refusals.counters.refusals[hook][verdict];
	free(refusals.records);
	return sum;
}
