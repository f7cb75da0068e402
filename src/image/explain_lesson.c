// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* What a policy would have said of what was used, and why. */
#include "policy/device_words.h"
#include "policy/learn_touch.h"

#include <stdio.h>

static int explain_port(const struct cgfence_policy *policy, const struct lesson_touch *touch,
			struct cgfence_explanation *explanation, struct cgfence_error *error)
{
	const struct cgfence_denial_subject *subject = &touch->subject;
	const struct cgfence_port_request request = {
		.protocol = learn_protocol(touch),
		.families = { [CGFENCE_IPV4] = true,
			      [CGFENCE_IPV6] = subject->access != CGFENCE_IPV4 },
		.port = (uint16_t)subject->major,
	};

	if (subject->major)
		return cgfence_policy_explain_port(policy, &request, explanation, error);
	explanation->allowed = learn_allows(policy, touch);
	snprintf(explanation->reason, sizeof(explanation->reason),
		 "the kernel may choose any port for it");
	return 0;
}

static int explain(const struct cgfence_policy *policy, const struct lesson_touch *touch,
		   struct cgfence_explanation *explanation, struct cgfence_error *error)
{
	const struct cgfence_denial_subject *subject = &touch->subject;
	const struct cgfence_device_request request = {
		.type = subject->type,
		.major = subject->major,
		.minor = subject->minor,
		.access = subject->access,
	};
	bool is_device = lesson_is_device(touch);

	*explanation = (struct cgfence_explanation){ .allowed = true };
	if (!cgfence_policy_fences(policy,
				   is_device ? CGFENCE_TOPIC_DEVICES : CGFENCE_TOPIC_PORTS)) {
		snprintf(explanation->reason, sizeof(explanation->reason),
			 "the policy does not fence %s", is_device ? "devices" : "ports");
		return 0;
	}
	if (is_device)
		return cgfence_policy_explain_device(policy, &request, explanation, error);
	if (subject->hook != CGFENCE_HOOK_CREATE)
		return explain_port(policy, touch, explanation, error);
	explanation->allowed = policy->sctp_any;
	snprintf(explanation->reason, sizeof(explanation->reason), "\"sctp\" is %s",
		 policy->sctp_any ? "\"any\"" : "not given");
	return 0;
}

static void name_device(const struct cgfence_lesson *lesson, const struct drivers *drivers,
			const struct lesson_touch *touch, char what[LEARN_WHAT_SIZE])
{
	const struct device_number device = {
		.block = touch->subject.type == BPF_DEVCG_DEV_BLOCK,
		.major = touch->subject.major,
		.minor = touch->subject.minor,
	};
	char words[DEVICE_WORDS_SIZE];
	char letters[4];

	learn_access(touch->subject.access, letters);
	device_words_find(lesson->host, drivers, &device, words);
	snprintf(what, LEARN_WHAT_SIZE, "%s %s", words, *letters ? letters : "access(F_OK)");
}

int cgfence_lesson_judge(const struct cgfence_lesson *lesson, const struct cgfence_policy *policy,
			 cgfence_learnt_visitor *visit, void *context, size_t *refused,
			 struct cgfence_error *error)
{
	cleanup_free struct lesson_touch *touches = NULL;
	cleanup_drivers struct drivers drivers = { 0 };
	size_t against = 0;
	size_t count = 0;
	int result = lesson_sorted(lesson, &touches, &count, error);

	if (result == 0)
		result = lesson->host->drivers(&drivers, error);
	for (size_t i = 0; i < count && result == 0; i++) {
		struct cgfence_explanation explanation;
		char what[LEARN_WHAT_SIZE];
		char who[LESSON_WHO_SIZE];

		if (learn_was_bound(&touches[i], touches, count))
			continue;
		result = explain(policy, &touches[i], &explanation, error);
		if (result)
			return result;
		if (lesson_is_device(&touches[i]))
			name_device(lesson, &drivers, &touches[i], what);
		else
			learn_name_port(&touches[i], what);
		lesson_who(&touches[i], who);
		against += !explanation.allowed;
		visit(&(struct cgfence_learnt){ .what = what,
						.allowed = explanation.allowed,
						.reason = explanation.reason,
						.count = touches[i].count,
						.who = who,
						.pid = touches[i].pid,
						.first_ns = touches[i].first_ns,
						.last_ns = touches[i].last_ns },
		      context);
	}
	if (result == 0)
		*refused = against;
	return result;
}
