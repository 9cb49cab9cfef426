// Owns the screener of a process: it judges what would move money before it moves, in memory, and
// keeps what it decided in the transaction of what came of it. What it remembers of the past is
// folded from the log of the bank, so that it can be lost with the process.

import { setImmediate } from 'node:timers/promises';
import { limits } from '#config';
import { msOf, newUuid, type Clock, type Uuid } from '#kernel';
import {
  FIRST_TENANT,
  type Database,
  type Logger,
  type Metrics,
  type Queryable,
  type Transaction,
  type TransactionContext,
} from '#platform';
import type { DriftReport } from '../model/drift.ts';
import type { ScreeningConfig } from '../registry/config.ts';
import type { Registry } from '../registry/open.ts';
import { openDesk, type Desk } from './judging/desk.ts';
import type { Judged, ScreeningItem } from './item.ts';
import { keepingOf, keepJudged, type Keeping } from './keep.ts';
import { openMeters } from './meters.ts';
import { openNames, type NamedKind } from './judging/names.ts';
import { openStates, type States } from './states.ts';

export interface ScreenerOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly registry: Registry;
  /** Names this process from its start to its end; a new one unless given. */
  readonly run?: Uuid | undefined;
}

export interface Screener {
  readonly run: Uuid;
  readonly states: States;
  /**
   * Judges items of the context's tenant, in order; each sees those before it. `reader` sees the
   * rows of that tenant; what it throws is thrown on. A deadline runs from when all that is read is
   * there. What is judged counts at once; it must be kept, or given back.
   */
  judge(
    reader: Queryable,
    context: TransactionContext,
    items: readonly ScreeningItem[],
  ): Promise<readonly Judged[]>;
  /**
   * Keeps all that one call has judged, with the payments that came of it (`pay_…`). It may be
   * called again when the transaction is run again.
   */
  keep(
    tx: Transaction,
    judged: readonly Judged[],
    subjects: readonly (string | undefined)[],
  ): Promise<void>;
  /** The same, for whoever writes records and events of its own in one go with those of this. */
  keeping(
    tx: Transaction,
    judged: readonly Judged[],
    subjects: readonly (string | undefined)[],
  ): Keeping;
  /**
   * Takes back what was judged, where its transaction is known to be rolled back. Without it the
   * same happens once the log has not shown it for long enough.
   */
  giveBack(judged: readonly Judged[]): void;
  /** What a tenant's counterparty or device of that number is called in keys and lists. */
  nameOf(tenant: string, kind: NamedKind, text: string): Promise<string>;
  /** Of the champion's rows; undefined where it came without a reference. */
  drift(tenant: string): DriftReport | undefined;
  counts(): ScreenerCounts;
}

export interface ScreenerCounts {
  readonly batches: number;
  readonly decisions: number;
  readonly keys: number;
  readonly pending: number;
}

export function openScreener(options: ScreenerOptions): Screener {
  const { database, clock, logger, metrics, registry } = options;
  const run = options.run ?? newUuid(msOf(clock.now()));
  const states = openStates({ run });
  const meters = openMeters(metrics, states);
  const desks = new Map<string, Desk>();
  const ordinals = { next: 0n };
  const countFailed = (code: string): void => meters.failed(code);
  let decisions = 0;
  const deskOf = async (tenant: string): Promise<Desk> => {
    const known = desks.get(tenant);
    if (known !== undefined) return known;
    const names = await openNames(database.keys, tenant);
    // Another may have opened it meanwhile, and two desks would count declines apart.
    const opened = desks.get(tenant);
    if (opened !== undefined) return opened;
    const desk = openDesk({ tenant, run, clock, logger, states, names, ordinals, countFailed });
    desks.set(tenant, desk);
    return desk;
  };
  const configOf = async (tenant: string): Promise<ScreeningConfig> =>
    registry.configOf(tenant) ?? (await registry.load(tenant));
  return {
    run,
    states,
    async judge(reader, context, items) {
      if (items.length === 0) return [];
      const askedMs = performance.now();
      const tenant = context.tenant ?? FIRST_TENANT;
      const desk = await deskOf(tenant);
      const ids = items.map(({ accountId }) => accountId);
      const accounts = await desk.accounts.read(reader, ids);
      const config = await configOf(tenant);
      await desk.ruling.prepare(reader, config.ruleSet, clock.now());
      const judged: Judged[] = [];
      const partItems = limits.fraudBatchDecisionsMax.value;
      for (let from = 0; from < items.length; from += partItems) {
        // A long list leaves room for others, and its model is not late for being long.
        if (from > 0) await setImmediate();
        const part = desk.judge({
          items: items.slice(from, from + partItems),
          config: registry.configOf(tenant) ?? config,
          accounts,
          at: context.now,
          askedMs,
        });
        judged.push(...part);
      }
      decisions += judged.length;
      meters.count(judged);
      return judged;
    },
    keep: keepJudged,
    keeping: keepingOf,
    giveBack: (judged) => giveBack({ states, desks }, judged),
    async nameOf(tenant, kind, text) {
      const { names } = await deskOf(tenant);
      return names.nameOf(kind, text);
    },
    drift: (tenant) => desks.get(tenant)?.drift(),
    counts: () => ({ batches: Number(ordinals.next), decisions, ...states.counts() }),
  };
}

function giveBack(
  { states, desks }: { readonly states: States; readonly desks: ReadonlyMap<string, Desk> },
  judged: readonly Judged[],
): void {
  for (const [{ tenant, id }, own] of Map.groupBy(judged, ({ batch }) => batch)) {
    // Once, however often it is said.
    if (!states.forget(tenant, id)) continue;
    for (const { decision } of own) desks.get(tenant)?.ruling.giveBack(decision);
  }
}
