// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <cgfence/cgfence.h>
#include <stdio.h>

const char *cgfence_verdict_name(enum cgfence_verdict verdict)
{
	static const char *const names[CGFENCE_VERDICT_COUNT] = {
		[CGFENCE_VERDICT_DENIED] = "denied", [CGFENCE_VERDICT_AUDITED] = "audited",
		[CGFENCE_VERDICT_KILLED] = "killed", [CGFENCE_VERDICT_MUTED] = "muted",
		[CGFENCE_VERDICT_SEEN] = "seen",
	};

	return (unsigned int)verdict < CGFENCE_VERDICT_COUNT ? names[verdict] : "?";
}

static void format_device(const struct cgfence_denial_subject *subject, char *text, size_t size)
{
	struct cgfence_device_request request = {
		.type = subject->type,
		.major = subject->major,
		.minor = subject->minor,
		.access = subject->access,
	};

	cgfence_device_request_format(&request, text, size);
}

void cgfence_denial_format(const struct cgfence_denial_subject *subject, char *text, size_t size)
{
	const char *family = cgfence_family_name((enum cgfence_family)subject->access);
	const char *protocol = cgfence_ip_protocol_name(subject->type);

	if (cgfence_hook_topic((enum cgfence_hook)subject->hook) == CGFENCE_TOPIC_DEVICES)
		format_device(subject, text, size);
	else if (subject->hook == CGFENCE_HOOK_CREATE)
		snprintf(text, size, "%s %s", protocol, family);
	else
		snprintf(text, size, "%s %s:%u", protocol, family, subject->major);
}
