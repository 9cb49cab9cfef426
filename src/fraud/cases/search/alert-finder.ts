// Finds alerts by words as the port of search asks it, in the table where they are kept: they are
// found as soon as they are there. What is looked through for one page has an end, so that a page
// may hold less than was asked for while there is more; whole ids are found whenever they were.

import { limits } from '#config';
import { assert, isId, type Id } from '#kernel';
import {
  isPart,
  wordsOf,
  type Finder,
  type Queryable,
  type SearchFilters,
  type SearchPage,
  type SearchQuestion,
} from '#platform';
import {
  selectAlertsHolding,
  selectAlertsOfPayment,
  selectEndOfWindow,
  type AlertKeys,
  type WantedAlerts,
} from './found-alert-store.ts';

/** How many alerts are looked through for one page. */
export function openAlertFinder(window: number): Finder {
  return { find: (queryable, question) => find(queryable, question, window) };
}

export const alertFinder = openAlertFinder(limits.fraudAlertsLookedThroughMax.value);

async function find(
  queryable: Queryable,
  { text = '', filters = {}, limit, after }: SearchQuestion,
  window: number,
): Promise<SearchPage> {
  const words = wordsOf(text);
  const wanted: WantedAlerts = {
    ...(await keysIn(queryable, words)),
    ...filteredBy(filters),
    beginnings: words.filter((word) => !isPart(word)),
    parts: words.filter(isPart),
    before: after !== undefined && isId('alr', after) ? after : undefined,
    window,
    limit: limit + 1,
  };
  const found = await selectAlertsHolding(queryable, wanted);
  const ids = found.slice(0, limit);
  if (found.length > limit) return { ids, after: ids.at(-1) };
  return { ids, after: await selectEndOfWindow(queryable, wanted) };
}

/** What whole ids among the words lead to by an index. That each word is there is seen to after. */
async function keysIn(queryable: Queryable, words: readonly string[]): Promise<AlertKeys> {
  const of = <Prefix extends string>(prefix: Prefix) => {
    return words.find((word): word is Id<Prefix> => isId(prefix, word));
  };
  const [alert, payment] = [of('alr'), of('pay')];
  const ids = alert === undefined ? undefined : [alert];
  return {
    ids: ids ?? (payment && (await selectAlertsOfPayment(queryable, payment))),
    decisionId: of('dec'),
    accountId: of('acc'),
    caseId: of('cse'),
  };
}

/** A filter takes the place of what a word led to; the word must be there all the same. */
function filteredBy({ case: caseId, account, outcome, snoozed }: SearchFilters) {
  return {
    ...(caseId === undefined ? {} : { caseId: requireId('cse', caseId) }),
    ...(account === undefined ? {} : { accountId: requireId('acc', account) }),
    outcome,
    isSnoozed: snoozed === undefined ? undefined : snoozed === 'true',
  };
}

function requireId<Prefix extends string>(prefix: Prefix, value: unknown): Id<Prefix> {
  assert(typeof value === 'string' && isId(prefix, value), `alerts are filtered by one ${prefix}`);
  return value;
}
