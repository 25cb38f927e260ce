/* mutant.h - faults that the simulators have to find, to show that they would find others.
 *
 * MUTANT(NAME) is 1 in a file that is compiled with -DTROUPE_MUTANT_NAME, otherwise the constant 0.
 * tests/sim/meson.build has the list, and what each of them spoils:
 *
 *     OWN_DELAY        our own pause is taken for the silence of others
 *     TAKE_STALE       a frame from before a hole, or a second time, is taken
 *     NO_RESYNC        what a hole has swallowed of the link's own is not asked for again
 *     NO_CREDIT        credit is never given back
 *     IGNORED_CREDIT   messages are sent without credit
 *     LOST_WHEN_FULL   what a full transport refused is forgotten
 *     SENDS_EXPIRED    what waited for the link beyond its deadline is sent
 *     EARLY_GOODBYE    goodbye is said before the queue is empty
 *     NO_BEAT          an idle link says nothing
 *     TWO_LIVES        an older incarnation stays beside the newer one
 *     HALF_LINK        a peer that was given up is linked anew before it knows of the end
 *     NO_RECEIVER      a HELLO for an earlier process at the same place is taken
 *     DOWN_TWICE       who has had a DOWN gets it again with the next loss of the node
 *     NO_DOWN          a lost node's actors cause no DOWN
 *     ASK_STAYS        an ask to a lost node waits for its time-out
 *     NO_DEADLINE      work whose deadline has passed is begun
 *     OWN_PATIENCE     a nested ask does not inherit the deadline
 *     POISON           a message may crash its receiver for ever
 *     CRASH_LOSES      a message that has crashed its receiver is not given out again
 *     TICK_STAYS       a cancelled timer fires
 *     STALE_RELAY      a topic keeps the subscriptions of lost processes
 *     SUBSCRIBE_ONCE   a subscription that the network lost is not repeated
 */
#ifndef RUNTIME_MUTANT_H
#define RUNTIME_MUTANT_H

#define MUTANT_IF_1                        0,
#define MUTANT_SECOND(ignored, value, ...) value
#define MUTANT_PICK(maybe_two)             MUTANT_SECOND(maybe_two 1, 0, 0)
#define MUTANT_JOIN(value)                 MUTANT_PICK(MUTANT_IF_##value)
#define MUTANT_OF(value)                   MUTANT_JOIN(value)
#define MUTANT(name)                       MUTANT_OF(TROUPE_MUTANT_##name)

#endif
