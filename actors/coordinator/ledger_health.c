/* ledger_health.c - see ledger_health.h. */
#include "actors/coordinator/ledger_health.h"

#include "actors/coordinator/ledger_priv.h"

/* The same edit is proposed for every test that uses the locator, and in every run until it is
 * made; it is work for somebody once. */
enum err ledger_count_heals(struct store_txn *txn, struct msg_str dir, uint64_t runs,
                            struct ledger_heals *ret_heals)
{
    struct store_rows rows;
    *ret_heals = (struct ledger_heals){.refused = 0};
    store_query(txn,
                "SELECT min(h.status), count(*) FROM heal h JOIN"
                " (SELECT no FROM run WHERE dir = ?1 AND pruned = 0 ORDER BY no DESC LIMIT ?2) r"
                " ON r.no = h.run"
                " GROUP BY h.file, h.old, h.new, CASE WHEN h.status = 3 THEN h.run END,"
                " CASE WHEN h.status = 3 THEN h.error END",
                STORE_WITH(store_text(dir), store_u64(runs)), &rows);
    while (store_next(&rows)) {
        enum term status = (enum term)store_column_u64(&rows, 0);
        ret_heals->healed += status == TERM_heal_HEALED;
        ret_heals->proposed += status == TERM_heal_PROPOSED;
        ret_heals->refused += status == TERM_heal_REFUSED;
        ret_heals->failures += status == TERM_heal_REFUSED ? 0 : store_column_u64(&rows, 1);
    }
    return store_rows_end(&rows);
}

enum err ledger_known(struct store_txn *txn, struct msg_str dir,
                      enum err (*each)(void *arg, struct msg_str seen), void *arg)
{
    struct store_rows rows;
    enum err err = ERR_OK;
    store_query(txn, "SELECT seen FROM known WHERE project = ?1 ORDER BY file, test",
                STORE_WITH(store_text(dir)), &rows);
    while (err == ERR_OK && store_next(&rows)) {
        err = each(arg, store_column_text(&rows, 0));
    }
    enum err end = store_rows_end(&rows);
    return err == ERR_OK ? end : err;
}
