// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "cli/doctor_refused.h"
#include "base/cleanup.h"
#include "report/denial.h"
#include "report/output.h"

#include <cgfence/standing.h>
#include <stdio.h>
#include <string.h>

/* The last ones; denials has all. */
#define LATELY 5

#define REASON_SIZE 288

char *doctor_quote(const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-:@,+=";
	char *quoted;
	char *to;

	if (*word && strspn(word, plain) == strlen(word))
		return strdup(word);
	quoted = to = malloc(4 * strlen(word) + 3);
	if (!quoted)
		return NULL;
	*to++ = '\'';
	for (; *word; word++) {
		if (*word == '\'')
			to = stpcpy(to, "'\\''");
		else
			*to++ = *word;
	}
	*to++ = '\'';
	*to = '\0';
	return quoted;
}

/* What the policy says of it now, which may be more than it was then. "" if it is allowed or not known. */
static void explain(const struct cgfence_policy *policy,
		    const struct cgfence_denial_subject *subject, char reason[REASON_SIZE])
{
	struct cgfence_explanation explanation = { 0 };
	const struct cgfence_device_request device = {
		.type = subject->type,
		.major = subject->major,
		.minor = subject->minor,
		.access = subject->access,
	};
	struct cgfence_port_request port;
	char text[DENIAL_SUBJECT_SIZE];
	char *space;
	int result = -1;

	*reason = '\0';
	denial_format_subject(subject, text);
	space = strchr(text, ' ');
	if (subject->hook == CGFENCE_HOOK_DEVICE) {
		result = cgfence_policy_explain_device(policy, &device, &explanation, NULL);
	} else if (subject->hook != CGFENCE_HOOK_CREATE && space) {
		*space = '\0';
		if (cgfence_port_request_parse(text, space + 1, &port, NULL) == 0)
			result = cgfence_policy_explain_port(policy, &port, &explanation, NULL);
	}
	if (result == 0)
		snprintf(reason, REASON_SIZE, "%s%s", explanation.allowed ? "allowed by now: " : "",
			 explanation.reason);
}

/* To be given to free(). */
static char *make_remedy(const char *name, const struct cgfence_denial_subject *subject)
{
	cleanup_free char *quoted = doctor_quote(name);
	char text[DENIAL_SUBJECT_SIZE];
	char *remedy = NULL;
	int length;

	denial_format_subject(subject, text);
	if (subject->hook == CGFENCE_HOOK_CREATE)
		length =
			asprintf(&remedy, "attach a policy with \"sctp\": \"any\" if it is wanted");
	else
		length = asprintf(&remedy, "if it is wanted: cgfence allow %s %s %s",
				  quoted ? quoted : "CGROUP",
				  subject->hook == CGFENCE_HOOK_DEVICE ? "device" : "port", text);
	return length < 0 ? NULL : remedy;
}

static void report(const struct cgfence_fence *fence, const char *name,
		   const struct cgfence_member_denial *denial, struct findings *findings)
{
	const struct cgfence_denial_record *record = &denial->record;
	cleanup_free char *member = denial_member_path(fence, denial->member);
	cleanup_free char *remedy = make_remedy(name, &record->subject);
	char subject[DENIAL_SUBJECT_SIZE];
	char time[OUTPUT_TIME_SIZE];
	char reason[REASON_SIZE];
	char who[64] = "";

	denial_format_subject(&record->subject, subject);
	output_time(record->last_ns, time);
	explain(cgfence_fence_policy(fence), &record->subject, reason);
	if (denial_names_task(record))
		snprintf(who, sizeof(who), " to %.16s (pid %u)", record->comm, record->pid);
	findings_add(findings, FINDING_NOTE, denial_verdict_name(&record->subject), remedy,
		     "%s %s%s, %llu time%s, last %s%s%s%s%s", denial_hook_name(&record->subject),
		     subject, who, (unsigned long long)record->count, record->count == 1 ? "" : "s",
		     time, member ? ", in " : "", member ? member : "", *reason ? "; " : "",
		     reason);
}

int doctor_report_refused(const struct cgfence_fence *fence, const char *name, uint64_t member,
			  struct findings *findings, struct cgfence_error *error)
{
	cleanup_free struct cgfence_member_denial *denials = NULL;
	size_t count = 0;
	size_t told = 0;
	int result = cgfence_fence_read_member_denials(fence, &denials, &count, error);

	/* They are in the order of time. */
	for (size_t i = count; i-- > 0 && told < LATELY && result == 0;) {
		if (member && denials[i].member != member)
			continue;
		report(fence, name, &denials[i], findings);
		told++;
	}
	return result;
}
