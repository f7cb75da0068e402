// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "unit/support/scene.h"
#include "base/cleanup.h"
#include "image/image.h"

#include <arpa/inet.h>
#include <string.h>

void scene_begin(struct scene *scene)
{
	memset(scene, 0, sizeof(*scene));
	scene->observation.fences.items = scene->fences;
	scene->observation.listeners.items = scene->listeners;
	scene->observation.holders.items = scene->holders;
	scene->observation.holders.count = SCENE_SOCKETS;
	scene->observation.sightings = scene->sightings;
	scene->observation.complete = true;
}

void scene_end(struct scene *scene)
{
	for (size_t i = 0; i < scene->observation.fences.count; i++)
		free(scene->fences[i].image);
	policy_text_expect_no_leak();
}

void scene_set_policy(struct scene *scene, size_t fence, const char *text)
{
	cleanup_policy struct cgfence_policy *policy = policy_text_parse(text);

	free(scene->fences[fence].image);
	scene->fences[fence].image = NULL;
	cr_assert_eq(image_compile(policy, 1, false, &scene->fences[fence].image, NULL), 0);
}

size_t scene_add_fence(struct scene *scene, const char *policy)
{
	size_t fence = scene->observation.fences.count++;

	scene->fences[fence].id = 100 + fence;
	scene->fences[fence].above = fence ? fence - 1 : PORT_FENCE_NONE;
	scene_set_policy(scene, fence, policy);
	return fence;
}

size_t scene_add_socket(struct scene *scene, int ip_protocol, const char *address, uint16_t port)
{
	size_t i = scene->observation.listeners.count++;
	struct listener *listener = &scene->listeners[i];

	*listener = (struct listener){
		.cookie = 1000 + i,
		.domain = strchr(address, ':') ? AF_INET6 : AF_INET,
		.ip_protocol = ip_protocol,
		.port = port,
	};
	inet_pton(listener->domain, address, &listener->address);
	return i;
}

void scene_add_sighting(struct scene *scene, size_t fence, size_t listener)
{
	scene->sightings[scene->observation.sighting_count++] = (struct sighting){
		.fence = fence,
		.listener = listener,
		.holder = SIGHTING_NO_HOLDER,
	};
}

/* A fence with one socket that it holds. */
void scene_begin_with_one(struct scene *scene, const char *policy, int ip_protocol,
			  const char *address, uint16_t port)
{
	scene_begin(scene);
	scene_add_sighting(scene, scene_add_fence(scene, policy),
			   scene_add_socket(scene, ip_protocol, address, port));
}
