// Recomputes the whole ledger from its entries and says where the books differ from them. It reads
// one snapshot, so that it is right while the server is posting, and shares no code with posting.

import { assert, Fault } from '#kernel';
import type { Session } from '#platform';
import { accountEntries, accountStates } from './accounts-store.ts';
import { findingOf, rules } from './finding.ts';
import type { Finding, FindingRow, RuleName, Subject } from './finding.ts';
import { holds, pendingTotals } from './holds-store.ts';
import * as structure from './structure-store.ts';
import { separation, tenants } from './tenants-store.ts';
import { closedPeriods, references, reversals, transferEntries } from './transfers-store.ts';

interface Check {
  readonly title: string;
  readonly statement: string;
}

// The long ones first, so that the sessions end at about the same time.
const checks: readonly Check[] = [
  { title: 'accounts and currencies against entries', statement: accountEntries },
  { title: 'transfers against entries', statement: transferEntries },
  { title: 'holds against entries', statement: holds },
  { title: 'references between transfers', statement: references },
  { title: 'pending counters against open holds', statement: pendingTotals },
  { title: 'reversals', statement: reversals },
  { title: 'closed periods', statement: closedPeriods },
  { title: 'limits and closed accounts', statement: accountStates },
  { title: 'segments', statement: structure.segments },
  { title: 'tenants of accounts', statement: tenants },
  { title: 'protection of history', statement: structure.protection },
  { title: 'separation of tenants', statement: separation },
];

export interface CheckProgress {
  /** The check that has just ended; none at the beginning. */
  readonly title: string | undefined;
  readonly done: number;
  readonly of: number;
  readonly breaches: bigint;
  readonly elapsedMs: number;
}

export interface VerifyOptions {
  /** Opens one more connection to the database. */
  readonly open: () => Promise<Session>;
  /** How many connections work at once; more than the processors gain nothing. */
  readonly connections: number;
  /** Breaches listed of one rule; all are counted. */
  readonly findingsPerRuleMax: number;
  readonly onProgress?: (progress: CheckProgress) => void;
}

export type Counts = Readonly<Record<Subject, bigint>>;

export interface RuleOutcome {
  readonly rule: RuleName;
  readonly meaning: string;
  readonly checked: bigint;
  readonly subject: Subject;
  readonly breaches: bigint;
}

export interface Verification {
  /** No rule whose breach is an error is broken; warnings do not count. */
  readonly isSound: boolean;
  /** The moment of the snapshot, as PostgreSQL writes it. */
  readonly at: string;
  readonly elapsedMs: number;
  readonly counts: Counts;
  readonly rules: readonly RuleOutcome[];
  readonly findings: readonly Finding[];
}

export async function verify(options: VerifyOptions): Promise<Verification> {
  const startedMs = performance.now();
  const sessions: Session[] = [];
  try {
    const first = await options.open();
    sessions.push(first);
    await requireLedger(first);
    const { snapshot, at } = await beginExported(first);
    while (sessions.length < Math.min(options.connections, checks.length)) {
      const session = await options.open();
      sessions.push(session);
      await beginImported(session, snapshot);
    }
    const [counts] = await first.query<structure.CensusRow>({ text: structure.census });
    assert(counts !== undefined, 'a select of counts gives one row');
    const breaches = await runChecks(sessions, options, startedMs);
    return summaryOf({ at, counts, breaches, elapsedMs: performance.now() - startedMs });
  } finally {
    await Promise.allSettled(sessions.map((session) => session.close()));
  }
}

async function requireLedger(session: Session): Promise<void> {
  const [row] = await session.query<{ is_present: boolean }>({ text: structure.presence });
  if (row?.is_present === true) return;
  throw new Fault('no_ledger', {
    retryable: false,
    message: 'There is no ledger in this database yet; starting the bank makes one.',
  });
}

async function beginExported(session: Session): Promise<{ snapshot: string; at: string }> {
  await session.query({ text: structure.beginSnapshot });
  await session.query({ text: structure.tuneSession });
  const [row] = await session.query<{ snapshot: string; at: string }>({
    text: structure.exportSnapshot,
  });
  assert(row !== undefined, 'exporting a snapshot gives its name');
  return row;
}

async function beginImported(session: Session, snapshot: string): Promise<void> {
  await session.query({ text: structure.beginSnapshot });
  await session.query({ text: structure.importSnapshot(snapshot) });
  await session.query({ text: structure.tuneSession });
}

interface Breaches {
  readonly rows: FindingRow[];
  /** All breaches of a rule, listed or not; one that two checks see from two sides counts twice. */
  readonly totals: Map<string, bigint>;
}

async function runChecks(
  sessions: readonly Session[],
  options: VerifyOptions,
  startedMs: number,
): Promise<Breaches> {
  const waiting = [...checks];
  const rows: FindingRow[] = [];
  const totals = new Map<string, bigint>();
  let done = 0;
  const tell = (title: string | undefined, breaches: bigint): void => {
    const elapsedMs = performance.now() - startedMs;
    options.onProgress?.({ title, done, of: checks.length, breaches, elapsedMs });
  };
  tell(undefined, 0n);
  const work = async (session: Session): Promise<void> => {
    for (let check = waiting.shift(); check !== undefined; check = waiting.shift()) {
      const found = await runCheck(session, check, options.findingsPerRuleMax);
      rows.push(...found);
      let breaches = 0n;
      for (const [rule, total] of new Map(found.map((row) => [row.rule, row.total]))) {
        totals.set(rule, (totals.get(rule) ?? 0n) + total);
        breaches += total;
      }
      done += 1;
      tell(check.title, breaches);
    }
  };
  await Promise.all(sessions.map(work));
  return { rows, totals };
}

const NUMERIC_VALUE_OUT_OF_RANGE = '22003';

// A counter so far off that the sum no longer fits is a breach like any other, and must not keep
// the other checks from running: the savepoint brings the session back.
async function runCheck(session: Session, check: Check, max: number): Promise<FindingRow[]> {
  await session.query({ text: 'savepoint before_check' });
  try {
    return await session.query<FindingRow>({
      text: structure.limited(check.statement),
      values: [max],
    });
  } catch (error) {
    if ((error as { code?: unknown }).code !== NUMERIC_VALUE_OUT_OF_RANGE) throw error;
    await session.query({ text: 'rollback to savepoint before_check' });
    const nowhere = { account_id: null, version: null, transfer_id: null, leg: null };
    const found = 'a number that cannot be added up, so this check could not be made';
    return [
      {
        ...nowhere,
        rule: 'amounts_in_range',
        subject: check.title,
        expected: 'counters within 18 digits',
        found,
        total: 1n,
      },
    ];
  }
}

function summaryOf(outcome: {
  at: string;
  elapsedMs: number;
  counts: Counts;
  breaches: Breaches;
}): Verification {
  const { at, elapsedMs, counts, breaches } = outcome;
  const names = Object.keys(rules) as RuleName[];
  const outcomes = names.map((name): RuleOutcome => {
    const { meaning, subject } = rules[name];
    const checked = counts[subject];
    return { rule: name, meaning, subject, checked, breaches: breaches.totals.get(name) ?? 0n };
  });
  const findings = breaches.rows
    .map(findingOf)
    .toSorted((a, b) => names.indexOf(a.rule) - names.indexOf(b.rule));
  const isSound = findings.every(({ severity }) => severity !== 'error');
  return { isSound, at, elapsedMs, counts, rules: outcomes, findings };
}
