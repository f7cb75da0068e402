/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Rules of udev(7): how they are written, and where the nodes are that they go by. */
#pragma once

#include <stdbool.h>

/* A longer line is passed over by udev. */
#define UDEV_LINE_MAX 16383

/* As KERNEL=="sd*" or ATTR{size}!="0". */
struct udev_pair {
	char *key; /* with its braces */
	char operator_[3];
	char *value;
	bool special; /* the value is of the kind i"..." or e"...", which stands for other than its letters */
};

/** udev_rule_goes_on() - does a line go on in the next? For lines_take_joined(). */
bool udev_rule_goes_on(char **line);

/** udev_rule_next() - take a pair off a line. @text: moved on. Return: 1, 0 at the end, -EINVAL if there is no pair. */
int udev_rule_next(char **text, struct udev_pair *pair);

/**
 * udev_rule_node() - where devices have their nodes.
 * @subsystem: NULL if the rule does not say
 * @name: that of the kernel, or a pattern of it
 *
 * Return: a path or a pattern that has no nodes of other subsystems, below /dev, to be freed; NULL if there is none, with
 * errno EINVAL if it is not known, or ENOMEM.
 */
char *udev_rule_node(const char *subsystem, const char *name);
