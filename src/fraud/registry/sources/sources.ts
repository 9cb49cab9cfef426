// What the registry offers so that the audit log can be shown to be complete: every rule set,
// model, choice, policy and change of the lists has the record of its making, which says what the
// rows still say.

import { canonical, statementOfNew, type JsonObject, type ReconcileSource } from '#audit';
import { formatInstant, idOf, isId, uuidOf, type Instant, type Uuid } from '#kernel';
import type { Queryable } from '#platform';
import {
  digestOfChange,
  factsOfChoice,
  factsOfListChange,
  factsOfModel,
  factsOfPolicy,
  factsOfRuleSet,
} from '../facts.ts';
import type { Place } from '../store/choice-store.ts';
import type { ListChange } from '../store/list-store.ts';
import type { StoredPolicy } from '../store/policy-store.ts';
import {
  entriesOfChange,
  sourceIds,
  sourceRows,
  type SourceRow,
  type SourceTable,
} from './source-store.ts';

const BATCH_ROWS = 500;

interface Made<Row> {
  readonly name: string;
  readonly action: string;
  readonly table: SourceTable;
  readonly prefix: string;
  readonly factsOf: (row: Row, queryable: Queryable) => JsonObject | Promise<JsonObject>;
}

/** Of rows that are made once and never change. */
function sourceOf<Row extends SourceRow>(made: Made<Row>): ReconcileSource {
  const { name, action, table, prefix, factsOf } = made;
  return {
    name,
    retention: 'books',
    actions: [action],
    async *rows(queryable) {
      let after: Uuid | undefined;
      for (;;) {
        const rows = await sourceRows<Row>(queryable, table, { after, limit: BATCH_ROWS });
        const last = rows.at(-1);
        if (last === undefined) return;
        after = last.id;
        const facts = [];
        for (const row of rows) {
          const text = `${action} ${canonical(await factsOf(row, queryable))}`;
          facts.push({ target: idOf(prefix, row.id), at: timeOf(row), text });
        }
        yield { rows: rows.length, facts, at: timeOf(last) };
      }
    },
    async existing(queryable, targets) {
      const ids = targets.flatMap((target) => (isId(prefix, target) ? uuidOf(target) : []));
      const found = await sourceIds(queryable, table, ids);
      return new Set(found.map((id) => idOf(prefix, id)));
    },
    statementOf: statementOfNew,
  };
}

function timeOf({ made_at_us: madeAt }: SourceRow): string {
  return formatInstant(Number(madeAt) as Instant);
}

type RuleSetRow = SourceRow & Parameters<typeof factsOfRuleSet>[0];
type ModelRow = SourceRow & Parameters<typeof factsOfModel>[0];
type ChoiceRow = SourceRow & {
  readonly tenant: string;
  readonly place: Place;
  readonly revision: bigint;
  readonly chosen: Uuid | null;
  readonly note: string | null;
};
type PolicyRow = SourceRow &
  Pick<StoredPolicy, 'tenant' | 'isScreened' | 'onFailure' | 'deadlineUs'> & {
    readonly product: string | null;
    readonly revision: bigint;
  };
type ListChangeRow = SourceRow &
  Pick<ListChange, 'tenant' | 'purpose' | 'put' | 'taken'> & { readonly revision: bigint };

const ruleSets = sourceOf<RuleSetRow>({
  name: 'rule set',
  action: 'fraud.rule_set.create',
  table: 'rule_sets',
  prefix: 'rls',
  factsOf: factsOfRuleSet,
});

const models = sourceOf<ModelRow>({
  name: 'fraud model',
  action: 'fraud.model.create',
  table: 'models',
  prefix: 'mdl',
  factsOf: factsOfModel,
});

const choices = sourceOf<ChoiceRow>({
  name: 'choice of a rule set or model',
  action: 'fraud.choice.make',
  table: 'choices',
  prefix: 'fch',
  factsOf: ({ revision, chosen, note, ...row }) =>
    factsOfChoice({
      ...row,
      revision: Number(revision),
      chosen: chosen ?? undefined,
      note: note ?? undefined,
    }),
});

const policies = sourceOf<PolicyRow>({
  name: 'screening policy',
  action: 'fraud.policy.put',
  table: 'policies',
  prefix: 'fpl',
  factsOf: ({ product, revision, ...row }) =>
    factsOfPolicy({ ...row, product: product ?? undefined, revision: Number(revision) }),
});

const listChanges = sourceOf<ListChangeRow>({
  name: 'change of a list',
  action: 'fraud.list.change',
  table: 'list_changes',
  prefix: 'flc',
  async factsOf({ revision, ...row }, queryable) {
    const { tenant, purpose } = row;
    const { put, taken } = await entriesOfChange(queryable, { tenant, revision, purpose });
    const entries = put.map(({ until, ...entry }) => ({ ...entry, until: until ?? undefined }));
    const change = { ...row, revision: Number(revision) };
    return factsOfListChange(change, digestOfChange(entries, taken));
  },
});

/** The tables of the registry, for whoever verifies that the audit log is complete. */
export const registrySources: readonly ReconcileSource[] = [
  ruleSets,
  models,
  choices,
  policies,
  listChanges,
];
