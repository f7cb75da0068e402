// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "support/endpoint.h"

#include <arpa/inet.h>
#include <cgfence/abi.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef IP_BIND_ADDRESS_NO_PORT
#define IP_BIND_ADDRESS_NO_PORT 24
#endif

/* Of a millisecond each. */
#define FREE_TRIES 30000

static const struct {
	const char *name;
	int type;
	int protocol;
} protocols[] = {
	{ "tcp", SOCK_STREAM, IPPROTO_TCP },	    { "udp", SOCK_DGRAM, IPPROTO_UDP },
	{ "udplite", SOCK_DGRAM, IPPROTO_UDPLITE }, { "mptcp", SOCK_STREAM, CGFENCE_IPPROTO_MPTCP },
	{ "sctp", SOCK_STREAM, IPPROTO_SCTP },
};

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

struct endpoint endpoint_parse(const char *text)
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

struct endpoint endpoint_peer(const char *text)
{
	struct endpoint endpoint = endpoint_parse(text);

	if (endpoint.domain == AF_INET && !endpoint.address.ipv4.sin_addr.s_addr)
		endpoint.address.ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (endpoint.domain == AF_INET6 &&
	    IN6_IS_ADDR_UNSPECIFIED(&endpoint.address.ipv6.sin6_addr))
		endpoint.address.ipv6.sin6_addr = in6addr_loopback;
	return endpoint;
}

int endpoint_make(const struct endpoint *endpoint)
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

int endpoint_bind_free(int fd, const struct endpoint *endpoint)
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
	struct endpoint endpoint = endpoint_parse(text);
	int fd = endpoint_make(&endpoint);
	int code;

	if (fd < 0 || endpoint.unbound)
		return fd;
	code = bind_it(fd, &endpoint);
	if (code == 0)
		return fd;
	close(fd);
	return -code;
}

int endpoint_open(const char *text)
{
	return open_with(text, bind_once);
}

int endpoint_recycled(void)
{
	const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	struct endpoint endpoint = endpoint_parse("tcp 127.0.0.1 0");
	int listener = endpoint_open("tcp 127.0.0.1 0");
	int client = endpoint_make(&endpoint);
	int accepted = -1;
	int result;

	if (listener >= 0 && client >= 0 && listen(listener, 1) == 0 &&
	    getsockname(listener, &endpoint.address.any, &endpoint.length) == 0 &&
	    connect(client, &endpoint.address.any, endpoint.length) == 0)
		accepted = accept(listener, NULL, NULL);
	result = accepted < 0 || connect(accepted, &nobody, sizeof(nobody)) < 0 ? -errno : accepted;
	close(listener);
	close(client);
	return result;
}

int endpoint_open_free(const char *text)
{
	return open_with(text, endpoint_bind_free);
}

int endpoint_try(const char *text)
{
	int fd = endpoint_open_free(text);
	int code = 0;

	if (fd < 0)
		return -fd;
	if (endpoint_parse(text).type == SOCK_STREAM && listen(fd, 8) < 0)
		code = errno;
	close(fd);
	return code;
}

uint16_t endpoint_port(int fd)
{
	struct sockaddr_in6 address = { 0 };
	socklen_t length = sizeof(address);

	/* The port is at the same place for both families. */
	return getsockname(fd, (struct sockaddr *)&address, &length) == 0 ? ntohs(address.sin6_port)
									  : 0;
}
