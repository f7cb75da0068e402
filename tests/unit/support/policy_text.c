// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "policy_text.h"
#include "base/cleanup.h"

#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

char *policy_text_unquote(const char *text)
{
	char *copy = strdup(text);

	for (char *quote = copy; (quote = strchr(quote, '`')); quote++)
		*quote = '"';
	return copy;
}

struct cgfence_policy *policy_text_parse(const char *text)
{
	cleanup_free char *json = policy_text_unquote(text);
	struct cgfence_policy *policy = NULL;
	struct cgfence_error error = { 0 };

	cr_assert_eq(cgfence_policy_parse(json, strlen(json), "p.json", &policy, &error), 0,
		     "%s: %s", json, error.text);
	return policy;
}

char *policy_text_format(const struct cgfence_policy *policy)
{
	struct cgfence_error error = { 0 };
	char *text = NULL;
	char *to;

	cr_assert_eq(cgfence_policy_format(policy, &text, &error), 0, "%s", error.text);
	to = text;
	for (const char *from = text; *from; from++) {
		if (*from == '\n')
			from += strspn(from + 1, " ");
		else
			*to++ = *from;
	}
	*to = '\0';
	return text;
}

void policy_text_expect_refusals(const struct refusal_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		cleanup_free char *text = policy_text_unquote(cases[i].text);
		cleanup_free char *message = policy_text_unquote(cases[i].message);
		struct cgfence_policy *policy = NULL;
		struct cgfence_error error = { 0 };
		int result = cgfence_policy_parse(text, strlen(text), "p.json", &policy, &error);

		cr_expect_eq(result, -EINVAL, "%s: returned %d", cases[i].name, result);
		cr_expect_null(policy, "%s: a policy was made", cases[i].name);
		cr_expect(error.invalid_input, "%s: not called invalid input", cases[i].name);
		cr_expect_str_eq(error.text, message, "%s:\n  is     %s\n  not    %s",
				 cases[i].name, error.text, message);
		cgfence_policy_free(policy);
	}
	policy_text_expect_no_leak();
}

static void expect_same_string(const char *a, const char *b, const char *name)
{
	cr_expect_eq(!a, !b, "%s", name);
	if (a && b)
		cr_expect_str_eq(a, b, "%s", name);
}

void policy_text_expect_same(const struct cgfence_policy *a, const struct cgfence_policy *b,
			     const char *name)
{
	expect_same_string(a->name, b->name, name);
	cr_expect_eq(a->enforce, b->enforce, "%s: enforce", name);
	cr_expect_eq(a->devices_fenced, b->devices_fenced, "%s: devices fenced", name);
	cr_expect_eq(a->devices_base, b->devices_base, "%s: defaults", name);
	cr_assert_eq(a->devices.count, b->devices.count, "%s: %zu and %zu device rules", name,
		     a->devices.count, b->devices.count);
	for (size_t i = 0; i < a->devices.count; i++) {
		const struct device_rule *left = &a->devices.items[i];
		const struct device_rule *right = &b->devices.items[i];

		cr_expect(left->selector == right->selector && left->allow == right->allow &&
				  left->deny == right->deny,
			  "%s: device rule %zu", name, i);
	}
	cr_expect_eq(a->adopt, b->adopt, "%s: adopt", name);
	cr_expect_eq(a->ports_fenced, b->ports_fenced, "%s: ports fenced", name);
	cr_expect_eq(a->sctp_any, b->sctp_any, "%s: sctp", name);
	cr_expect_eq(memcmp(&a->ports[CGFENCE_TCP], &b->ports[CGFENCE_TCP],
			    sizeof(a->ports[CGFENCE_TCP])),
		     0, "%s: tcp", name);
	cr_expect_eq(memcmp(&a->ports[CGFENCE_UDP], &b->ports[CGFENCE_UDP],
			    sizeof(a->ports[CGFENCE_UDP])),
		     0, "%s: udp", name);
	cr_expect_eq(a->has_isolated_range, b->has_isolated_range, "%s: isolated range", name);
	cr_expect_eq(memcmp(&a->isolated_range, &b->isolated_range, sizeof(a->isolated_range)), 0,
		     "%s: isolated range", name);
	cr_expect_eq(a->netns, b->netns, "%s: netns", name);
	cr_expect_eq(a->privileged_ports, b->privileged_ports, "%s: privileged ports", name);
	cr_expect_eq(a->on_violation, b->on_violation, "%s: on_violation", name);
}

void policy_text_expect_no_leak(void)
{
#ifdef __SANITIZE_ADDRESS__
	cr_expect_eq(__lsan_do_recoverable_leak_check(), 0, "memory was not given back");
#endif
}
