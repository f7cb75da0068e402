// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Why a port may be served or not: the verdict by the kernel's function, the reason by the ranges. */
#include "base/cleanup.h"
#include "image/image.h"

#include <cgfence/verdict.h>
#include <stdio.h>

static const char *const family_names[CGFENCE_FAMILY_COUNT] = { "IPv4", "IPv6" };

/* The range of the set that holds the port, as it is written. */
static void say_covering_range(const struct port_set *set, int family, uint16_t port,
			       struct cgfence_explanation *explanation)
{
	char text[PORT_RANGE_TEXT_SIZE];
	struct port_range range;
	uint32_t cursor = 0;

	if (port_set_is_any(set)) {
		snprintf(explanation->reason, sizeof(explanation->reason),
			 "every port is assigned");
		return;
	}
	while (port_set_next(set, &cursor, &range)) {
		if (!range.families[family] || port < range.low || port > range.high)
			continue;
		port_range_format(&range, text);
		snprintf(explanation->reason, sizeof(explanation->reason), "'%s' is assigned",
			 text);
		return;
	}
}

static void explain_family(const struct cgfence_policy *policy, const struct cgfence_image *image,
			   const struct cgfence_port_request *request, int family,
			   struct cgfence_explanation *explanation)
{
	const struct port_set *set = &policy->ports[request->protocol];

	explanation->allowed =
		cgfence_port_allowed(image, (int)request->protocol, family, request->port);
	if (port_set_has(set, (enum port_family)family, request->port))
		say_covering_range(set, family, request->port, explanation);
	else if (explanation->allowed)
		snprintf(explanation->reason, sizeof(explanation->reason),
			 "it is outside the isolated range");
	else
		snprintf(explanation->reason, sizeof(explanation->reason),
			 "it is not assigned for %s", family_names[family]);
}

/* Without the devices, which may be those of a container that is not there yet. */
static int compile(const struct cgfence_policy *policy, struct cgfence_image **image,
		   struct cgfence_error *error)
{
	struct cgfence_policy ports = *policy;

	ports.devices = (struct device_rules){ 0 };
	ports.devices_base = DEVICE_BASE_NONE;
	return image_compile(&ports, 1, false, image, error);
}

int cgfence_policy_explain_port(const struct cgfence_policy *policy,
				const struct cgfence_port_request *request,
				struct cgfence_explanation *explanation,
				struct cgfence_error *error)
{
	cleanup_free struct cgfence_image *image = NULL;
	struct cgfence_explanation made = { .allowed = true };
	int result = compile(policy, &image, error);

	if (result)
		return result;
	if (!policy->ports_fenced)
		snprintf(made.reason, sizeof(made.reason), "ports are not fenced");
	/* A socket that serves both families needs the port for both, so the first refusal decides. */
	for (int family = 0; policy->ports_fenced && family < CGFENCE_FAMILY_COUNT && made.allowed;
	     family++) {
		if (request->families[family])
			explain_family(policy, image, request, family, &made);
	}
	*explanation = made;
	return 0;
}
