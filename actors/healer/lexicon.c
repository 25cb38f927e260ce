/* lexicon.c - texts and identifiers cut into words. */
#include "actors/healer/lexicon.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/words.h"

enum {
    SLOTS_FIRST = 1024,
    POOL_FIRST = 4096,
    HASH_HEX_MIN = 8,
    MIXED_MIN = 4,
    CONSONANTS_MIN = 5,
    MEMO_SLOTS = 1 << 13,
    TEXT_SIZE = 1024 /* more has no room in a bag */
};

void lexicon_free(struct lexicon *lexicon)
{
    free(lexicon->words);
    free(lexicon->slots);
    free(lexicon->pool);
    free(lexicon->bags);
    free(lexicon->memo);
    *lexicon = (struct lexicon){0};
}

static uint32_t hash_of(const char *text)
{
    uint32_t hash = 2166136261u;
    for (; *text; text++) {
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    }
    return hash ? hash : 1;
}

/* Never 0.  `how` tells the uses of one text apart. */
static uint64_t key_of(const char *text, size_t size, uint64_t how)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = (size + how) * factor;
    uint64_t piece;
    for (; size >= sizeof piece; size -= sizeof piece, text += sizeof piece) {
        memcpy(&piece, text, sizeof piece);
        hash = (hash ^ piece) * factor;
        hash ^= hash >> 29;
    }
    piece = 0;
    memcpy(&piece, text, size);
    hash = (hash ^ piece) * factor;
    hash ^= hash >> 32;
    return hash ? hash : 1;
}

enum { KEY_WORD = 1, KEY_TEXT, KEY_IDENTIFIER };

/* The memo's place for a key; NULL when memory ran out. */
static struct lexicon_memo *memo_at(struct lexicon *self, uint64_t key)
{
    if (!self->memo) {
        self->memo = calloc(MEMO_SLOTS, sizeof self->memo[0]);
        self->failed |= !self->memo;
    }
    return self->memo ? &self->memo[key & (MEMO_SLOTS - 1)] : NULL;
}

/* Makes room for one more item of `size` bytes. */
static bool grow(void **items, size_t count, size_t *capacity, size_t size, size_t first)
{
    if (count < *capacity) {
        return true;
    }
    size_t wanted = *capacity ? *capacity * 2 : first;
    void *grown = reallocarray(*items, wanted, size);
    if (!grown) {
        return false;
    }
    *items = grown;
    *capacity = wanted;
    return true;
}

static bool rehash(struct lexicon *self)
{
    if (self->slots_count > self->words_count * 2) {
        return true;
    }
    size_t count = self->slots_count ? self->slots_count * 2 : SLOTS_FIRST;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (!slots) {
        return false;
    }
    for (size_t i = 0; i < self->words_count; i++) {
        size_t at = self->words[i].hash & (count - 1);
        while (slots[at]) {
            at = (at + 1) & (count - 1);
        }
        slots[at] = (uint32_t)i + 1;
    }
    free(self->slots);
    self->slots = slots;
    self->slots_count = count;
    return true;
}

/* number_of() for a word that is not in the memo. */
static bool look_up(struct lexicon *self, const char *raw, uint32_t *ret_number)
{
    char word[WORD_SIZE];
    word_stem(raw, word);
    uint32_t hash = hash_of(word);
    if (!rehash(self)) {
        self->failed = true;
        return false;
    }
    size_t at = hash & (self->slots_count - 1);
    for (; self->slots[at]; at = (at + 1) & (self->slots_count - 1)) {
        if (self->words[self->slots[at] - 1].hash == hash) {
            *ret_number = self->slots[at] - 1;
            return true;
        }
    }
    void *words = self->words;
    if (self->words_count == LEXICON_WORDS_MAX ||
        !grow(&words, self->words_count, &self->words_capacity, sizeof self->words[0],
              SLOTS_FIRST)) {
        self->failed = true;
        return false;
    }
    self->words = words;
    *ret_number = (uint32_t)self->words_count;
    self->slots[at] = *ret_number + 1;
    self->words[self->words_count++] =
        (struct lexicon_word){.hash = hash,
                              .excluding = word_lines(word) | word_lines(raw),
                              .number = word[0] >= '0' && word[0] <= '9',
                              .filler = word_is_filler(word),
                              .reversing = word_is_reversing(word)};
    return true;
}

/* The number of a word that is folded; false when there is no room. */
static bool number_of(struct lexicon *self, const char *raw, uint32_t *ret_number)
{
    uint64_t key = key_of(raw, strlen(raw), KEY_WORD);
    struct lexicon_memo *memo = memo_at(self, key);
    if (memo && memo->key == key) {
        *ret_number = memo->number;
        return true;
    }
    if (!memo || !look_up(self, raw, ret_number)) {
        return false;
    }
    *memo = (struct lexicon_memo){.key = key, .number = *ret_number};
    return true;
}

void gathering_add(struct gathering *words, uint32_t number)
{
    for (size_t i = 0; i < words->count; i++) {
        if (words->at[i] == number) {
            return;
        }
    }
    if (words->count < BAG_MAX) {
        words->at[words->count++] = number;
    }
}

static void add_word(struct lexicon *self, struct gathering *words, const char *word)
{
    uint32_t number;
    if (word[0] && number_of(self, word, &number)) {
        gathering_add(words, number);
    }
}

/* Blanks and punctuation that are not ASCII (U+00A0, U+2000 to U+206F) become blanks. */
static void plain(const char *text, char *to, size_t size)
{
    size_t used = 0;
    while (*text && used + 1 < size) {
        bool ascii = (*text & 0x80) == 0;
        bool blank = !ascii && strncmp(text, "\xc2\xa0", 2) == 0;
        bool punctuation = !ascii && strncmp(text, "\xe2\x80", 2) == 0 && text[2] != '\0' &&
                           strncmp(text, "\xe2\x80\x99", 3) != 0;
        to[used++] = (char)(blank || punctuation ? ' ' : *text);
        text += blank ? 2 : punctuation ? 3 : 1;
    }
    to[used] = '\0';
}

static void cut_text(struct lexicon *lexicon, struct gathering *words, const char *text)
{
    char word[WORD_SIZE];
    char clean[TEXT_SIZE];
    plain(text, clean, sizeof clean);
    text = clean;
    while (words->count < BAG_MAX && (text = word_next(text, false, word))) {
        add_word(lexicon, words, word);
    }
}

/* Bags are small. */
static void sort(uint32_t *numbers, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        uint32_t number = numbers[i];
        size_t at = i;
        for (; at > 0 && numbers[at - 1] > number; at--) {
            numbers[at] = numbers[at - 1];
        }
        numbers[at] = number;
    }
}

/* Appends to the pool; false when there is no room. */
static bool pool_add(struct lexicon *self, const struct gathering *words, uint32_t *ret_first)
{
    *ret_first = (uint32_t)self->pool_count;
    while (self->pool_capacity - self->pool_count < words->count) {
        void *pool = self->pool;
        if (!grow(&pool, self->pool_capacity, &self->pool_capacity, sizeof self->pool[0],
                  POOL_FIRST)) {
            self->failed = true;
            return false;
        }
        self->pool = pool;
    }
    if (words->count > 0) {
        memcpy(self->pool + self->pool_count, words->at, words->count * sizeof words->at[0]);
    }
    self->pool_count += words->count;
    return true;
}

static bool cut_identifiers(struct lexicon *lexicon, struct gathering *words, const char *text);

/* A text cut one way or the other, once for all times that it stands there; {0} when it is empty or
 * memory ran out. */
static struct lexicon_memo cut_once(struct lexicon *self, const char *text, uint64_t how)
{
    size_t size = strnlen(text, TEXT_SIZE);
    uint64_t key = key_of(text, size, how);
    struct lexicon_memo *memo = size > 0 ? memo_at(self, key) : NULL;
    if (memo && memo->key != key) {
        struct gathering words;
        words.count = 0;
        struct lexicon_memo new = {.key = key};
        if (how == KEY_TEXT) {
            cut_text(self, &words, text);
        } else {
            new.made = cut_identifiers(self, &words, text);
        }
        new.number = bag_make(self, &words);
        *memo = new;
    }
    return memo ? *memo : (struct lexicon_memo){.key = 0};
}

uint32_t lexicon_text_bag(struct lexicon *lexicon, const char *text)
{
    return text[0] ? cut_once(lexicon, text, KEY_TEXT).number : 0;
}

void lexicon_text(struct lexicon *lexicon, struct gathering *words, const char *text)
{
    lexicon_bag(lexicon, words, lexicon_text_bag(lexicon, text));
}

/* ---- identifiers ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80;
}

static bool has_prefix(const char *text, size_t size, const char *prefix)
{
    size_t prefix_size = strlen(prefix);
    return size > prefix_size && strncmp(text, prefix, prefix_size) == 0;
}

/* Styles and ids of well-known libraries. */
static size_t made_prefix(const char *text, size_t size)
{
    static const char *const prefixes[] = {"css-",    "sc-",    "jsx-", "svelte-", "emotion-",
                                           "radix-",  "ember",  "jss",  "mui-",    "headlessui-",
                                           "data-v-", "ng-tns", "cdk-", "yui_",    "ext-gen"};
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        if (prefixes[i][0] == text[0] && has_prefix(text, size, prefixes[i])) {
            return strlen(prefixes[i]);
        }
    }
    return text[0] == ':' ? 1 : 0;
}

static bool is_vowel(char c)
{
    enum { TO_SMALL = 0x20 }; /* of a letter */
    static const uint32_t vowels = 1u << ('a' - 'a') | 1u << ('e' - 'a') | 1u << ('i' - 'a') |
                                   1u << ('o' - 'a') | 1u << ('u' - 'a') | 1u << ('y' - 'a');
    unsigned at = (unsigned)((c | TO_SMALL) - 'a');
    return at < 26 && (vowels >> at & 1);
}

/* Whether a part without any punctuation was drawn by lot. */
static bool is_drawn(const char *part, size_t size)
{
    size_t digits = 0, changes = 0, hex = 0, vowels = 0;
    for (size_t i = 0; i < size; i++) {
        bool digit = is_digit(part[i]);
        digits += digit;
        changes += i > 0 && digit != is_digit(part[i - 1]);
        hex += digit || (part[i] >= 'a' && part[i] <= 'f');
        vowels += is_vowel(part[i]) || (unsigned char)part[i] >= 0x80;
    }
    if (digits == size) {
        return size > MIXED_MIN;
    }
    return (size >= MIXED_MIN && digits > 0 && (changes > 1 || is_digit(part[0]))) ||
           (size >= HASH_HEX_MIN && hex == size) || (size >= CONSONANTS_MIN && vowels == 0);
}

static size_t part_size(const char *text, size_t size)
{
    size_t i = 0;
    while (i < size && (is_letter(text[i]) || is_digit(text[i]))) {
        i++;
    }
    return i;
}

/* One identifier.  Behind the prefix of a library nothing but a name with a capital is kept.
 * Returns whether some part was left out; `words` may be NULL. */
static bool cut(struct lexicon *self, struct gathering *words, const char *text, size_t size)
{
    enum { PART_SIZE = 64 };
    char part[PART_SIZE];
    char word[WORD_SIZE];
    size_t prefix = made_prefix(text, size);
    bool made = prefix > 0;
    for (size_t at = prefix; at < size;) {
        size_t length = part_size(text + at, size - at);
        bool capital = length > 0 && text[at] >= 'A' && text[at] <= 'Z';
        bool drawn = is_drawn(text + at, length) || (prefix > 0 && !capital);
        made |= length > 0 && drawn;
        if (words && length > 0 && !drawn && length < PART_SIZE) {
            memcpy(part, text + at, length);
            part[length] = '\0';
            for (const char *next = part; (next = word_next(next, true, word));) {
                add_word(self, words, word);
            }
        }
        at += length > 0 ? length : 1;
    }
    return made;
}

static bool cut_identifiers(struct lexicon *lexicon, struct gathering *words, const char *text)
{
    static const char blanks[] = " \t\r\n\f";
    bool made = false;
    while (*text) {
        size_t size = strcspn(text, blanks);
        made |= cut(lexicon, words, text, size);
        text += size;
        text += strspn(text, blanks);
    }
    return made;
}

bool lexicon_identifier(struct lexicon *lexicon, struct gathering *words, const char *text)
{
    struct lexicon_memo memo = cut_once(lexicon, text, KEY_IDENTIFIER);
    lexicon_bag(lexicon, words, memo.number);
    return memo.made;
}

bool identifier_is_generated(const char *text)
{
    return cut_identifiers(NULL, NULL, text);
}

/* ---- bags ---- */

void lexicon_bag(const struct lexicon *lexicon, struct gathering *words, uint32_t bag)
{
    const struct bag *of = bag > 0 ? bag_at(lexicon, bag) : NULL;
    for (size_t i = 0; of && i < of->count; i++) {
        gathering_add(words, lexicon->pool[of->first + i]);
    }
}

/* Appends a bag; false when there is no room. */
static bool add_bag(struct lexicon *self, struct bag bag)
{
    void *bags = self->bags;
    if (!grow(&bags, self->bags_count, &self->bags_capacity, sizeof bag, POOL_FIRST)) {
        self->failed = true;
        return false;
    }
    self->bags = bags;
    self->bags[self->bags_count++] = bag;
    return true;
}

uint32_t bag_make(struct lexicon *lexicon, struct gathering *words)
{
    struct bag bag = {.count = (uint8_t)words->count};
    if (lexicon->bags_count == 0 && !add_bag(lexicon, (struct bag){.count = 0})) {
        return 0; /* not even the empty one */
    }
    sort(words->at, words->count);
    return words->count > 0 && pool_add(lexicon, words, &bag.first) && add_bag(lexicon, bag)
               ? (uint32_t)lexicon->bags_count - 1
               : 0;
}

/* Both are sorted, and there is room. */
static void merge(struct gathering *to, const struct gathering *words, const uint32_t *more,
                  size_t count)
{
    size_t i = 0;
    size_t j = 0;
    to->count = 0;
    while (i < words->count && j < count) {
        uint32_t a = words->at[i];
        uint32_t b = more[j];
        to->at[to->count++] = a < b ? a : b;
        i += a <= b;
        j += b <= a;
    }
    while (i < words->count) {
        to->at[to->count++] = words->at[i++];
    }
    while (j < count) {
        to->at[to->count++] = more[j++];
    }
}

uint32_t bag_union(struct lexicon *lexicon, const uint32_t *bags, size_t count)
{
    struct gathering words[2]; /* not cleared: that would take as long as filling them */
    size_t sum = 0;
    size_t filled = 0;
    uint32_t last = 0;
    for (size_t i = 0; i < count; i++) {
        sum += bags[i] > 0 ? bag_at(lexicon, bags[i])->count : 0;
        last = bags[i] > 0 ? bags[i] : last;
        filled += bags[i] > 0;
    }
    if (filled <= 1) {
        return last;
    }
    words[0].count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct bag *bag = bag_at(lexicon, bags[i]);
        if (sum > BAG_MAX) {
            lexicon_bag(lexicon, &words[0], bags[i]);
        } else if (bags[i] > 0) {
            merge(&words[1], &words[0], lexicon->pool + bag->first, bag->count);
            words[0] = words[1];
        }
    }
    return bag_make(lexicon, &words[0]);
}

void lexicon_count(struct lexicon *lexicon, uint32_t bag)
{
    const struct bag *of = bag > 0 ? bag_at(lexicon, bag) : NULL;
    lexicon->elements++;
    for (size_t i = 0; of && i < of->count; i++) {
        lexicon->words[lexicon->pool[of->first + i]].count++;
    }
}

static void weigh_bag(const struct lexicon *lexicon, struct bag *bag)
{
    enum { BITS = 32 };
    uint32_t lines = 0;
    bool reversing = false;
    for (size_t i = 0; i < bag->count; i++) {
        uint32_t number = lexicon->pool[bag->first + i];
        const struct lexicon_word *word = &lexicon->words[number];
        bag->weight += word->weight;
        bag->bits |= UINT32_C(1) << (number % BITS);
        lines |= word->excluding;
        reversing |= word->reversing;
    }
    bag->excluding = lines & ((UINT32_C(1) << WORD_LINES_MAX) - 1);
    bag->reversing = reversing;
}

void lexicon_weigh(struct lexicon *lexicon)
{
    for (size_t i = 0; i < lexicon->words_count; i++) {
        struct lexicon_word *word = &lexicon->words[i];
        float count = word->count > 0 ? (float)word->count : 1;
        word->weight = log2f(1 + (float)lexicon->elements / count);
        word->weight *= word->filler ? 0.2f : word->number ? 0.5f : 1;
    }
    for (size_t i = 0; i < lexicon->bags_count; i++) {
        weigh_bag(lexicon, &lexicon->bags[i]);
    }
}

float bag_common_words(const struct lexicon *lexicon, const struct bag *a, const struct bag *b)
{
    const uint32_t *x = lexicon->pool + a->first;
    const uint32_t *y = lexicon->pool + b->first;
    const uint32_t *x_end = x + a->count;
    const uint32_t *y_end = y + b->count;
    float weight = 0;
    while (x < x_end && y < y_end) {
        uint32_t left = *x;
        uint32_t right = *y;
        if (left == right) {
            weight += lexicon->words[left].weight;
        }
        x += left <= right;
        y += right <= left;
    }
    return weight;
}

static bool has(const struct lexicon *lexicon, const struct bag *bag, uint32_t number)
{
    for (size_t i = 0; i < bag->count; i++) {
        if (lexicon->pool[bag->first + i] == number) {
            return true;
        }
    }
    return false;
}

/* The lines of words in `a` that are not in `b`. */
static uint32_t only_in(const struct lexicon *lexicon, const struct bag *a, const struct bag *b)
{
    uint32_t lines = 0;
    for (size_t i = 0; i < a->count; i++) {
        uint32_t number = lexicon->pool[a->first + i];
        const struct lexicon_word *word = &lexicon->words[number];
        lines |= word->excluding && !has(lexicon, b, number) ? word->excluding : 0;
    }
    return lines;
}

bool bag_conflict(const struct lexicon *lexicon, const struct bag *a, const struct bag *b)
{
    return a->reversing != b->reversing || ((a->excluding & b->excluding) != 0 &&
                                            (only_in(lexicon, a, b) & only_in(lexicon, b, a)) != 0);
}
