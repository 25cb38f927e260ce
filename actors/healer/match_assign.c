/* match_assign.c - one to one, by auction: each old element bids for the new one that is worth most
 * to it, by how much it is worth more than the next; who is outbid bids again. */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "actors/healer/match_priv.h"

enum { BIDS_PER_NODE_MAX = 60 };

/* What it is worth to have become nothing: first as likely as not; then, so that there is a guess,
 * what nobody wanted goes to whoever wants it at all. */
static const float nothing[2] = {0, -8};
static const float step = 0.05f;

struct bid {
    int32_t link; /* -1: nothing is worth it */
    float raise;
};

static struct bid best_bid(const struct match *match, int32_t old, int pass)
{
    const struct match_link *links = match_links_of(match, old);
    struct bid bid = {.link = -1};
    float best = nothing[pass];
    float second = nothing[pass];
    for (int32_t i = 0; i < match->links_count[old]; i++) {
        int32_t owner = match->become[1][links[i].node];
        if (pass > 0 && owner >= 0 && match->sure[0][owner] > 0) {
            continue; /* since the first pass */
        }
        float worth = links[i].score - match->price[links[i].node];
        if (worth > best) {
            second = best;
            best = worth;
            bid.link = i;
        } else if (worth > second) {
            second = worth;
        }
    }
    bid.raise = best - second + step;
    return bid;
}

/* `waiting` has room for all old elements; it is a ring. */
static void auction(struct match *match, int32_t *waiting, int pass)
{
    size_t count = match->pages.sides[0].tree->count;
    size_t first = 0;
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (match->become[0][i] < 0) {
            waiting[left++] = (int32_t)i;
        }
    }
    for (size_t bids = 0; left > 0 && bids < count * BIDS_PER_NODE_MAX; bids++) {
        int32_t old = waiting[first];
        first = (first + 1) % count;
        left--;
        struct bid bid = best_bid(match, old, pass);
        if (bid.link < 0) {
            continue;
        }
        int32_t node = match_links_of(match, old)[bid.link].node;
        int32_t loser = match->become[1][node];
        match->price[node] += bid.raise;
        match->become[0][old] = node;
        match->become[1][node] = old;
        if (loser >= 0) {
            match->become[0][loser] = -1;
            waiting[(first + left) % count] = loser;
            left++;
        }
    }
}

/* What one pass has assigned is settled for the next. */
static void settle(struct match *match)
{
    for (size_t i = 0; i < match->pages.sides[0].tree->count; i++) {
        match->sure[0][i] = truth(match->become[0][i] >= 0);
    }
}

/* Probability of each assigned pair among all that either side could have. */
static void make_sure(struct match *match, float *columns)
{
    size_t count = match->pages.sides[0].tree->count;
    float *mine = match->sure[0]; /* odds, until the columns are complete */
    float *rows = match->rows;
    for (size_t i = 0; i < count; i++) {
        const struct match_link *links = match_links_of(match, (int32_t)i);
        rows[i] = 1;
        mine[i] = 0;
        for (size_t j = 0; j < match->links_count[i]; j++) {
            float odds = expf(smaller(links[j].score, 30));
            columns[links[j].node] += odds;
            rows[i] += odds;
            mine[i] = links[j].node == match->become[0][i] ? odds : mine[i];
        }
    }
    for (size_t i = 0; i < count; i++) {
        int32_t node = match->become[0][i];
        if (node >= 0) {
            match->sure[0][i] = smaller(mine[i] / rows[i], mine[i] / (1 + columns[node]));
            match->sure[1][node] = match->sure[0][i];
        }
    }
}

static void sum_up(struct match *match)
{
    for (int side = 0; side < 2; side++) {
        int32_t sum = 0;
        size_t count = match->pages.sides[side].tree->count;
        for (size_t i = 0; i < count; i++) {
            match->sums[side][i] = sum;
            sum += match->become[side][i] >= 0 && match->sure[side][i] > match_sure_min;
        }
        match->sums[side][count] = sum;
    }
}

enum err links_assign(struct match *match)
{
    size_t counts[2] = {match->pages.sides[0].tree->count, match->pages.sides[1].tree->count};
    int32_t *waiting = calloc(counts[0] + 1, sizeof waiting[0]);
    float *columns = calloc(counts[1] + 1, sizeof columns[0]);
    if (waiting && columns) {
        for (int side = 0; side < 2; side++) {
            memset(match->become[side], 0xff, counts[side] * sizeof match->become[side][0]);
            memset(match->sure[side], 0, counts[side] * sizeof match->sure[side][0]);
        }
        memset(match->price, 0, counts[1] * sizeof match->price[0]);
        auction(match, waiting, 0);
        settle(match);
        auction(match, waiting, 1);
        make_sure(match, columns);
        sum_up(match);
        structure_prepare(match);
    }
    enum err err = waiting && columns ? ERR_OK : ERR_MEMORY;
    free(waiting);
    free(columns);
    return err;
}
