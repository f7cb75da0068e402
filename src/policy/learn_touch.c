// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy/learn_touch.h"
#include "policy/device_words.h"

#include <cgfence/verdict.h>
#include <stdio.h>
#include <string.h>

void learn_access(uint32_t access, char letters[4])
{
	snprintf(letters, 4, "%s%s%s", access & BPF_DEVCG_ACC_READ ? "r" : "",
		 access & BPF_DEVCG_ACC_WRITE ? "w" : "", access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
}

void learn_name_port(const struct lesson_touch *touch, char what[LEARN_WHAT_SIZE])
{
	const struct cgfence_denial_subject *subject = &touch->subject;
	const char *family = subject->access == CGFENCE_IPV4 ? "ipv4:" : "";

	if (subject->hook == CGFENCE_HOOK_CREATE)
		snprintf(what, LEARN_WHAT_SIZE, "%s", cgfence_ip_protocol_name(subject->type));
	else if (!subject->major)
		snprintf(what, LEARN_WHAT_SIZE, "%s, a port chosen by the kernel",
			 cgfence_ip_protocol_name(subject->type));
	else
		snprintf(what, LEARN_WHAT_SIZE, "%s %s%u%s",
			 cgfence_ip_protocol_name(subject->type), family, subject->major,
			 subject->hook == CGFENCE_HOOK_LISTEN ? ", chosen by the kernel" : "");
}

void learn_name_chosen(const struct lesson_touch *touch, size_t count, char what[LEARN_WHAT_SIZE])
{
	if (count == 1)
		learn_name_port(touch, what);
	else
		snprintf(what, LEARN_WHAT_SIZE, "%s%s, %zu ports chosen by the kernel",
			 cgfence_ip_protocol_name(touch->subject.type),
			 touch->subject.access == CGFENCE_IPV4 ? " ipv4" : "", count);
}

bool learn_was_bound(const struct lesson_touch *listening, const struct lesson_touch *touches,
		     size_t count)
{
	struct lesson_touch bound = *listening;

	bound.subject.hook = CGFENCE_HOOK_BIND;
	return listening->subject.hook == CGFENCE_HOOK_LISTEN && listening->subject.major &&
	       bsearch(&bound, touches, count, sizeof(*touches), lesson_compare_numbers);
}

enum cgfence_protocol learn_protocol(const struct lesson_touch *touch)
{
	return touch->subject.type == CGFENCE_IPPROTO_TCP ? CGFENCE_TCP : CGFENCE_UDP;
}

/* What include/cgfence/verdict.h says of an image, of the rules: one selector must allow all, none may deny a part. */
static void judge_device(const struct cgfence_policy *policy,
			 const struct cgfence_denial_subject *subject, bool *granted, bool *denied)
{
	const uint64_t selectors[] = {
		cgfence_device_selector(subject->type, subject->major, subject->minor, 0),
		cgfence_device_selector(subject->type, subject->major, 0,
					CGFENCE_SELECTOR_ANY_MINOR),
		cgfence_device_selector(subject->type, 0, subject->minor,
					CGFENCE_SELECTOR_ANY_MAJOR),
		cgfence_device_selector(subject->type, 0, 0,
					CGFENCE_SELECTOR_ANY_MAJOR | CGFENCE_SELECTOR_ANY_MINOR),
	};

	*granted = *denied = false;
	for (size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]); i++) {
		const struct device_rule *rule = device_rules_find(&policy->devices, selectors[i]);

		if (!rule)
			continue;
		*denied |= (rule->deny & subject->access) != 0;
		*granted |= rule->allow && !(subject->access & ~rule->allow);
	}
}

static bool allows_device(const struct cgfence_policy *policy,
			  const struct cgfence_denial_subject *subject)
{
	bool granted;
	bool denied;

	judge_device(policy, subject, &granted, &denied);
	return granted && !denied;
}

bool learn_has_device(const struct cgfence_policy *policy, const struct lesson_touch *touch)
{
	bool granted;
	bool denied;

	judge_device(policy, &touch->subject, &granted, &denied);
	return !policy->devices_fenced || granted;
}

static bool allows_port(const struct cgfence_policy *policy, enum port_family family,
			const struct lesson_touch *touch)
{
	const struct port_set *ports = &policy->ports[learn_protocol(touch)];
	uint16_t port = (uint16_t)touch->subject.major;

	/* An unbound socket that listens: which port it gets is not known. */
	if (!port)
		return port_set_is_any(ports);
	return port_set_has(ports, family, port) ||
	       (policy->has_isolated_range && !port_set_has(&policy->isolated_range, family, port));
}

bool learn_allows(const struct cgfence_policy *policy, const struct lesson_touch *touch)
{
	const struct cgfence_denial_subject *subject = &touch->subject;

	if (lesson_is_device(touch))
		return !policy->devices_fenced || allows_device(policy, subject);
	if (!policy->ports_fenced)
		return true;
	if (subject->hook == CGFENCE_HOOK_CREATE)
		return policy->sctp_any;
	/* A socket of IPv6 may serve both families, which a record does not tell. */
	return allows_port(policy, PORT_IPV4, touch) &&
	       (subject->access == CGFENCE_IPV4 || allows_port(policy, PORT_IPV6, touch));
}
