/* lookup.h - names of sections and keys, as strangers write them. */
#ifndef CONFIG_LOOKUP_H
#define CONFIG_LOOKUP_H

#include "config/config.h"
#include "config/value.h"

/* The section with this name; CONFIG_SECTIONS if there is none. */
enum config_section_index lookup_section(const char *text, size_t size);

/* The key of `section` with this name; CONFIG_KEYS if there is none. */
enum config_key_index lookup_key(enum config_section_index section, const char *text, size_t size);

/* Writes why no such section or key exists, and which was probably meant. */
void lookup_explain_section(const char *text, size_t size, struct config_why *ret_why);
void lookup_explain_key(enum config_section_index section, const char *text, size_t size,
                        struct config_why *ret_why);

#endif
