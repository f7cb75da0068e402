// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * What a program of somebody else says of a port: on a cgroup and in a network namespace that are there for a moment, a
 * child makes a socket, binds it to the port, and listens, first without the program and then with it.
 */
#include "kernel/foreign_ask_port.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "kernel/foreign_child.h"
#include "kernel/hook.h"

#include <netinet/in.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>

struct answer {
	int without; /* errno where the program has no say; 0 if it passes */
	int with;
};

/* Shared with the child. */
struct asking {
	struct foreign_child child;
	const struct hook *hook;
	struct cgfence_port_request request; /* of the first port */
	size_t count;			     /* of ports */
	struct answer answers[];
};

/* A request of IPv4 alone is put to a program that is asked by sockets of IPv6 only by way of a mapped address. */
static bool needs_mapped(const struct hook *hook, const struct cgfence_port_request *request)
{
	return !request->families[CGFENCE_IPV6] &&
	       (hook->attach_type == BPF_CGROUP_INET6_BIND ||
		hook->attach_type == BPF_CGROUP_INET6_POST_BIND);
}

static bool is_mapped(const struct asking *asking)
{
	return needs_mapped(asking->hook, &asking->request);
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

static int bind_port(const struct asking *asking, int fd, int family, uint16_t port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in four = { .sin_family = AF_INET, .sin_port = htons(port) };

	/* ::ffff:0.0.0.0 */
	if (is_mapped(asking))
		six.sin6_addr.s6_addr[10] = six.sin6_addr.s6_addr[11] = 0xff;
	return family == AF_INET ? bind(fd, (struct sockaddr *)&four, sizeof(four))
				 : bind(fd, (struct sockaddr *)&six, sizeof(six));
}

/* Return: 0 or errno. */
static int try_family(const struct asking *asking, int family, uint16_t port)
{
	cleanup_close int fd = make_socket(asking, family);

	if (fd < 0 || bind_port(asking, fd, family, port) < 0)
		return errno;
	return asking->request.protocol == CGFENCE_TCP && listen(fd, 1) < 0 ? errno : 0;
}

static int try_port(const struct asking *asking, size_t index)
{
	bool has_six = asking->hook->families & HOOK_BIT(CGFENCE_IPV6);
	bool wants_six = asking->request.families[CGFENCE_IPV6] || is_mapped(asking);

	return try_family(asking, has_six && wants_six ? AF_INET6 : AF_INET,
			  (uint16_t)(asking->request.port + index));
}

/* Return: 0 or errno, as an exit status. */
static int ask(void *context)
{
	struct asking *asking = context;
	int code;

	if (unshare(CLONE_NEWNET) < 0)
		return errno;
	for (size_t i = 0; i < asking->count; i++)
		asking->answers[i].without = try_port(asking, i);
	code = foreign_child_attach(&asking->child);
	for (size_t i = 0; i < asking->count && code == 0; i++)
		asking->answers[i].with = try_port(asking, i);
	return code;
}

static const struct hook *find_hook(const char *name)
{
	for (int i = 0; i < hook_count; i++) {
		if (strcmp(hooks[i].name, name) == 0)
			return &hooks[i];
	}
	return NULL;
}

static size_t size_for(size_t count)
{
	return sizeof(struct asking) + count * sizeof(struct answer);
}

/* Return: memory to be given to foreign_child_free(), or NULL. */
static struct asking *new_asking(const struct hook *hook,
				 const struct cgfence_port_request *request, size_t count)
{
	struct asking *asking = foreign_child_new(size_for(count));

	if (!asking)
		return NULL;
	asking->child.attach_type = hook->attach_type;
	asking->hook = hook;
	asking->request = *request;
	asking->count = count;
	return asking;
}

static int run(struct asking *asking, const struct cgfence_foreign_program *program,
	       struct cgfence_error *error)
{
	return foreign_child_run(&asking->child, program->id, ask,
				 "make a network namespace of its own", error);
}

static int judge(const struct asking *asking, bool *allowed, struct cgfence_error *error)
{
	const struct answer *answer = asking->answers;

	if (answer->without)
		return error_set(
			error, answer->without,
			"it cannot be told apart, since the same fails on a cgroup without it (%s)",
			strerror(answer->without));
	/* A socket of IPv4 itself is not asked about. */
	if (answer->with && is_mapped(asking))
		return error_set(
			error, answer->with,
			"it refuses it to sockets of IPv6 with a mapped address, and has no say on others");
	*allowed = answer->with == 0;
	return 0;
}

int cgfence_foreign_ask_port(const struct cgfence_foreign_program *program,
			     const struct cgfence_port_request *request, bool *allowed,
			     struct cgfence_error *error)
{
	const struct hook *hook = find_hook(program->hook);
	struct asking *asking;
	int result;

	if (!hook || !hook_judges_port(hook, request))
		return error_set(error, EINVAL, "it has no say on such a port");
	asking = new_asking(hook, request, 1);
	if (!asking)
		return error_out_of_memory(error);
	result = run(asking, program, error);
	if (result == 0)
		result = judge(asking, allowed, error);
	foreign_child_free(asking, size_for(1));
	return result;
}

int foreign_ask_ports(const struct cgfence_foreign_program *program, enum cgfence_protocol protocol,
		      enum cgfence_family family, bool refused[FOREIGN_PORTS],
		      struct cgfence_error *error)
{
	struct cgfence_port_request request = { .protocol = protocol };
	const struct hook *hook = find_hook(program->hook);
	struct asking *asking;
	int result;

	request.families[family] = true;
	/* A program that is asked by sockets of IPv6 has no say on those of IPv4 itself. */
	if (!hook || !hook_judges_port(hook, &request) || needs_mapped(hook, &request))
		return 0;
	asking = new_asking(hook, &request, FOREIGN_PORTS);
	if (!asking)
		return error_out_of_memory(error);
	result = run(asking, program, error);
	for (size_t i = 0; i < FOREIGN_PORTS && result == 0; i++)
		refused[i] = asking->answers[i].without || asking->answers[i].with;
	foreign_child_free(asking, size_for(FOREIGN_PORTS));
	return result ? result : 1;
}
