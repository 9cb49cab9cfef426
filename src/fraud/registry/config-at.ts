// Owns what was in force at a revision, however long ago: the same rules, lists, models and
// policies, so that what was decided under it can be decided again.

import { assert, type Result, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import type { FeatureSet } from '../features/definition.ts';
import { openLists, type Lists } from '../rules/lists.ts';
import type { ScreeningConfig } from './config.ts';
import { readPolicies, readRules, readServed, type Reading, type Unreadable } from './read.ts';
import { starterRuleSet } from './starter-rules.ts';
import { chosenAt } from './store/choice-store.ts';
import { entriesAt } from './store/list-store.ts';

const PAGE_ROWS = 20_000;

export interface ConfigAsked {
  readonly tenant: string;
  readonly revision: number;
  /** The only values that the lists will be asked for; any unless given. */
  readonly listed?: readonly string[] | undefined;
  /** Of the starter rules that decided, where those did; the latest unless given. */
  readonly starter?: string | undefined;
}

/**
 * A part that cannot be read any more is absent. Entries whose time was over are among the lists,
 * which answer for the time they are asked about.
 */
export async function configAt(
  queryable: Queryable,
  features: FeatureSet,
  { tenant, revision, listed, starter }: ConfigAsked,
): Promise<ScreeningConfig> {
  const reading: Reading = { queryable, features, tenant };
  const chosen = await chosenAt(queryable, { tenant, revision });
  const { rule_set: rules, champion, challenger } = chosen;
  return {
    tenant,
    revision,
    ruleSet:
      rules === undefined
        ? starterRuleSet(features, starter)
        : await readOr(rules, readRules, reading),
    lists: await listsAt(queryable, { tenant, revision, listed }),
    champion: await readOr(champion, readServed, reading),
    challenger: await readOr(challenger, readServed, reading),
    policyOf: await readPolicies(reading, revision),
  };
}

async function readOr<Part>(
  id: Uuid | undefined,
  read: (reading: Reading, id: Uuid) => Promise<Result<Part, Unreadable>>,
  reading: Reading,
): Promise<Part | undefined> {
  if (id === undefined) return undefined;
  const found = await read(reading, id);
  return found.ok ? found.value : undefined;
}

async function listsAt(queryable: Queryable, asked: ConfigAsked): Promise<Lists> {
  // What was kept had its bound when it was kept.
  const lists = openLists([], Number.MAX_SAFE_INTEGER);
  assert(lists.ok, 'no entries fit');
  for await (const page of entriesAt(queryable, asked, PAGE_ROWS)) {
    for (const entry of page) {
      assert(lists.value.put(entry).ok, 'what was kept has a time and fits');
    }
  }
  return lists.value;
}
