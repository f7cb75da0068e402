// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The names of protocols and families in policies, commands and reports. */
#include <cgfence/cgfence.h>
#include <cgfence/verdict.h>

static const char *const protocol_names[CGFENCE_PROTOCOL_COUNT] = {
	[CGFENCE_TCP] = "tcp",
	[CGFENCE_UDP] = "udp",
};

static const char *const family_names[CGFENCE_FAMILY_COUNT] = {
	[CGFENCE_IPV4] = "ipv4",
	[CGFENCE_IPV6] = "ipv6",
};

const char *cgfence_protocol_name(enum cgfence_protocol protocol)
{
	return (unsigned int)protocol < CGFENCE_PROTOCOL_COUNT ? protocol_names[protocol] : "?";
}

const char *cgfence_family_name(enum cgfence_family family)
{
	return (unsigned int)family < CGFENCE_FAMILY_COUNT ? family_names[family] : "?";
}

const char *cgfence_ip_protocol_name(uint32_t ip_protocol)
{
	if (cgfence_is_tcp(ip_protocol))
		return cgfence_protocol_name(CGFENCE_TCP);
	if (cgfence_is_udp(ip_protocol))
		return cgfence_protocol_name(CGFENCE_UDP);
	return ip_protocol == CGFENCE_IPPROTO_SCTP ? "sctp" : "other";
}
