/* action.c - which elements can take an action. */
#include <stdio.h>
#include <string.h>

#include "actors/healer/match.h"

static const struct wish {
    const char *action;
    const char *roles; /* with blanks around each; of elements without a role: their tag */
} wishes[] = {
    {"fill", " textbox searchbox spinbutton combobox slider input textarea "},
    {"type", " textbox searchbox spinbutton combobox input textarea "},
    {"pressSequentially", " textbox searchbox spinbutton combobox input textarea "},
    {"clear", " textbox searchbox spinbutton combobox input textarea "},
    {"toHaveValue", " textbox searchbox spinbutton combobox slider listbox input textarea select "},
    {"check", " checkbox radio switch menuitemcheckbox menuitemradio "},
    {"uncheck", " checkbox switch menuitemcheckbox "},
    {"setChecked", " checkbox radio switch menuitemcheckbox menuitemradio "},
    {"toBeChecked", " checkbox radio switch menuitemcheckbox menuitemradio option "},
    {"selectOption", " combobox listbox select "},
};

static bool is_in(const char *list, const char *word)
{
    char padded[64];
    int size = snprintf(padded, sizeof padded, " %s ", word);
    return word[0] != '\0' && size > 0 && (size_t)size < sizeof padded && strstr(list, padded);
}

bool action_fits(const struct tree_node *node, const char *action)
{
    const char *editable = tree_attr(node, "contenteditable");
    if (strcmp(action, "setInputFiles") == 0) {
        return strcmp(node->tag, "input") == 0;
    }
    for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; i++) {
        if (strcmp(action, wishes[i].action) == 0) {
            return is_in(wishes[i].roles, node->role[0] ? node->role : node->tag) ||
                   (i < 4 && editable && strcmp(editable, "false") != 0);
        }
    }
    return true;
}
