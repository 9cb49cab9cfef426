// Checks what has no place yet: every such bundle waits in the inbox, put there once and with it,
// and nothing else does.

import type { Queryable } from '#platform';
import type { BundleCheck } from './bundle-check.ts';
import type { Findings, RuleName } from '../finding.ts';
import { waitingBundles, type WaitingBundle } from './place-store.ts';
import { duplicatePlaces, idleInbox } from '../structure-store.ts';

/** `bundles` is told of every leaf that waits; answers how many do. */
export async function checkWaiting(
  queryable: Queryable,
  findings: Findings,
  bundles: BundleCheck,
): Promise<void> {
  for await (const waiting of waitingBundles(queryable)) {
    bundles.check(waiting.bundle, undefined);
    checkInbox(waiting, findings);
  }
  for (const row of await idleInbox(queryable)) {
    const place = `inbox ${row.number} bundle ${row.bundle_id}`;
    if (row.has_place) {
      const found = 'a bundle that has one';
      findings.breach({ rule: 'inbox_stuck', place, expected: 'a bundle without a place', found });
    } else {
      findings.breach({ rule: 'inbox_foreign', place, expected: 'a bundle', found: 'none' });
    }
  }
  for (const { bundle_id: id, first_leaves: found } of await duplicatePlaces(queryable)) {
    const place = `bundle ${id}`;
    findings.breach({ rule: 'place_duplicate_bundle', place, expected: 'one place', found });
  }
}

function checkInbox({ bundle, inbox }: WaitingBundle, findings: Findings): void {
  const breach = (rule: RuleName, expected: string, found: string): void => {
    findings.breach({ rule, place: `bundle ${bundle.id}`, expected, found });
  };
  if (inbox.length === 0) {
    breach('bundle_unplaced', 'a place, or a row of the inbox', 'neither');
  } else if (inbox.length > 1) {
    breach('inbox_altered', 'one row of the inbox', `${inbox.length}`);
  }
  for (const { month, isOfBundle } of inbox) {
    if (month !== bundle.month) {
      breach('inbox_altered', `month ${bundle.month} in the inbox`, `month ${month}`);
    }
    if (!isOfBundle) {
      const expected = 'a row of the inbox written with the bundle';
      breach('inbox_altered', expected, 'one of the two written by another transaction');
    }
  }
}
