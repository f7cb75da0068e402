// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "import/socket_bind.h"
#include "base/cleanup.h"
#include "base/error.h"
#include "import/draft.h"
#include "policy/write.h"

#include <cgfence/verdict.h>
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

static int parse_ports(const char *word, struct bind_rule *rule)
{
	if (strchr(word, ':') || port_range_parse(word, &rule->range, NULL))
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

	if (result)
		return result;
	memcpy(rule.range.families, rule.families, sizeof(rule.families));
	for (int i = 0; i < CGFENCE_PROTOCOL_COUNT; i++) {
		if (rule.protocols[i])
			port_set_add(&list->ports[i], &rule.range);
	}
	list->count++;
	return 0;
}

static json_t *write_assigned(const struct port_set *allow, const struct port_set *deny)
{
	cleanup_free struct port_set *assigned = calloc(1, sizeof(*assigned));

	if (!assigned)
		return NULL;
	port_set_add_any(assigned);
	port_set_subtract(assigned, deny);
	port_set_unite(assigned, allow);
	return policy_write_port_set(assigned);
}

/* What is allowed beats what is denied, and what is neither is allowed (src/core/bpf/socket_bind). */
int socket_bind_finish(struct importing *import, const struct socket_bind_list *allow,
		       const struct socket_bind_list *deny)
{
	const char *name = import->sources[0].name;
	bool all = port_set_is_any(&deny->ports[CGFENCE_TCP]) &&
		   port_set_is_any(&deny->ports[CGFENCE_UDP]);
	json_t *ports;
	int result;

	if (deny->count == 0) {
		if (allow->count)
			importing_remark(
				import,
				"%s: SocketBindAllow= without SocketBindDeny= restricts nothing; the policy has no ports",
				name);
		return 0;
	}
	ports = json_pack("{s:o?, s:o?}", "tcp",
			  write_assigned(&allow->ports[CGFENCE_TCP], &deny->ports[CGFENCE_TCP]),
			  "udp",
			  write_assigned(&allow->ports[CGFENCE_UDP], &deny->ports[CGFENCE_UDP]));
	if (!all)
		json_object_set_new(ports, "sctp", json_string("any"));
	else
		importing_remark(
			import,
			"%s: systemd does not see SCTP; the policy refuses it, as SocketBindDeny=any says",
			name);
	if (all)
		importing_remark(
			import,
			"%s: systemd refuses to bind port 0; the policy lets it pass, for clients need it, and judges the listener",
			name);
	result = draft_set(import, "ports", ports);
	return result ? result : draft_set(import, "netns", json_string("any"));
}
