// How deleted keys go away for good. A deletion is an entry without a value, a tombstone, that every replica keeps:
// with the key it says that whatever is older is gone. To erase it means to forget the key, so something else has to
// say so.
//
// A tag L, the floor, does it for all keys together. It is a tag that was taken long ago (`COLLECT_AFTER_MS`), shared
// by all threads, and only grows. In this order:
//
// 1. The floor is raised to L.
// 2. A read of the key finds that every replica has voted for the deletion, at ballot t <= L, under epochs that are
//    still theirs: whoever prepares a ballot above t has seen the deletion, or something newer.
// 3. Each replica is told to erase it. It does if its entry is still the one at t and it has promised nothing above L,
//    and from then on it treats every key that it does not know as promised to L.
//
// What could go wrong, and why it does not:
// - An older value comes back. No replica has one: they all had the deletion (2), which replaces it. No message brings
//   one: a replica that keeps the deletion refuses ballots below t, one that erased it refuses those below L >= t, and
//   so does one that has lost its memory since, because it begins with the floor that is shared.
// - A write that the deletion has overwritten is proposed again by its writer, who finds nothing of it. Its first tag
//   is below t, so below the floor, which was raised before anything was erased. Who looks at the floor after the last
//   of its answers therefore sees that it cannot tell, and says `unknown`, for good. The same holds for a change,
//   whose place in the lineage is gone: there the lowest ballot that it proposed counts, which may be below its tag.
// - A promise is forgotten: each replica that erased it refuses what it had refused, and a replica that has lost its
//   memory, and recovers a key from others of which one knows nothing, promises the floor in place of what that one may
//   have erased. It looks at the floor once all have answered, since it may have been raised meanwhile.
// - A replica that never had the key refuses what is below the floor too. That costs its writer a fresh ballot at
//   most.
// - A session has seen the deletion and finds nothing, which has no version: where all replicas answer that they have
//   nothing, that is as new as what it has seen, if the floor is not older. It is not as new as the floor, which may
//   have risen since anything was erased there: what is written next may be older than that. And what it has seen below
//   the quorum may be lost, not deleted, once a replica has lost its memory since.
//
// Source: the conditions of Rystsov, "CASPaxos" (2018), section 3.1 ("age" of proposers), where the shared floor and
// the rule for late writers take the place of messages to all proposers; DESIGN section 4, "Deletion".
import { compareBallots, isNone } from './ballot.ts';
import type { Ballot } from './ballot.ts';

/**
 * Whether a session that has seen `seen` of a key may take it for deleted, now that no replica has anything of it.
 *
 * @param erased the floor, looked at after the last answer.
 */
export function mayBeErased(seen: Ballot, newest: Ballot, erased: Ballot): boolean {
  return isNone(newest) && compareBallots(seen, erased) <= 0;
}
