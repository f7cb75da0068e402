// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a program of somebody else says of a port: on a cgroup and in a network namespace that are there for a moment, a
 * child makes a socket, binds it to the port, and listens, first without the program and then with it.
 */
#include "base/cleanup.h"
#include "base/error.h"
#include "cgroup/scratch.h"
#include "kernel/error.h"
#include "kernel/hook.h"

#include <bpf/bpf.h>
#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum stage {
	STAGE_NAMESPACE,
	STAGE_ATTACH,
	STAGE_DONE,
	STAGE_COUNT,
};

static const char *const stage_words[STAGE_COUNT] = {
	[STAGE_NAMESPACE] = "make a network namespace of its own",
	[STAGE_ATTACH] = "attach the program to a cgroup of its own",
	[STAGE_DONE] = "ask the program",
};

/* Shared with the child. */
struct asking {
	int program;
	int cgroup;
	const struct hook *hook;
	struct cgfence_port_request request;
	enum stage stage;
	int without; /* errno where the program has no say; 0 if it passes */
	int with;
};

/* A request of IPv4 alone is put to a program that is asked by sockets of IPv6 only by way of a mapped address. */
static bool is_mapped(const struct asking *asking)
{
	return !asking->request.families[CGFENCE_IPV6] &&
	       (asking->hook->attach_type == BPF_CGROUP_INET6_BIND ||
		asking->hook->attach_type == BPF_CGROUP_INET6_POST_BIND);
}

static int make_socket(const struct asking *asking, int family)
{
	int type = asking->request.protocol == CGFENCE_TCP ? SOCK_STREAM : SOCK_DGRAM;
	int v6only = !asking->request.families[CGFENCE_IPV4];
	int fd = socket(family, type | SOCK_CLOEXEC, 0);

	if (fd >= 0 && family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only));
	return fd;
}

static int bind_port(const struct asking *asking, int fd, int family)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
				    .sin6_port = htons(asking->request.port) };
	struct sockaddr_in four = { .sin_family = AF_INET,
				    .sin_port = htons(asking->request.port) };

	/* ::ffff:0.0.0.0 */
	if (is_mapped(asking))
		six.sin6_addr.s6_addr[10] = six.sin6_addr.s6_addr[11] = 0xff;
	return family == AF_INET ? bind(fd, (struct sockaddr *)&four, sizeof(four))
				 : bind(fd, (struct sockaddr *)&six, sizeof(six));
}

/* Return: 0 or errno. */
static int try_family(const struct asking *asking, int family)
{
	cleanup_close int fd = make_socket(asking, family);

	if (fd < 0 || bind_port(asking, fd, family) < 0)
		return errno;
	return asking->request.protocol == CGFENCE_TCP && listen(fd, 1) < 0 ? errno : 0;
}

static int try_request(const struct asking *asking)
{
	bool has_six = asking->hook->families & HOOK_BIT(CGFENCE_IPV6);
	bool wants_six = asking->request.families[CGFENCE_IPV6] || is_mapped(asking);

	return try_family(asking, has_six && wants_six ? AF_INET6 : AF_INET);
}

/* Return: 0 or errno, as an exit status. */
static int ask(void *context)
{
	struct asking *asking = context;

	if (unshare(CLONE_NEWNET) < 0)
		return errno;
	asking->without = try_request(asking);
	asking->stage = STAGE_ATTACH;
	/* The link ends with this process. */
	if (bpf_link_create(asking->program, asking->cgroup, asking->hook->attach_type, NULL) < 0)
		return errno;
	asking->stage = STAGE_DONE;
	asking->with = try_request(asking);
	return 0;
}

static int run(struct asking *asking, struct cgfence_error *error)
{
	struct cgfence_cgroup *cgroup = NULL;
	int result = scratch_open(&cgroup, error);

	if (result)
		return result;
	asking->cgroup = cgfence_cgroup_fd(cgroup);
	result = scratch_run(cgroup, ask, asking);
	scratch_close(cgroup);
	return result ? kernel_error(error, result < 0 ? -result : result, "%s",
				     stage_words[asking->stage])
		      : 0;
}

static int judge(const struct asking *asking, bool *allowed, struct cgfence_error *error)
{
	if (asking->without)
		return error_set(
			error, asking->without,
			"it cannot be told apart, since the same fails on a cgroup without it (%s)",
			strerror(asking->without));
	/* A socket of IPv4 itself is not asked about. */
	if (asking->with && is_mapped(asking))
		return error_set(
			error, asking->with,
			"it refuses it to sockets of IPv6 with a mapped address, and has no say on others");
	*allowed = asking->with == 0;
	return 0;
}

static const struct hook *find_hook(const char *name)
{
	for (int i = 0; i < hook_count; i++) {
		if (strcmp(hooks[i].name, name) == 0)
			return &hooks[i];
	}
	return NULL;
}

int cgfence_foreign_ask_port(const struct cgfence_foreign_program *program,
			     const struct cgfence_port_request *request, bool *allowed,
			     struct cgfence_error *error)
{
	cleanup_close int fd = bpf_prog_get_fd_by_id(program->id);
	const struct hook *hook = find_hook(program->hook);
	struct asking *asking;
	int result;

	if (fd < 0)
		return kernel_error(error, errno, "open the program %u", program->id);
	if (!hook || !hook_judges_port(hook, request))
		return error_set(error, EINVAL, "it has no say on such a port");
	asking = mmap(NULL, sizeof(*asking), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (asking == MAP_FAILED)
		return error_out_of_memory(error);
	asking->program = fd;
	asking->hook = hook;
	asking->request = *request;
	result = run(asking, error);
	if (result == 0)
		result = judge(asking, allowed, error);
	munmap(asking, sizeof(*asking));
	return result;
}
