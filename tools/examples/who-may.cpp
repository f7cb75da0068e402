// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// Asks a policy from C++, where handles are owned by objects:  who-may POLICY.json '/dev/fuse rw'
#include <cgfence/cgfence.h>
#include <cstdio>
#include <memory>

namespace
{
struct free_policy {
	void operator()(cgfence_policy *policy) const
	{
		cgfence_policy_free(policy);
	}
};
using policy_handle = std::unique_ptr<cgfence_policy, free_policy>;

policy_handle read_policy(const char *path, cgfence_error &error)
{
	cgfence_policy *policy = nullptr;

	return policy_handle(cgfence_policy_read_file(path, &policy, &error) ? nullptr : policy);
}
} // namespace

int main(int argc, char **argv)
{
	cgfence_device_request request{};
	cgfence_explanation explanation{};
	cgfence_error error{};

	if (argc != 3) {
		std::fprintf(stderr, "Usage: %s POLICY.json DEVICE\n", argv[0]);
		return 2;
	}
	const policy_handle policy = read_policy(argv[1], error);
	if (!policy || cgfence_device_request_parse(argv[2], &request, &error) ||
	    cgfence_policy_explain_device(policy.get(), &request, &explanation, &error)) {
		std::fprintf(stderr, "%s: %s\n", argv[0], error.text);
		return 1;
	}
	std::printf("%s: %s\n", explanation.allowed ? "allowed" : "refused", explanation.reason);
	return explanation.allowed ? 0 : 3;
}
