// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Why a request is allowed or refused: the verdict by the kernel's function, the reason by the rules. */
#include "base/cleanup.h"
#include "base/error.h"
#include "image/image.h"

#include <cgfence/verdict.h>
#include <stdio.h>
#include <string.h>

/* The rules that match a request, the most exact first. */
#define MATCH_COUNT 4

static void find_matches(const struct device_rules *rules,
			 const struct cgfence_device_request *request,
			 const struct device_rule *matches[MATCH_COUNT])
{
	const uint64_t selectors[MATCH_COUNT] = {
		cgfence_device_selector(request->type, request->major, request->minor, 0),
		cgfence_device_selector(request->type, request->major, 0,
					CGFENCE_SELECTOR_ANY_MINOR),
		cgfence_device_selector(request->type, 0, request->minor,
					CGFENCE_SELECTOR_ANY_MAJOR),
		cgfence_device_selector(request->type, 0, 0,
					CGFENCE_SELECTOR_ANY_MAJOR | CGFENCE_SELECTOR_ANY_MINOR),
	};

	for (int i = 0; i < MATCH_COUNT; i++)
		matches[i] = device_rules_find(rules, selectors[i]);
}

static void format_entry(uint64_t selector, uint32_t access, char text[DEVICE_ENTRY_TEXT_SIZE])
{
	struct device_entry entry = device_rule_entry(selector, (uint8_t)access);

	device_entry_format(&entry, text);
}

static void say_denied(const struct device_rule *rule, uint32_t access,
		       struct cgfence_explanation *explanation)
{
	char text[DEVICE_ENTRY_TEXT_SIZE];

	format_entry(rule->selector, rule->deny, text);
	snprintf(explanation->reason, sizeof(explanation->reason),
		 "the deny entry '%s' takes %s of it", text,
		 (access & ~rule->deny) ? "a part" : "all");
}

static void say_allowed(const struct cgfence_policy *policy, const struct device_rule *rule,
			struct cgfence_explanation *explanation)
{
	bool is_default = device_base_access(policy->devices_base, rule->selector) == rule->allow;
	char text[DEVICE_ENTRY_TEXT_SIZE];

	format_entry(rule->selector, rule->allow, text);
	snprintf(explanation->reason, sizeof(explanation->reason), "the %s entry '%s' covers it",
		 is_default ? "default" : "allow", text);
}

/* Nothing denies it and nothing covers it: name the nearest entry. */
static void say_not_covered(const struct device_rule *const *matches, uint32_t access,
			    struct cgfence_explanation *explanation)
{
	size_t size = sizeof(explanation->reason);
	uint32_t together = 0;
	size_t used = 0;
	int count = 0;

	for (int i = 0; i < MATCH_COUNT; i++) {
		char text[DEVICE_ENTRY_TEXT_SIZE];

		if (!matches[i] || !matches[i]->allow)
			continue;
		format_entry(matches[i]->selector, matches[i]->allow, text);
		used += (size_t)snprintf(explanation->reason + used, size - used, "%s'%s'",
					 count ? ", " : "only ", text);
		together |= matches[i]->allow;
		count++;
	}
	if (!count)
		snprintf(explanation->reason, size, "no allow entry matches the device");
	else if (access & ~together)
		snprintf(explanation->reason + used, size - used,
			 " match%s the device, and do%s not grant all of it",
			 count == 1 ? "es" : "", count == 1 ? "es" : "");
	else
		snprintf(explanation->reason + used, size - used,
			 " match the device, and different entries do not add up");
}

static void say_refused(const struct device_rule *const *matches, uint32_t access,
			struct cgfence_explanation *explanation)
{
	for (int i = 0; i < MATCH_COUNT; i++) {
		if (matches[i] && (matches[i]->deny & access)) {
			say_denied(matches[i], access, explanation);
			return;
		}
	}
	say_not_covered(matches, access, explanation);
}

static const struct device_rule *covering(const struct device_rule *const *matches, uint32_t access)
{
	for (int i = 0; i < MATCH_COUNT; i++) {
		if (matches[i] && matches[i]->allow && !(access & ~matches[i]->allow))
			return matches[i];
	}
	return NULL;
}

/*
 * The part of the access about which the kernel asks. Of 0:0 that is not opening, of either type
 * (devcgroup_inode_permission(), include/linux/device_cgroup.h), nor making a whiteout (vfs_mknod(), fs/namei.c).
 */
static uint32_t asked_access(const struct cgfence_device_request *request)
{
	if (request->major || request->minor)
		return request->access;
	return request->type == BPF_DEVCG_DEV_BLOCK ? request->access & BPF_DEVCG_ACC_MKNOD : 0;
}

static void say_not_asked(const struct cgfence_device_request *request,
			  struct cgfence_explanation *explanation)
{
	bool makes = request->access & BPF_DEVCG_ACC_MKNOD;

	snprintf(explanation->reason, sizeof(explanation->reason),
		 "the kernel asks no device program about %s%s%s",
		 makes ? "mknod of c 0:0, the whiteout of overlayfs" : "",
		 makes && request->access != BPF_DEVCG_ACC_MKNOD ? ", nor about " : "",
		 request->access != BPF_DEVCG_ACC_MKNOD ? "opening 0:0, which is no device" : "");
}

static void judge(const struct cgfence_policy *policy, const struct cgfence_image *image,
		  const struct cgfence_device_request *request,
		  struct cgfence_explanation *explanation)
{
	const struct device_rule *matches[MATCH_COUNT];

	find_matches(&policy->devices, request, matches);
	explanation->allowed = cgfence_device_allowed(
		image, cgfence_device_request(request->access << 16 | request->type, request->major,
					      request->minor));
	if (explanation->allowed)
		say_allowed(policy, covering(matches, request->access), explanation);
	else
		say_refused(matches, request->access, explanation);
}

int cgfence_policy_explain_device(const struct cgfence_policy *policy,
				  const struct cgfence_device_request *request,
				  struct cgfence_explanation *explanation,
				  struct cgfence_error *error)
{
	cleanup_free struct cgfence_image *image = NULL;
	struct cgfence_device_request asked = *request;
	struct cgfence_explanation made = { .allowed = true };
	int result;

	asked.access = asked_access(request);
	if (request->access && !asked.access) {
		say_not_asked(request, &made);
		*explanation = made;
		return 0;
	}
	result = image_compile(policy, 1, false, &image, error);
	if (result)
		return result;
	if (policy->devices_fenced)
		judge(policy, image, &asked, &made);
	else
		snprintf(made.reason, sizeof(made.reason), "devices are not fenced");
	*explanation = made;
	return 0;
}
