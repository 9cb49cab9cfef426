// The SQL of cases: how they are opened, locked, changed and found.

import { formatInstant, idOf, uuidOf, type AccountId, type Instant, type Uuid } from '#kernel';
import {
  booleanArray,
  bytesArray,
  int4Array,
  textArray,
  timestamptzArray,
  uuidArray,
  violatedConstraint,
  type Queryable,
  type Transaction,
} from '#platform';
import type { Case, CaseId, CaseOutcome, CasePriority, CaseState } from './case.ts';

interface CaseRow {
  readonly id: Uuid;
  readonly tenant: string;
  readonly account_id: Uuid;
  readonly queue: string;
  readonly priority: CasePriority;
  readonly state: CaseState;
  readonly assignee: string | null;
  readonly wait_until_us: bigint | null;
  readonly due_at_us: bigint;
  readonly is_overdue: boolean;
  readonly alerts: number;
  readonly outcome: CaseOutcome | null;
  readonly pattern: string | null;
  readonly opened_at_us: bigint;
  readonly changed_at_us: bigint;
  readonly closed_at_us: bigint | null;
  readonly entries: number;
  readonly journal: Buffer;
}

const us = (column: string): string =>
  `(extract(epoch from c.${column}) * 1000000)::bigint as ${column}_us`;
const instants = ['wait_until', 'due_at', 'opened_at', 'changed_at', 'closed_at'].map(us);
const columns = `c.id, c.tenant, c.account_id, c.queue, c.priority, c.state, c.assignee,
  c.is_overdue, c.alerts, c.outcome, c.pattern, c.entries, c.journal, ${instants.join(', ')}`;

const instantIn = (at: bigint | null): Instant | undefined =>
  at === null ? undefined : (Number(at) as Instant);

function caseOf(row: CaseRow): Case {
  return {
    id: idOf('cse', row.id),
    tenant: row.tenant,
    accountId: idOf('acc', row.account_id),
    queue: row.queue,
    priority: row.priority,
    state: row.state,
    assignee: row.assignee ?? undefined,
    waitUntil: instantIn(row.wait_until_us),
    dueAt: Number(row.due_at_us) as Instant,
    isOverdue: row.is_overdue,
    alerts: row.alerts,
    outcome: row.outcome ?? undefined,
    pattern: row.pattern ?? undefined,
    openedAt: Number(row.opened_at_us) as Instant,
    changedAt: Number(row.changed_at_us) as Instant,
    closedAt: instantIn(row.closed_at_us),
    entries: row.entries,
    journal: row.journal,
  };
}

const namesOfLists = `id, account_id, queue, priority, state, assignee, wait_until, due_at,
  is_overdue, alerts, outcome, pattern, opened_at, changed_at, closed_at, entries, journal`;

/** A row for each place in the lists. */
const rowsOfLists = `unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[],
  $7::timestamptz[], $8::timestamptz[], $9::boolean[], $10::int[], $11::text[], $12::text[],
  $13::timestamptz[], $14::timestamptz[], $15::timestamptz[], $16::int[], $17::bytea[])
  as r (${namesOfLists})`;

function listsOf(cases: readonly Case[]): Buffer[] {
  return [
    uuidArray(cases.map(({ id }) => uuidOf(id))),
    uuidArray(cases.map(({ accountId }) => uuidOf(accountId))),
    textArray(cases.map(({ queue }) => queue)),
    textArray(cases.map(({ priority }) => priority)),
    textArray(cases.map(({ state }) => state)),
    textArray(cases.map(({ assignee }) => assignee)),
    timestamptzArray(cases.map(({ waitUntil }) => waitUntil)),
    timestamptzArray(cases.map(({ dueAt }) => dueAt)),
    booleanArray(cases.map(({ isOverdue }) => isOverdue)),
    int4Array(cases.map(({ alerts }) => alerts)),
    textArray(cases.map(({ outcome }) => outcome)),
    textArray(cases.map(({ pattern }) => pattern)),
    timestamptzArray(cases.map(({ openedAt }) => openedAt)),
    timestamptzArray(cases.map(({ changedAt }) => changedAt)),
    timestamptzArray(cases.map(({ closedAt }) => closedAt)),
    int4Array(cases.map(({ entries }) => entries)),
    bytesArray(cases.map(({ journal }) => journal)),
  ];
}

export async function insertCases(tx: Transaction, cases: readonly Case[]): Promise<void> {
  if (cases.length === 0) return;
  await tx.query({
    name: 'fraud.insert_cases',
    text: `insert into fraud.cases (tenant, ${namesOfLists})
      select (select platform.tenant()), r.* from ${rowsOfLists}`,
    values: listsOf(cases),
  });
}

export async function updateCases(tx: Transaction, cases: readonly Case[]): Promise<void> {
  if (cases.length === 0) return;
  await tx.query({
    name: 'fraud.update_cases',
    text: `update fraud.cases c set queue = r.queue, priority = r.priority, state = r.state,
        assignee = r.assignee, wait_until = r.wait_until, due_at = r.due_at,
        is_overdue = r.is_overdue, alerts = r.alerts, outcome = r.outcome, pattern = r.pattern,
        changed_at = r.changed_at, closed_at = r.closed_at, entries = r.entries,
        journal = r.journal
      from ${rowsOfLists} where c.id = r.id`,
    values: listsOf(cases),
  });
}

/** Whether what failed is that an account would have had two cases under way. */
export function isSecondOfAccount(error: unknown): boolean {
  return violatedConstraint(error) === 'cases_of_account';
}

export async function selectCases(
  queryable: Queryable,
  ids: readonly CaseId[],
): Promise<(Case | undefined)[]> {
  if (ids.length === 0) return [];
  const rows = await queryable.query<CaseRow>({
    name: 'fraud.select_cases',
    text: `select ${columns} from fraud.cases c where c.id = any($1::uuid[])`,
    values: [ids.map(uuidOf)],
  });
  const byId = new Map(rows.map((row) => [row.id, caseOf(row)]));
  return ids.map((id) => byId.get(uuidOf(id)));
}

export async function lockCase(tx: Transaction, id: CaseId): Promise<Case | undefined> {
  const [row] = await tx.query<CaseRow>({
    name: 'fraud.lock_case',
    text: `select ${columns} from fraud.cases c where c.id = $1 for update`,
    values: [uuidOf(id)],
  });
  return row && caseOf(row);
}

/** Those that are not closed, in one order, so that nobody deadlocks who locks several. */
export async function lockCasesOf(
  tx: Transaction,
  accountIds: readonly AccountId[],
): Promise<Case[]> {
  const rows = await tx.query<CaseRow>({
    name: 'fraud.lock_cases_of_accounts',
    text: `select ${columns} from fraud.cases c
      where c.tenant = platform.tenant() and c.account_id = any($1::uuid[])
        and c.state <> 'closed'
      order by c.id for update`,
    values: [accountIds.map(uuidOf)],
  });
  return rows.map(caseOf);
}

/** Those of them that nobody else is at. */
export async function lockFreeCases(tx: Transaction, ids: readonly CaseId[]): Promise<Case[]> {
  if (ids.length === 0) return [];
  const rows = await tx.query<CaseRow>({
    name: 'fraud.lock_free_cases',
    text: `select ${columns} from fraud.cases c where c.id = any($1::uuid[])
      order by c.id for update skip locked`,
    values: [ids.map(uuidOf)],
  });
  return rows.map(caseOf);
}

export async function findOpenCase(
  queryable: Queryable,
  { tenant, accountId }: Pick<Case, 'tenant' | 'accountId'>,
): Promise<Case | undefined> {
  const [row] = await queryable.query<CaseRow>({
    text: `select ${columns} from fraud.cases c
      where c.tenant = $1 and c.account_id = $2 and c.state <> 'closed'`,
    values: [tenant, uuidOf(accountId)],
  });
  return row && caseOf(row);
}

/** The one that is due first of those that nobody works on, and that nobody claims just now. */
export async function lockNextCase(
  tx: Transaction,
  queue: string | undefined,
): Promise<Case | undefined> {
  const [row] = await tx.query<CaseRow>({
    name: 'fraud.lock_next_case',
    text: `select ${columns} from fraud.cases c
      where c.tenant = platform.tenant() and c.state = 'open'
        and ($1::text is null or c.queue = $1)
      order by c.due_at, c.id limit 1 for update skip locked`,
    values: [queue ?? null],
  });
  return row && caseOf(row);
}

/** The tenants that have a case whose wait is over, or that is due and was not told. */
export async function tenantsWithDueCases(queryable: Queryable, now: Instant): Promise<string[]> {
  const rows = await queryable.query<{ tenant: string }>({
    name: 'fraud.tenants_with_due_cases',
    text: `select c.tenant from fraud.cases c
      where c.state = 'waiting' and c.wait_until <= $1::timestamptz
      union
      select c.tenant from fraud.cases c
      where c.state in ('open', 'assigned') and not c.is_overdue and c.due_at <= $1::timestamptz
      order by tenant`,
    values: [formatInstant(now)],
  });
  return rows.map(({ tenant }) => tenant);
}

/** Whose wait is over, and who are due and were not told; others may be at some of them. */
export async function lockDueCases(
  tx: Transaction,
  what: 'waiting' | 'due',
  countMax: number,
): Promise<Case[]> {
  const fits =
    what === 'waiting'
      ? "c.state = 'waiting' and c.wait_until <= $1::timestamptz order by c.wait_until"
      : `c.state in ('open', 'assigned') and not c.is_overdue and c.due_at <= $1::timestamptz
          order by c.due_at`;
  const rows = await tx.query<CaseRow>({
    name: `fraud.lock_cases_${what}`,
    text: `select ${columns} from fraud.cases c where ${fits} limit $2 for update skip locked`,
    values: [formatInstant(tx.now), countMax],
  });
  return rows.map(caseOf);
}

export interface CaseFilter {
  readonly queue?: string | undefined;
  /** All that are not closed, unless given. */
  readonly state?: CaseState | undefined;
  readonly priority?: CasePriority | undefined;
  readonly assignee?: string | undefined;
  readonly accountId?: AccountId | undefined;
  readonly isOverdue?: boolean | undefined;
  readonly after?: { readonly dueAt: Instant; readonly id: CaseId } | undefined;
  readonly limit: number;
}

/** What is due first. */
export async function listCases(queryable: Queryable, filter: CaseFilter): Promise<Case[]> {
  const { queue, state, priority, assignee, accountId, isOverdue, after, limit } = filter;
  const rows = await queryable.query<CaseRow>({
    text: `select ${columns} from fraud.cases c
      where case when $1::text is null then c.state <> 'closed' else c.state = $1 end
        and ($2::text is null or c.queue = $2) and ($3::text is null or c.priority = $3)
        and ($4::text is null or c.assignee = $4) and ($5::uuid is null or c.account_id = $5)
        and ($6::boolean is null or c.is_overdue = $6)
        and ($7::timestamptz is null or (c.due_at, c.id) > ($7, $8::uuid))
      order by c.due_at, c.id limit $9`,
    values: [
      state ?? null,
      queue ?? null,
      priority ?? null,
      assignee ?? null,
      accountId === undefined ? null : uuidOf(accountId),
      isOverdue ?? null,
      after === undefined ? null : formatInstant(after.dueAt),
      after === undefined ? null : uuidOf(after.id),
      limit,
    ],
  });
  return rows.map(caseOf);
}

export interface QueueCount {
  readonly queue: string;
  readonly open: number;
  readonly assigned: number;
  readonly waiting: number;
  readonly overdue: number;
}

/** How many of each queue are not closed. */
export async function countQueues(queryable: Queryable): Promise<QueueCount[]> {
  return await queryable.query<QueueCount>({
    text: `select c.queue, (count(*) filter (where c.state = 'open'))::integer as open,
        (count(*) filter (where c.state = 'assigned'))::integer as assigned,
        (count(*) filter (where c.state = 'waiting'))::integer as waiting,
        (count(*) filter (where c.is_overdue))::integer as overdue
      from fraud.cases c where c.state <> 'closed' group by c.queue order by c.queue`,
  });
}

/** By id, for whoever walks over all of them. */
export async function casesAfter(
  queryable: Queryable,
  after: CaseId | undefined,
  countMax: number,
): Promise<Case[]> {
  const rows = await queryable.query<CaseRow>({
    name: 'fraud.cases_after',
    text: `select ${columns} from fraud.cases c
      where $1::uuid is null or c.id > $1 order by c.id limit $2`,
    values: [after === undefined ? null : uuidOf(after), countMax],
  });
  return rows.map(caseOf);
}
