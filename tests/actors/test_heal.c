/* test_heal.c - what a broken locator means now, and when nobody can tell. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "actors/healer/heal.h"

/* Elements, with ' for " as everywhere in these tables. */
#define SAVE   "{'testid':'save-button','role':'button','name':'Save','tag':'button'}"
#define CANCEL "{'testid':'cancel-button','role':'button','name':'Cancel','tag':'button'}"
#define DELETE "{'testid':'delete-button','role':'button','name':'Delete','tag':'button'}"

struct trial {
    const char *locator;
    const char *action;   /* NULL: click */
    const char *elements; /* of the page */
    const char *known;    /* elements when it passed last; NULL: unknown */
    const char *target;   /* what it hit then */
    const char *after;    /* NULL: refused */
    const char *reason;   /* a part of it, or NULL */
};

enum { JSON_SIZE = 32768 };

/* Adds text with " for '; a ~ stands for ' in a locator. */
static void add(char *json, const char *text)
{
    size_t used = strlen(json);
    for (; *text; text++) {
        cr_assert_lt(used + 2, (size_t)JSON_SIZE);
        json[used++] = (char)(*text == '\'' ? '"' : *text == '~' ? '\'' : *text);
    }
    json[used] = '\0';
}

/* A locator as a JSON string. */
static void add_locator(char *json, const char *locator)
{
    size_t used = strlen(json);
    json[used++] = '"';
    for (; *locator; locator++) {
        if (*locator == '"' || *locator == '\\') {
            json[used++] = '\\';
        }
        json[used++] = *locator;
    }
    json[used++] = '"';
    json[used] = '\0';
}

static void make_page(char *json, const struct trial *trial)
{
    json[0] = '\0';
    add(json, "{'url':'http://localhost/','failed':{'locator':");
    add_locator(json, trial->locator);
    add(json, ",'file':'a.spec.ts','line':7,'column':9,'count':0,'action':'");
    add(json, trial->action ? trial->action : "click");
    add(json, "'},'elements':[");
    add(json, trial->elements);
    add(json, "]}");
}

static void make_known(char *json, const struct trial *trial)
{
    json[0] = '\0';
    add(json, "{'url':'http://localhost/','elements':[");
    add(json, trial->known);
    add(json, "],'used':[{'locator':");
    add_locator(json, trial->locator);
    add(json, ",'file':'a.spec.ts','line':7,'element':");
    add(json, trial->target);
    add(json, "}]}");
}

/* Heals `page` (JSON), by `known` if there is one, under a message that names the locator. */
static void heal_json(const char *json, const char *known_json, const char *message,
                      struct healing *healing)
{
    struct page page;
    struct page known;
    cr_assert_eq(page_read(json, strlen(json), &page), ERR_OK, "%s", json);
    if (known_json) {
        cr_assert_eq(page_read(known_json, strlen(known_json), &known), ERR_OK, "%s", known_json);
    }
    heal(&(struct heal_input){.page = &page,
                              .known = known_json ? &known : NULL,
                              .message = message,
                              .message_size = strlen(message)},
         healing);
    if (healing->proposed) {
        cr_expect(locator_matches(&healing->after, healing->element));
        cr_expect_eq(locator_count(&healing->after, &page), 1);
        cr_expect(healing->confidence >= 0.5 && healing->confidence <= 0.99);
    }
    cr_expect_gt(strlen(healing->reason), 0);
    healing->element = NULL;
    page_free(&page);
    if (known_json) {
        page_free(&known);
    }
}

static void run(const struct trial *trial)
{
    static char page[JSON_SIZE];
    static char known[JSON_SIZE];
    static char message[2048];
    static struct healing healing;
    char after[LOCATOR_PRINT_SIZE] = "refused";
    make_page(page, trial);
    if (trial->known) {
        make_known(known, trial);
    }
    (void)snprintf(message, sizeof message, "TimeoutError\n  - waiting for %s\n", trial->locator);
    heal_json(page, trial->known ? known : NULL, message, &healing);
    if (healing.proposed) {
        cr_assert_eq(locator_print(&healing.after, after, sizeof after), ERR_OK);
    }
    cr_expect_str_eq(after, trial->after ? trial->after : "refused", "%s on %s: %s, not %s (%s)",
                     trial->locator, trial->elements, after,
                     trial->after ? trial->after : "refused", healing.reason);
    cr_expect(!trial->reason || strstr(healing.reason, trial->reason), "%s: %s", trial->locator,
              healing.reason);
}

#define RUN_ALL(table)                                                                             \
    for (size_t i = 0; i < sizeof(table) / sizeof(table)[0]; i++) {                                \
        run(&(table)[i]);                                                                          \
    }

Test(heal, knows_a_test_id_by_its_parts)
{
    static const struct trial table[] = {
        {"getByTestId('btn-save')", NULL, SAVE "," CANCEL, NULL, NULL, "getByTestId('save-button')",
         NULL},
        {"getByTestId('saveButton')", NULL, SAVE "," CANCEL "," DELETE, NULL, NULL,
         "getByTestId('save-button')", NULL},
        {"getByTestId('checkout-submit')", NULL,
         "{'testid':'submit-checkout','role':'button','name':'Continue to payment'}," CANCEL, NULL,
         NULL, "getByTestId('submit-checkout')", NULL},
        /* The test ids are gone, the name is there. */
        {"getByTestId('save-button')", NULL, "{'role':'button','name':'Save'}," CANCEL, NULL, NULL,
         "getByRole('button', { name: 'Save' })", NULL},
        {"getByTestId('email')", "fill",
         "{'testid':'email-input','role':'textbox','label':'Email'}", NULL, NULL,
         "getByTestId('email-input')", NULL},
        {"locator('#save')", NULL, SAVE "," CANCEL, NULL, NULL, "getByTestId('save-button')", NULL},
        /* Two could be meant. */
        {"getByTestId('save')", NULL, SAVE ",{'testid':'btn-save','role':'button','name':'Save'}",
         NULL, NULL, NULL, "several"},
        /* Removed, others are there. */
        {"getByTestId('save-button')", NULL, CANCEL "," DELETE, NULL, NULL, NULL, "removed"},
        {"getByTestId('user-email')", "fill",
         "{'testid':'user-name','role':'textbox'},{'testid':'company-email','role':'textbox'}",
         NULL, NULL, NULL, "removed"},
        {"getByTestId('email')", "fill", "{'testid':'user-email','role':'textbox'}", NULL, NULL,
         NULL, "removed"},
        {"getByTestId('user')", NULL, "{'testid':'delete-user','role':'button'}", NULL, NULL, NULL,
         "removed"},
        {"getByTestId('user-delete-confirm')", NULL,
         "{'testid':'user-delete','role':'button','name':'Delete'}", NULL, NULL, NULL, "removed"},
        {"getByTestId('item-2-open')", NULL, "{'testid':'open-item-1','role':'button'}", NULL, NULL,
         NULL, "removed"},
        /* Another role than its name says, and another than the action needs. */
        {"getByTestId('account-button')", NULL,
         "{'testid':'account-link','role':'link','name':'Account'}", NULL, NULL, NULL, "removed"},
        {"getByTestId('email')", "fill", "{'testid':'email-label','role':'button'}", NULL, NULL,
         NULL, "removed"},
        /* Its id says save, its name says the opposite. */
        {"getByTestId('btn-save')", NULL,
         "{'testid':'save-button','role':'button','name':'Cancel'}", NULL, NULL, NULL, "removed"},
        /* What cannot be undone must be the same word for word. */
        {"getByTestId('pay-invoice')", NULL, "{'testid':'pay-invoice-now-2x','role':'button'}",
         NULL, NULL, NULL, "removed"},
    };
    RUN_ALL(table)
}

Test(heal, knows_a_role_by_a_similar_name)
{
    static const struct trial table[] = {
        {"getByRole('button', { name: 'Log in' })", NULL,
         "{'role':'button','name':'Sign in'},{'role':'button','name':'Sign up'}", NULL, NULL,
         "getByRole('button', { name: 'Sign in' })", NULL},
        {"getByRole('button', { name: 'Save', exact: true })", NULL,
         "{'role':'button','name':'Save changes'},{'role':'button','name':'Cancel'}", NULL, NULL,
         "getByRole('button', { name: 'Save changes', exact: true })", NULL},
        {"getByRole('button', { name: 'Save changes' })", NULL,
         "{'role':'button','name':'Save'},{'role':'button','name':'Cancel'}", NULL, NULL,
         "getByRole('button', { name: 'Save' })", NULL},
        {"getByRole('button', { name: /^save changes$/i })", NULL,
         "{'role':'button','name':'Save all changes'}", NULL, NULL,
         "getByRole('button', { name: 'Save all changes' })", NULL},
        {"getByLabel('E-mail address')", "fill",
         "{'role':'textbox','name':'Email address','label':'Email address'}", NULL, NULL,
         "getByRole('textbox', { name: 'Email address' })", NULL},
        {"getByPlaceholder('Your email address')", "fill",
         "{'role':'textbox','label':'Email address'}", NULL, NULL, "getByLabel('Email address')",
         NULL},
        /* Never a link for a button. */
        {"getByRole('button', { name: 'Log in' })", NULL, "{'role':'link','name':'Sign in'}", NULL,
         NULL, NULL, "removed"},
        {"getByRole('button', { name: 'Save' })", NULL,
         "{'role':'button','name':'Delete'},{'role':'button','name':'Cancel'}", NULL, NULL, NULL,
         "removed"},
        {"getByRole('button', { name: 'Save', exact: true })", NULL,
         "{'role':'button','name':'Don~t save'}", NULL, NULL, NULL, "removed"},
        {"getByRole('button', { name: 'Delete account' })", NULL,
         "{'role':'button','name':'Delete'}", NULL, NULL, NULL, "removed"},
        {"getByRole('button')", NULL, "{'role':'link','name':'x'}", NULL, NULL, NULL,
         "does not say"},
        {"getByRole('button', { name: /sa.e/ })", NULL, "{'role':'button','name':'Keep'}", NULL,
         NULL, NULL, "does not say"},
        {"locator('div > .x')", NULL, SAVE, NULL, NULL, NULL, "does not say"},
        {"locator('//button[1]')", NULL, SAVE, NULL, NULL, NULL, "does not say"},
        {"getByText('Cotton tee', { exact: true })", NULL,
         "{'role':'img','name':'Cotton tee','alt':'Cotton tee'}", NULL, NULL, NULL, "removed"},
        {"getByText('Your order is on its way')", "toBeVisible",
         "{'role':'heading','name':'Your order is late','text':'Your order is late'}", NULL, NULL,
         NULL, "asserts"},
    };
    RUN_ALL(table)
}

Test(heal, looks_for_what_it_was)
{
    static const struct trial table[] = {
        /* The same test id under another name. */
        {"getByRole('button', { name: 'Save' })", NULL,
         "{'testid':'s','role':'button','name':'Store it'}," CANCEL, SAVE,
         "{'testid':'s','role':'button','name':'Save'}", "getByTestId('s')", "test id"},
        /* The same role and name under another test id, or without one. */
        {"getByTestId('old')", NULL, SAVE "," CANCEL, "",
         "{'testid':'old','role':'button','name':'Save'}", "getByTestId('save-button')",
         "role and name"},
        {"locator('.css-1a2b3c')", NULL, "{'role':'button','name':'Save'}", "",
         "{'role':'button','name':'Save'}", "getByRole('button', { name: 'Save' })", NULL},
        {"locator('.x')", NULL,
         "{'role':'button','name':'Save'},{'role':'button','name':'Save all'}", "",
         "{'role':'button','name':'Save'}", "getByRole('button', { name: 'Save', exact: true })",
         NULL},
        {"getByPlaceholder('you')", "fill",
         "{'role':'textbox','name':'E-mail (work)','label':'Email'}", "",
         "{'role':'textbox','name':'you','label':'Email','placeholder':'you'}",
         "getByRole('textbox', { name: 'E-mail (work)' })", "role and label"},
        /* Others agree too, and decide. */
        {"getByTestId('old')", NULL,
         "{'testid':'a','role':'link','name':'Edit','id':'x','title':'t'},"
         "{'testid':'b','role':'link','name':'Edit'}",
         "", "{'testid':'old','role':'link','name':'Edit','id':'x','title':'t'}",
         "getByTestId('a')", NULL},
        {"getByTestId('old')", NULL,
         "{'testid':'a','role':'link','name':'Edit','id':'x'},"
         "{'testid':'b','role':'link','name':'Edit'}",
         "", "{'testid':'old','role':'link','name':'Edit','id':'x'}", NULL, "several"},
        /* What is left over was another one. */
        {"getByTestId('save-top')", NULL, "{'testid':'save-bottom','role':'button','name':'Save'}",
         "{'testid':'save-bottom','role':'button','name':'Save'},"
         "{'testid':'save-top','role':'button','name':'Save'}",
         "{'testid':'save-top','role':'button','name':'Save'}", NULL, "removed"},
        {"locator('tr:nth-child(2) a')", NULL, "{'role':'link','name':'Edit'}",
         "{'role':'link','name':'Edit'},{'role':'link','name':'Edit'}",
         "{'role':'link','name':'Edit'}", NULL, NULL},
        /* The test id is used for something else now. */
        {"locator('.x')", NULL, "{'testid':'s','role':'button','name':'Delete'}", "",
         "{'testid':'s','role':'button','name':'Save'}", NULL, NULL},
        /* It is gone. */
        {"getByTestId('save-button')", NULL, CANCEL "," DELETE, SAVE "," CANCEL "," DELETE, SAVE,
         NULL, "removed"},
        /* It was renamed; then something else was. */
        {"locator('.x')", NULL, "{'role':'button','name':'Log in'}," CANCEL, CANCEL,
         "{'role':'button','name':'Sign in'}", "getByRole('button', { name: 'Log in' })",
         "its name is like that"},
        {"locator('.x')", NULL, "{'role':'button','name':'Sign up'}," CANCEL, CANCEL,
         "{'role':'button','name':'Sign in'}", NULL, "removed"},
        {"locator('.x')", "toBeVisible", "{'role':'button','name':'Log in'}", "",
         "{'role':'button','name':'Sign in'}", NULL, "removed"},
        {"locator('.x')", NULL, "{'role':'button','name':'Log in'}",
         "{'role':'button','name':'Sign in'},{'role':'button','name':'Sign in'}",
         "{'role':'button','name':'Sign in'}", NULL, "removed"},
        /* A button then, a link now. */
        {"locator('.x')", NULL, "{'role':'link','name':'Save'}", "",
         "{'role':'button','name':'Save'}", NULL, NULL},
    };
    RUN_ALL(table)
}

Test(heal, is_stricter_with_what_is_asserted)
{
    static const struct trial table[] = {
        {"getByTestId('old')", "toBeVisible", SAVE, "",
         "{'testid':'old','role':'button','name':'Save'}", "getByTestId('save-button')", NULL},
        {"locator('.x')", "toHaveText", "{'testid':'total','role':'status','name':'2 items'}", "",
         "{'testid':'total','role':'status','name':'3 items'}", NULL, NULL},
        {"getByTestId('price-total')", "toHaveText", "{'testid':'total-price','text':'9'}", NULL,
         NULL, "getByTestId('total-price')", NULL},
        {"getByTestId('cart-price-total')", "toHaveText", "{'testid':'total-price','text':'9'}",
         NULL, NULL, NULL, "removed"},
        {"getByTestId('old')", "not.toBeVisible", SAVE, "",
         "{'testid':'old','role':'button','name':'Save'}", NULL, "absent"},
        {"getByTestId('old')", "toBeHidden", SAVE, NULL, NULL, NULL, "absent"},
        {"getByTestId('old')", "toHaveCount", SAVE, NULL, NULL, NULL, "absent"},
    };
    RUN_ALL(table)
}

Test(heal, proposes_nothing_that_will_not_last)
{
    static const struct trial table[] = {
        {"getByTestId('old')", NULL, "{'testid':'btn-8f3a2b1c','role':'button','name':'Save'}", "",
         "{'testid':'old','role':'button','name':'Save'}", "getByRole('button', { name: 'Save' })",
         NULL},
        {"getByTestId('cart-open')", NULL, "{'id':'open-cart','role':'button','name':'Cart (3)'}",
         NULL, NULL, NULL, NULL},
        /* An escape sequence, a very long name, nothing that tells it apart. */
        {"locator('.x')", NULL, "{'testid':'a\\u001b[2Jb','role':'button','name':'Save'}", "",
         "{'role':'button','name':'Save'}", "getByRole('button', { name: 'Save' })", NULL},
        {"locator('.x')", NULL,
         "{'role':'button','name':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}",
         "",
         "{'role':'button','name':'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa'}",
         NULL, "tell it apart"},
        {"locator('.x')", NULL,
         "{'role':'button','name':'Save','id':'1','title':'2'},{'role':'button','name':'Save'}", "",
         "{'role':'button','name':'Save','id':'1','title':'2'}", NULL, "tell it apart"},
        {"getByText('Save', { exact: true })", NULL, "{'testid':'s','text':'Save it'}", "",
         "{'testid':'s','text':'Save'}", "getByTestId('s')", NULL},
    };
    RUN_ALL(table)
}

Test(heal, refuses_locators_that_it_does_not_understand)
{
    static const struct trial table[] = {
        {"getByTestId('a').first()", NULL, SAVE, NULL, NULL, NULL, "chain"},
        {"getByRole('list').getByText('a')", NULL, SAVE, NULL, NULL, NULL, "chain"},
        {"getByTestId('a') x", NULL, SAVE, NULL, NULL, NULL, "chain"},
        {"getByRole('checkbox', { checked: true })", NULL, SAVE, NULL, NULL, NULL, "options"},
        {"frameLocator('a')", NULL, SAVE, NULL, NULL, NULL, "kind"},
        {"Locator@internal:testid=[a]", NULL, SAVE, NULL, NULL, NULL, "kind"},
        {"getByTestId('save-button')", NULL, SAVE, NULL, NULL, NULL, "timing"},
    };
    RUN_ALL(table)
}

/* A page as it is, with ' for ". */
static void check_refused(const char *text, const char *known, const char *message,
                          const char *reason)
{
    static char json[JSON_SIZE];
    static char known_json[JSON_SIZE];
    static struct healing healing;
    json[0] = known_json[0] = '\0';
    add(json, text);
    add(known_json, known ? known : "");
    heal_json(json, known ? known_json : NULL, message, &healing);
    cr_expect(!healing.proposed);
    cr_expect(strstr(healing.reason, reason), "%s", healing.reason);
}

#define FAILED(count)                                                                              \
    "'failed':{'locator':'getByTestId(~btn-save~)','action':'click','file':'f','line':1,"          \
    "'count':" count "},'elements':[" SAVE "]"
#define WAITING "waiting for getByTestId('btn-save')"

Test(heal, refuses_what_is_no_failure_of_a_locator)
{
    check_refused("{'url':'http://x/','failed':null,'elements':[" SAVE "]}", NULL, WAITING,
                  "no call failed");
    check_refused("{'url':'http://x/'," FAILED("0") "}", NULL, "net::ERR_CONNECTION_REFUSED",
                  "does not mention");
    check_refused("{'url':'http://x/'," FAILED("0") "}", NULL, "", "does not mention");
    check_refused("{'url':'http://x/'," FAILED("1") "}", NULL, WAITING, "another reason");
    check_refused("{'url':'http://x/'," FAILED("2") "}", NULL, WAITING, "finds several");
    check_refused("{'url':'about:blank'," FAILED("0") "}", NULL, WAITING, "no page");
    check_refused("{'url':'chrome-error://chromewebdata/'," FAILED("0") "}", NULL, WAITING,
                  "no page");
    check_refused("{'url':'http://x/'," FAILED("0") ",'truncated':true}", NULL, WAITING,
                  "not known whole");
    check_refused("{'url':'http://x/','failed':{'locator':'getByTestId(~btn-save~)'}}", NULL,
                  WAITING, "no elements");
    check_refused("{'url':'http://x/','failed':{'locator':''},'elements':[" SAVE "]}", NULL,
                  WAITING, "does not mention");
}

Test(heal, leaves_alone_what_other_locators_of_the_test_mean)
{
    check_refused("{'url':'http://x/'," FAILED(
                      "0") ",'used':[{'locator':'getByTestId("
                           "~save-button~)','file':'f','line':1,'element':" SAVE "}]}",
                  NULL, WAITING, "removed");
}

Test(heal, refuses_a_locator_that_meant_several_elements)
{
    check_refused(
        "{'url':'http://x/'," FAILED("0") "}",
        "{'used':[{'locator':'getByTestId(~btn-save~)','file':'f','line':8,'element':" SAVE
        "},{'locator':'getByTestId(~btn-save~)','file':'f','line':9,'element':" DELETE "}]}",
        WAITING, "different elements");
}

Test(heal, tells_two_of_the_same_name_by_what_it_hit)
{
    static char json[JSON_SIZE];
    static char known[JSON_SIZE];
    static struct healing healing;
    char after[LOCATOR_PRINT_SIZE];
    json[0] = known[0] = '\0';
    add(json, "{'url':'http://x/','failed':{'locator':'getByRole(~button~)','action':'click',"
              "'file':'f','line':1,'count':2},'elements':[" SAVE "," CANCEL "]}");
    add(known, "{'used':[{'locator':'getByRole(~button~)','file':'f','line':1,'element':" SAVE
               "}],'elements':[" SAVE "]}");
    heal_json(json, known, "strict mode violation: getByRole('button') resolved to 2", &healing);
    cr_assert(healing.proposed, "%s", healing.reason);
    cr_assert_eq(locator_print(&healing.after, after, sizeof after), ERR_OK);
    cr_expect_str_eq(after, "getByTestId('save-button')");
}
