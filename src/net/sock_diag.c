// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "net/sock_diag.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "base/yield.h"
#include "net/sockstat.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <netlink/attr.h>
#include <netlink/errno.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <string.h>

#define DUMP_TRIES 10

struct sock_diag {
	struct nl_sock *socket;
	struct netns_identity netns;
	struct netns_ports ports;
	int no_ports_code; /* if they are not known */
	struct cgfence_error no_ports;
	struct sockstat sockstat;
};

static const struct {
	int ip_protocol;
	const char *name;
	const char *module;
} protocols[] = {
	{ IPPROTO_TCP, "TCP", "tcp_diag" },
	{ IPPROTO_UDP, "UDP", "udp_diag" },
	{ IPPROTO_UDPLITE, "UDP-Lite", "udp_diag" },
};

/* The result that the callbacks of libnl fill in. */
struct dump {
	struct listeners *list;
	int code; /* errno value, 0 so far */
};

static int open_socket(struct sock_diag *diag, struct cgfence_error *error)
{
	int result;

	diag->socket = nl_socket_alloc();
	if (!diag->socket)
		return error_out_of_memory(error);
	nl_socket_disable_auto_ack(diag->socket);
	result = nl_connect(diag->socket, NETLINK_SOCK_DIAG);
	if (result)
		return error_set(error, EPROTONOSUPPORT,
				 "cannot ask the kernel for sockets (NETLINK_SOCK_DIAG): %s",
				 nl_geterror(result));
	sockstat_open(&diag->sockstat);
	diag->no_ports_code = netns_read_ports(&diag->ports, &diag->no_ports);
	return netns_read(&diag->netns, error);
}

int sock_diag_open(int netns, struct sock_diag **diag, struct cgfence_error *error)
{
	struct sock_diag *made = calloc(1, sizeof(*made));
	int before = -1;
	int result;

	if (!made)
		return error_out_of_memory(error);
	made->sockstat = (struct sockstat)SOCKSTAT_CLOSED;
	result = netns >= 0 ? netns_enter(netns, &before, error) : 0;
	if (result == 0)
		result = open_socket(made, error);
	if (before >= 0) {
		int left = netns_leave(before, error);

		result = result ? result : left;
	}
	if (result) {
		sock_diag_close(made);
		return result;
	}
	*diag = made;
	return 0;
}

void sock_diag_close(struct sock_diag *diag)
{
	if (!diag)
		return;
	nl_socket_free(diag->socket);
	sockstat_close(&diag->sockstat);
	netns_free_ports(&diag->ports);
	free(diag);
}

const struct netns_identity *sock_diag_netns(const struct sock_diag *diag)
{
	return &diag->netns;
}

const struct netns_ports *sock_diag_ports(const struct sock_diag *diag)
{
	return &diag->ports;
}

static void copy_address(union listener_address *address, int domain, const __be32 from[4])
{
	memcpy(address, from, domain == AF_INET ? sizeof(address->ipv4) : sizeof(address->ipv6));
}

static void read_message(const struct inet_diag_msg *message, struct nlattr *const *attributes,
			 struct listener *listener)
{
	const struct inet_diag_sockid *id = &message->id;

	listener->cookie = (uint64_t)id->idiag_cookie[1] << 32 | id->idiag_cookie[0];
	listener->inode = message->idiag_inode;
	listener->interface = id->idiag_if;
	listener->domain = message->idiag_family;
	listener->port = ntohs(id->idiag_sport);
	copy_address(&listener->address, listener->domain, id->idiag_src);
	copy_address(&listener->peer, listener->domain, id->idiag_dst);
	if (attributes[INET_DIAG_CGROUP_ID])
		listener->cgroup_id = nla_get_u64(attributes[INET_DIAG_CGROUP_ID]);
	if (attributes[INET_DIAG_SKV6ONLY])
		listener->v6only = nla_get_u8(attributes[INET_DIAG_SKV6ONLY]);
}

/* The caller sets the protocol, since no message has it. */
static int on_message(struct nl_msg *message, void *argument)
{
	static const struct nla_policy policy[INET_DIAG_MAX + 1] = {
		[INET_DIAG_CGROUP_ID] = { .type = NLA_U64 },
		[INET_DIAG_SKV6ONLY] = { .type = NLA_U8 },
	};
	struct nlattr *attributes[INET_DIAG_MAX + 1];
	struct nlmsghdr *header = nlmsg_hdr(message);
	struct listener listener = { 0 };
	const struct inet_diag_msg *body;
	struct dump *dump = argument;

	yield_now();
	if (nlmsg_parse(header, sizeof(*body), attributes, INET_DIAG_MAX, policy) < 0) {
		dump->code = EBADMSG;
		return NL_SKIP;
	}
	body = nlmsg_data(header);
	/* A UDP socket of this kind hears one other socket alone. */
	if (!body->id.idiag_sport || body->id.idiag_dport)
		return NL_OK;
	read_message(body, attributes, &listener);
	if (listeners_add(dump->list, &listener))
		dump->code = ENOMEM;
	return NL_OK;
}

/* The end of a dump carries its error, which libnl ignores. */
static int on_finish(struct nl_msg *message, void *argument)
{
	struct nlmsghdr *header = nlmsg_hdr(message);
	struct dump *dump = argument;
	int code = 0;

	if (nlmsg_datalen(header) >= (int)sizeof(code))
		memcpy(&code, nlmsg_data(header), sizeof(code));
	if (code < 0)
		dump->code = -code;
	return NL_STOP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *message, void *argument)
{
	struct dump *dump = argument;

	(void)from;
	dump->code = -message->error;
	return NL_STOP;
}

/* Return: 0 or -errno; -EINTR if the caller must repeat it. */
static int receive(struct sock_diag *diag, struct dump *dump)
{
	struct nl_cb *callbacks = nl_cb_alloc(NL_CB_DEFAULT);
	int result;

	if (!callbacks)
		return -ENOMEM;
	nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_message, dump);
	nl_cb_set(callbacks, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, dump);
	nl_cb_err(callbacks, NL_CB_CUSTOM, on_error, dump);
	result = nl_recvmsgs(diag->socket, callbacks);
	nl_cb_put(callbacks);
	if (dump->code)
		return -dump->code;
	/* Changed while it was read, or more than the socket could hold (libnl's words for ENOBUFS). */
	if (result == -NLE_DUMP_INTR || result == -NLE_NOMEM)
		return -EINTR;
	return result < 0 ? -EIO : 0;
}

/* The state of a UDP socket that is not connected is TCP_CLOSE. One that is connected to port 0 is no client. */
static uint32_t states_of(int ip_protocol)
{
	return ip_protocol == IPPROTO_TCP ? 1U << TCP_LISTEN
					  : 1U << TCP_CLOSE | 1U << TCP_ESTABLISHED;
}

/*
 * Has the kernel leave out the sockets that are connected to a port, of which there may be very many. A comparison has two
 * parts, and accepts by a jump to the end and refuses by one beyond it (inet_diag_bc_run, net/ipv4/inet_diag.c).
 */
#define COMPARISON_SIZE (2 * sizeof(struct inet_diag_bc_op))
#define REFUSE (COMPARISON_SIZE + sizeof(struct inet_diag_bc_op))

static const struct inet_diag_bc_op without_port[] = {
	{ .code = INET_DIAG_BC_D_LE, .yes = COMPARISON_SIZE, .no = REFUSE },
	{ .no = 0 }, /* the port */
};

static int send_dump(struct sock_diag *diag, int domain, int ip_protocol, uint16_t port)
{
	struct inet_diag_req_v2 request = {
		.sdiag_family = (uint8_t)domain,
		.sdiag_protocol = (uint8_t)ip_protocol,
		.idiag_states = states_of(ip_protocol),
		.id.idiag_sport = htons(port),
	};
	struct nl_msg *message = nlmsg_alloc_simple(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP);
	int result = message ? nlmsg_append(message, &request, sizeof(request), NLMSG_ALIGNTO)
			     : -NLE_NOMEM;

	if (result == 0 && ip_protocol != IPPROTO_TCP)
		result = nla_put(message, INET_DIAG_REQ_BYTECODE, sizeof(without_port),
				 without_port);
	if (result == 0)
		result = nl_send_auto(diag->socket, message);
	nlmsg_free(message);
	return result < 0 ? -EIO : 0;
}

static int dump_family(struct sock_diag *diag, int domain, int ip_protocol, uint16_t port,
		       struct listeners *list)
{
	struct dump dump = { .list = list };
	int result = send_dump(diag, domain, ip_protocol, port);

	return result ? result : receive(diag, &dump);
}

/* Linux 7.x has no UDP-Lite; where no such socket can be made, there are none. */
static bool has_protocol(int ip_protocol)
{
	cleanup_close int fd = -1;

	if (ip_protocol != IPPROTO_UDPLITE)
		return true;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, ip_protocol);
	return fd >= 0 || errno != EPROTONOSUPPORT;
}

static size_t index_of(int ip_protocol)
{
	size_t i = 0;

	while (protocols[i].ip_protocol != ip_protocol)
		i++;
	return i;
}

static int explain_failure(int code, int ip_protocol, struct cgfence_error *error)
{
	size_t i = index_of(ip_protocol);

	if (code == ENOENT)
		return error_set(
			error, code,
			"cannot list %s sockets: the kernel has no %s; try 'modprobe %s', or a kernel with CONFIG_INET_DIAG",
			protocols[i].name, protocols[i].module, protocols[i].module);
	return error_set(error, code, "cannot list %s sockets: %s", protocols[i].name,
			 code == EINTR ? "the list kept changing while it was read"
				       : strerror(code));
}

int sock_diag_dump(struct sock_diag *diag, int ip_protocol, uint16_t port, struct listeners *list,
		   struct cgfence_error *error)
{
	size_t before = list->count;
	int result = -EINTR;

	/* Without the range, a client cannot be told from what serves. */
	if (ip_protocol != IPPROTO_TCP && diag->no_ports_code)
		return error_set(error, -diag->no_ports_code, "cannot list %s sockets: %s",
				 protocols[index_of(ip_protocol)].name, diag->no_ports.text);
	/* Hardly anybody has one, and the kernel would go through the whole table of each family. */
	if (ip_protocol == IPPROTO_UDPLITE && sockstat_has_no_udp_lite(&diag->sockstat))
		return 0;
	for (int i = 0; i < DUMP_TRIES && result == -EINTR; i++) {
		list->count = before;
		result = dump_family(diag, AF_INET, ip_protocol, port, list);
		if (result == 0)
			result = dump_family(diag, AF_INET6, ip_protocol, port, list);
	}
	for (size_t i = before; i < list->count; i++)
		list->items[i].ip_protocol = ip_protocol;
	if (result == 0)
		return 0;
	list->count = before;
	if (result == -ENOENT && !has_protocol(ip_protocol))
		return 0;
	return explain_failure(-result, ip_protocol, error);
}

/* @cookie: 0 for whatever the kernel finds there */
static struct inet_diag_req_v2 request_for(const struct listener *listener, uint64_t cookie,
					   uint16_t remote_port)
{
	struct inet_diag_req_v2 request = {
		.sdiag_family = (uint8_t)listener->domain,
		.sdiag_protocol = (uint8_t)listener->ip_protocol,
		.id = {
			.idiag_sport = htons(listener->port),
			.idiag_dport = htons(remote_port),
			.idiag_if = listener->interface,
			.idiag_cookie = { (uint32_t)cookie, (uint32_t)(cookie >> 32) },
		},
	};

	if (!cookie)
		memset(request.id.idiag_cookie, 0xff, sizeof(request.id.idiag_cookie));
	memcpy(request.id.idiag_src, &listener->address, sizeof(listener->address));
	memcpy(request.id.idiag_dst, &listener->peer, sizeof(listener->peer));
	/* The kernel looks a mapped address up as IPv4 if both ends are mapped (net/ipv4/inet_diag.c). */
	if (listener->domain == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&listener->address.ipv6))
		request.id.idiag_dst[2] = htonl(0xffff);
	return request;
}

/*
 * To find a UDP socket, the kernel takes the ends the other way round than to destroy it, and does not look a mapped
 * address up as IPv4 (udp_dump_one, net/ipv4/udp_diag.c).
 */
static void turn_round(struct inet_diag_req_v2 *request)
{
	struct inet_diag_sockid *id = &request->id;
	const struct inet_diag_sockid before = *id;
	struct in6_addr address;

	memcpy(&address, before.idiag_src, sizeof(address));
	id->idiag_sport = before.idiag_dport;
	id->idiag_dport = before.idiag_sport;
	memcpy(id->idiag_src, before.idiag_dst, sizeof(id->idiag_src));
	memcpy(id->idiag_dst, before.idiag_src, sizeof(id->idiag_dst));
	if (request->sdiag_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&address)) {
		request->sdiag_family = AF_INET;
		id->idiag_src[0] = before.idiag_dst[3];
		id->idiag_dst[0] = before.idiag_src[3];
	}
}

int sock_diag_find(struct sock_diag *diag, const struct listener *listener, uint16_t remote_port,
		   uint64_t *cookie)
{
	struct inet_diag_req_v2 request = request_for(listener, 0, remote_port);
	struct listeners list = { 0 };
	struct dump dump = { .list = &list };
	int result = -EIO;

	if (listener->ip_protocol != IPPROTO_TCP)
		turn_round(&request);
	if (nl_send_simple(diag->socket, SOCK_DIAG_BY_FAMILY, 0, &request, sizeof(request)) >= 0)
		result = receive(diag, &dump);
	if (result == 0 && list.count == 0)
		result = -ENOENT;
	if (result == 0)
		*cookie = list.items[0].cookie;
	listeners_free(&list);
	return result;
}

int sock_diag_destroy(struct sock_diag *diag, const struct listener *listener, uint16_t remote_port,
		      struct cgfence_error *error)
{
	struct inet_diag_req_v2 request = request_for(listener, listener->cookie, remote_port);
	struct dump dump = { 0 };
	int result = -EIO;

	if (nl_send_simple(diag->socket, SOCK_DESTROY, NLM_F_ACK, &request, sizeof(request)) >= 0)
		result = receive(diag, &dump);
	if (result == -EOPNOTSUPP)
		return error_set(
			error, EOPNOTSUPP,
			"the kernel cannot destroy sockets; it needs CONFIG_INET_DIAG_DESTROY");
	if (result)
		return error_set(error, -result, "the socket cannot be destroyed: %s",
				 result == -EPERM ? "this needs CAP_NET_ADMIN" : strerror(-result));
	return 0;
}
