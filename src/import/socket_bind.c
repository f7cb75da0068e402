// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/socket_bind.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "import/draft.h"
#include "policy/write.h"

#include <cgfence/verdict.h>
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct bind_rule {
	bool families[PORT_FAMILY_COUNT];
	bool protocols[CGFENCE_PROTOCOL_COUNT];
	struct port_range range;
};

/* A word that names one of two things leaves only that. Return: did it? */
static bool choose(const char *word, const char *const words[2], bool chosen[2])
{
	for (size_t i = 0; i < 2; i++) {
		if (strcmp(word, words[i]) == 0 && chosen[!i]) {
			chosen[i] = true;
			chosen[!i] = false;
			return true;
		}
	}
	return false;
}

/* As safe_atou() of systemd: blanks and a sign before it, and the bases of C. */
static int parse_port(const char *text, uint16_t *port)
{
	const char *digits = text + strspn(text, " \t");
	int base = 0;
	unsigned long number;
	char *end;

	if (*digits == '0' && digits[1] && strchr("bBoO", digits[1])) {
		base = strchr("bB", digits[1]) ? 2 : 8;
		digits += 2;
		if (!isdigit((unsigned char)*digits))
			return -EINVAL;
	}
	number = strtoul(digits, &end, base);
	if (end == digits || *end || strchr(text, '-') || number > PORT_MAX)
		return -EINVAL;
	*port = (uint16_t)number;
	return 0;
}

static int parse_ports(char *word, struct bind_rule *rule)
{
	char *high = strchr(word, '-');

	if (high)
		*high++ = '\0';
	if (parse_port(word, &rule->range.low) ||
	    parse_port(high ? high : word, &rule->range.high) || rule->range.high < rule->range.low)
		return -EINVAL;
	return 0;
}

static int parse_rule(char *text, struct bind_rule *rule)
{
	static const char *const families[] = { "ipv4", "ipv6" };
	static const char *const protocols[] = { "tcp", "udp" };
	char *word;

	/* The order is fixed: family, protocol, ports. */
	while ((word = strsep(&text, ":"))) {
		if (strcmp(word, "any") == 0)
			return text ? -EINVAL : 0;
		if (rule->protocols[0] && rule->protocols[1] &&
		    choose(word, families, rule->families))
			continue;
		if (!choose(word, protocols, rule->protocols))
			return text ? -EINVAL : parse_ports(word, rule);
	}
	return 0;
}

int socket_bind_parse(char *text, struct socket_bind_list *list)
{
	struct bind_rule rule = { .families = { true, true },
				  .protocols = { true, true },
				  .range = { .low = 1, .high = PORT_MAX } };
	int result = parse_rule(text, &rule);
	bool zero = rule.range.low == 0;

	if (result == 0 && zero && list->allows)
		result = -EINVAL;
	if (result)
		return result;
	list->zero |= zero;
	list->count++;
	rule.range.low += zero;
	memcpy(rule.range.families, rule.families, sizeof(rule.families));
	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT && rule.range.high; i++) {
		if (rule.protocols[i])
			port_set_add(&list->ports[i], &rule.range);
	}
	return 0;
}

/* What is allowed beats what is denied, and what is neither is allowed (src/core/bpf/socket_bind). */
static void assign(const struct socket_bind_list *allow, const struct socket_bind_list *deny,
		   struct port_set assigned[CGFENCE_PROTOCOL_COUNT])
{
	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT; i++) {
		port_set_add_any(&assigned[i]);
		port_set_subtract(&assigned[i], &deny->ports[i]);
		port_set_unite(&assigned[i], &allow->ports[i]);
	}
}

/* Is there a port that one family has and the other has not? */
static bool has_alone(const struct port_set assigned[CGFENCE_PROTOCOL_COUNT],
		      enum port_family family, enum port_family other)
{
	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT; i++) {
		for (size_t j = 0; j < PORT_SET_WORDS; j++) {
			if (assigned[i].words[family][j] & ~assigned[i].words[other][j])
				return true;
		}
	}
	return false;
}

/* No policy says what systemd says of an address of IPv4 that a socket of IPv6 is bound to. */
static void remark_families(const struct importing *import,
			    const struct port_set assigned[CGFENCE_PROTOCOL_COUNT])
{
	bool looser = has_alone(assigned, PORT_IPV4, PORT_IPV6);

	if (looser || has_alone(assigned, PORT_IPV6, PORT_IPV4))
		importing_remark(
			import,
			"%s: the rules differ by family: systemd judges ::ffff:a.b.c.d as IPv6, the policy as IPv4, and [::] without IPV6_V6ONLY as both%s",
			import->sources[0].name,
			looser ? "; so ports of IPv4 alone can be bound by a mapped address, which systemd refuses"
			       : "");
}

static void remark_rest(const struct importing *import, bool all, bool zero)
{
	const char *name = import->sources[0].name;

	if (all)
		importing_remark(
			import,
			"%s: systemd does not see SCTP; the policy refuses it, as SocketBindDeny=any says",
			name);
	if (all || zero)
		importing_remark(
			import,
			"%s: systemd refuses to bind port 0; the policy lets it pass, for clients need it, and judges the listener",
			name);
}

int socket_bind_finish(struct importing *import, const struct socket_bind_list *allow,
		       const struct socket_bind_list *deny)
{
	cleanup_free struct port_set *assigned = calloc(CGFENCE_PROTOCOL_COUNT, sizeof(*assigned));
	bool all = port_set_is_any(&deny->ports[CGFENCE_TCP]) &&
		   port_set_is_any(&deny->ports[CGFENCE_UDP]);
	json_t *ports;
	int result;

	if (!assigned)
		return error_out_of_memory(import->error);
	if (deny->count == 0) {
		if (allow->count)
			importing_remark(
				import,
				"%s: SocketBindAllow= without SocketBindDeny= restricts nothing; the policy has no ports",
				import->sources[0].name);
		return 0;
	}
	assign(allow, deny, assigned);
	ports = json_pack("{s:o?, s:o?}", "tcp", policy_write_port_set(&assigned[CGFENCE_TCP]),
			  "udp", policy_write_port_set(&assigned[CGFENCE_UDP]));
	if (!all)
		json_object_set_new(ports, "sctp", json_string("any"));
	remark_families(import, assigned);
	remark_rest(import, all, deny->zero);
	result = draft_set(import, "ports", ports);
	return result ? result : draft_set(import, "netns", json_string("any"));
}
