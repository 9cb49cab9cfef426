// Owns how cases and alerts are listed: by what is due first or came last, or, where words are
// given, by what holds them, the latest first.

import { isId, type AccountId, type Id } from '#kernel';
import {
  isPart,
  wordsOf,
  type Finder,
  type Queryable,
  type SearchFilters,
  type SearchPage,
} from '#platform';
import type { Alert } from '../alerts/alert.ts';
import { selectAlerts, type AlertFilter } from '../alerts/alert-store.ts';
import type { Case, CaseId } from '../case.ts';
import { selectCases, type CaseFilter } from '../case-store.ts';
import { alertFinder } from './alert-finder.ts';
import { caseSearch } from './documents.ts';

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

type Asked = Words & { readonly filters: SearchFilters };

/** Of whatever state, unless one is asked for. */
export async function findCases(
  queryable: Queryable,
  words: Words,
  filter: Omit<CaseFilter, 'after' | 'limit'>,
): Promise<Found<Case>> {
  const { queue, state, priority, assignee, accountId, isOverdue } = filter;
  const overdue = isOverdue === undefined ? undefined : String(isOverdue);
  const filters = given({ queue, state, priority, assignee, account: accountId, overdue });
  const asked = { ...words, filters };
  const byDocument = await caseSearch.find(queryable, asked);
  const { ids, after } = merged(byDocument, await casesByAlerts(queryable, asked), words);
  const found = (await selectCases(queryable, ids.filter(isOf('cse')))).filter(isThere);
  // What a case is found by may be a little behind what it is.
  return { items: found.filter((each) => isAsFiltered(each, filter)), after };
}

export async function findAlerts(
  queryable: Queryable,
  words: Words,
  filter: Omit<AlertFilter, 'before' | 'limit'>,
): Promise<Found<Alert>> {
  const { caseId, accountId, outcome, isSnoozed } = filter;
  const snoozed = isSnoozed === undefined ? undefined : String(isSnoozed);
  const filters = given({ case: caseId, account: accountId, outcome, snoozed });
  const { ids, after } = await idsIn(alertFinder, 'alr', queryable, { ...words, filters });
  return { items: (await selectAlerts(queryable, ids)).filter(isThere), after };
}

/** The most that one question of the port answers. */
const AT_ONCE_MAX = 1_000;
/** An id of an alert, a decision, a payment or a payee, or a part of one. */
const OF_ALERTS = /^(?:[a-z]+_)?[0-9a-f][0-9a-f-]*$/;

/**
 * What each alert has of its own is not in the document of its case. Of the latest alerts that hold
 * the words that are like ids, the cases that hold the other words.
 */
async function casesByAlerts(queryable: Queryable, asked: Asked): Promise<readonly CaseId[]> {
  const words = wordsOf(asked.text);
  const own = words.filter((word) => isPart(word) && OF_ALERTS.test(word));
  if (own.length === 0) return [];
  const latest = { text: own.join(' '), limit: AT_ONCE_MAX };
  const { ids } = await idsIn(alertFinder, 'alr', queryable, latest);
  const alerts = (await selectAlerts(queryable, ids)).filter(isThere);
  const cases = new Set(alerts.flatMap(({ caseId }) => caseId ?? []));
  if (own.length === words.length) return [...cases];
  const accounts = new Set(alerts.map(({ accountId }): AccountId => accountId));
  const others = await idsIn(caseSearch, 'cse', queryable, {
    text: words.filter((word) => !own.includes(word)).join(' '),
    filters: { account: [...accounts], ...asked.filters },
    after: asked.after,
    limit: AT_ONCE_MAX,
  });
  return others.ids.filter((id) => cases.has(id));
}

/** One page of both, the greatest first. */
function merged({ ids, after }: SearchPage, others: readonly string[], asked: Words): SearchPage {
  const { after: before, limit } = asked;
  const rest = others.filter((id) => before === undefined || id < before);
  const all = [...new Set([...ids, ...rest])].toSorted().toReversed();
  const page = all.slice(0, limit);
  return { ids: page, after: all.length > limit ? page.at(-1) : after };
}

async function idsIn<Prefix extends string>(
  finder: Finder,
  prefix: Prefix,
  queryable: Queryable,
  asked: Parameters<Finder['find']>[1],
): Promise<{ readonly ids: Id<Prefix>[]; readonly after: string | undefined }> {
  const { ids, after } = await finder.find(queryable, asked);
  return { ids: ids.filter(isOf(prefix)), after };
}

function isOf<Prefix extends string>(prefix: Prefix) {
  return (id: string): id is Id<Prefix> => isId(prefix, id);
}

function isAsFiltered(each: Case, filter: Omit<CaseFilter, 'after' | 'limit'>): boolean {
  const { queue, state, priority, assignee, accountId, isOverdue } = filter;
  const pairs = [
    [queue, each.queue],
    [state, each.state],
    [priority, each.priority],
    [assignee, each.assignee],
    [accountId, each.accountId],
    [isOverdue, each.isOverdue],
  ] as const;
  return pairs.every(([wanted, is]) => wanted === undefined || wanted === is);
}

function given(filters: Readonly<Record<string, string | undefined>>): SearchFilters {
  const entries = Object.entries(filters).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as SearchFilters;
}

function isThere<Item>(item: Item | undefined): item is Item {
  return item !== undefined;
}
