// Owns how cases and alerts are listed: by what is due first or came last, or, where words are
// given, by what holds them, the latest first.

import { isId, type Id } from '#kernel';
import type { Queryable, Search, SearchFilters } from '#platform';
import type { Alert } from '../alerts/alert.ts';
import { selectAlerts, type AlertFilter } from '../alerts/alert-store.ts';
import type { Case } from '../case.ts';
import { selectCases, type CaseFilter } from '../case-store.ts';
import { alertSearch, caseSearch } from './documents.ts';

export interface Found<Item> {
  readonly items: readonly Item[];
  /** Where the next page goes on; undefined when this is the last. */
  readonly after: string | undefined;
}

interface Words {
  readonly text: string;
  readonly after: string | undefined;
  readonly limit: number;
}

/** Of whatever state, unless one is asked for. */
export async function findCases(
  queryable: Queryable,
  words: Words,
  filter: Omit<CaseFilter, 'after' | 'limit'>,
): Promise<Found<Case>> {
  const { queue, state, priority, assignee, accountId, isOverdue } = filter;
  const overdue = isOverdue === undefined ? undefined : String(isOverdue);
  const filters = given({ queue, state, priority, assignee, account: accountId, overdue });
  const { ids, after } = await idsIn(caseSearch, 'cse', queryable, { ...words, filters });
  return { items: (await selectCases(queryable, ids)).filter(isThere), after };
}

export async function findAlerts(
  queryable: Queryable,
  words: Words,
  filter: Omit<AlertFilter, 'before' | 'limit'>,
): Promise<Found<Alert>> {
  const { caseId, accountId, outcome, isSnoozed } = filter;
  const snoozed = isSnoozed === undefined ? undefined : String(isSnoozed);
  const filters = given({ case: caseId, account: accountId, outcome, snoozed });
  const { ids, after } = await idsIn(alertSearch, 'alr', queryable, { ...words, filters });
  return { items: (await selectAlerts(queryable, ids)).filter(isThere), after };
}

async function idsIn<Prefix extends string>(
  search: Search,
  prefix: Prefix,
  queryable: Queryable,
  asked: Words & { readonly filters: SearchFilters },
): Promise<{ readonly ids: Id<Prefix>[]; readonly after: string | undefined }> {
  const { ids, after } = await search.find(queryable, asked);
  return { ids: ids.filter((id): id is Id<Prefix> => isId(prefix, id)), after };
}

function given(filters: Readonly<Record<string, string | undefined>>): SearchFilters {
  const entries = Object.entries(filters).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as SearchFilters;
}

function isThere<Item>(item: Item | undefined): item is Item {
  return item !== undefined;
}
