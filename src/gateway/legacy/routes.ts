// The HTTP operations on the existing core: its rules, made, moved and removed, and samples of
// answers that differed. They are for whoever operates the installation.
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { formatInstant, instantOf } from '#kernel';
import type { Clock } from '#kernel';
import type { Database } from '#platform';
import { badCursor, pageOf, readCursor } from '../cursor.ts';
import { contextOf } from '../intake/caller.ts';
import { answer, defineOperation } from '../routes.ts';
import type { Operation, Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { selectDifferences } from './difference-store.ts';
import type { DifferenceSample, LegacyDifferenceId } from './difference-store.ts';
import type { Legacy } from './legacy.ts';
import { cores, legacyModes, ruleMethods } from './rule.ts';
import type { LegacyRule } from './rule.ts';
import { addRule, changeRule, removeRule } from './rules.ts';
import { selectRules } from './rule-store.ts';

export interface LegacyEdge {
  readonly database: Database;
  readonly clock: Clock;
  readonly limits: { readonly legacyRulesMax: number };
  /** Told of changes, so that this process goes by them at once. */
  readonly legacy: Pick<Legacy, 'refresh'>;
}

/** Names of permissions. */
export const legacyPermissions = {
  read: 'access.legacy.read',
  write: 'access.legacy.write',
  /** To use a path that only the other core knows. */
  use: 'legacy.use',
} as const;

const tags = ['legacy'];
const at = '/v1/access/legacy';

const terms = {
  position: Type.Integer({
    minimum: 1,
    maximum: 1_000_000,
    description: 'rules are asked in this order, and the first that a request meets decides',
  }),
  path: schema.text(300, {
    description: 'as /v1/cards/{id}, or /v1/cards/* for all that is under it',
    pattern: '^/[A-Za-z0-9._~:{}*/-]*$',
  }),
  mode: schema.choice(legacyModes, {
    description: 'who answers; in a shadow both answer reads, and the answers are compared',
  }),
  method: Type.Optional(schema.orNull(schema.choice(ruleMethods))),
  tenant: Type.Optional(schema.orNull(schema.text(100, { description: 'every tenant if null' }))),
  percent: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      description: 'of a hundred customers so many, always the same; 100 unless given',
    }),
  ),
  answered_by: Type.Optional(
    schema.choice(cores, {
      description: 'in a shadow: whom the caller hears; legacy unless given',
    }),
  ),
  ignored: Type.Optional(
    Type.Array(schema.text(500), {
      maxItems: 100,
      description: 'places that may differ: /data/*/recorded_at, header:content-type, status',
    }),
  ),
};

const ruleId = schema.idText('lgr');
const ruleParams = schema.object({ id: ruleId });
const newRule = schema.object(terms, { title: 'NewLegacyRule' });
const ruleChange = schema.object(
  {
    ...Object.fromEntries(Object.entries(terms).map(([name, type]) => [name, Type.Optional(type)])),
    revision: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 2_147_483_647,
        description: 'refused where the rule has another by now',
      }),
    ),
  },
  { title: 'LegacyRuleChange' },
);

const rule = schema.object(
  {
    id: ruleId,
    position: Type.Integer(),
    method: schema.orNull(schema.choice(ruleMethods)),
    path: schema.text(300),
    tenant: schema.orNull(schema.text(100)),
    percent: Type.Integer(),
    mode: schema.choice(legacyModes),
    answered_by: schema.choice(cores),
    ignored: Type.Array(schema.text(500), { maxItems: 100 }),
    revision: Type.Integer(),
    changed_at: schema.instantText(),
  },
  { title: 'LegacyRule' },
);

const difference = schema.object(
  {
    id: schema.idText('lgd'),
    rule_id: ruleId,
    method: schema.text(10),
    path: schema.text(2_000),
    request_id: schema.text(100),
    findings: Type.Array(
      schema.object({
        place: Type.String({ maxLength: 10_000 }),
        kind: schema.choice(['value', 'type', 'absent_here', 'absent_there'] as const),
      }),
      { maxItems: 50 },
    ),
    at: schema.instantText(),
  },
  { title: 'LegacyDifference' },
);

export function legacyRoutes(edge: LegacyEdge): Route[] {
  const { read, write } = legacyPermissions;
  const rules = `${at}/rules`;
  const one = `${rules}/{id}`;
  return [
    { method: 'GET', path: rules, permission: read, operation: listRules(edge) },
    { method: 'POST', path: rules, permission: write, operation: add(edge) },
    { method: 'PATCH', path: one, permission: write, operation: change(edge) },
    { method: 'DELETE', path: one, permission: write, operation: remove(edge) },
    { method: 'GET', path: `${at}/differences`, permission: read, operation: differences(edge) },
  ];
}

function listRules({ database }: LegacyEdge): Operation {
  return defineOperation({
    operationId: 'listLegacyRules',
    summary: 'List the rules that point routes to the existing core',
    description: 'All there are, in the order in which they are asked.',
    tags,
    schema: { response: { 200: { description: 'The rules.', body: schema.pageOf(rule) } } },
    async handler() {
      const rules = await selectRules(database);
      return answer(200, { data: rules.map(present), has_more: false, next_cursor: null });
    },
  });
}

function add({ database, clock, limits, legacy }: LegacyEdge): Operation {
  return defineOperation({
    operationId: 'addLegacyRule',
    summary: 'Point routes to the existing core',
    description: 'In force in every process within about a second.',
    tags,
    refusals: ['legacy_rule_invalid', 'legacy_position_taken', 'legacy_rules_full'],
    example: { position: 10, path: '/v1/cards/*', mode: 'legacy', percent: 100 },
    schema: { body: newRule, response: { 201: { description: 'The rule.', body: rule } } },
    async handler(request) {
      const { position, path, mode, percent = 100, ignored = [] } = request.body;
      const { method, tenant, answered_by: answeredBy } = request.body;
      const wanted = { position, path, mode, percent, ignored, answeredBy };
      const context = contextOf(clock, request);
      const added = await database.transaction(context, (tx) =>
        addRule(
          tx,
          { ...wanted, method: method ?? undefined, tenant: tenant ?? undefined },
          { rulesMax: limits.legacyRulesMax },
        ),
      );
      if (!added.ok) return added;
      await legacy.refresh();
      return answer(201, present(added.value));
    },
  });
}

type GivenTerms = Partial<Static<typeof newRule>> & { readonly revision?: number };

function change({ database, clock, legacy }: LegacyEdge): Operation {
  return defineOperation({
    operationId: 'changeLegacyRule',
    summary: 'Move routes over to a core, or back',
    description: 'What is not given stays. In force in every process within about a second.',
    tags,
    refusals: [
      'legacy_rule_unknown',
      'legacy_rule_invalid',
      'legacy_rule_changed',
      'legacy_position_taken',
    ],
    example: { mode: 'here', percent: 10 },
    schema: {
      params: ruleParams,
      body: ruleChange,
      response: { 200: { description: 'The rule.', body: rule } },
    },
    async handler(request) {
      const { answered_by: answeredBy, method, tenant, ...rest } = request.body as GivenTerms;
      const given = {
        ...rest,
        ...(method === undefined ? {} : { method: method ?? undefined }),
        ...(tenant === undefined ? {} : { tenant: tenant ?? undefined }),
        ...(answeredBy === undefined ? {} : { answeredBy }),
      };
      const context = contextOf(clock, request);
      const changed = await database.transaction(context, (tx) =>
        changeRule(tx, request.params.id, given),
      );
      if (!changed.ok) return changed;
      await legacy.refresh();
      return answer(200, present(changed.value));
    },
  });
}

function remove({ database, clock, legacy }: LegacyEdge): Operation {
  return defineOperation({
    operationId: 'removeLegacyRule',
    summary: 'Remove a rule of the existing core',
    tags,
    refusals: ['legacy_rule_unknown'],
    schema: { params: ruleParams, response: { 204: { description: 'It is removed.' } } },
    async handler(request) {
      const context = contextOf(clock, request);
      const removed = await database.transaction(context, (tx) =>
        removeRule(tx, request.params.id),
      );
      if (!removed.ok) return removed;
      await legacy.refresh();
      return { status: 204 };
    },
  });
}

const LIST = 'legacy.differences';

function differences({ database }: LegacyEdge): Operation {
  return defineOperation({
    operationId: 'listLegacyDifferences',
    summary: 'List where answers of the two cores differed',
    description:
      'Samples, newest first: the places and the kinds of differences. What the values were is ' +
      'shown on the server only ("florin legacy differences --values").',
    tags,
    schema: {
      query: schema.object(schema.pageQuery),
      response: { 200: { description: 'The samples.', body: schema.pageOf(difference) } },
    },
    async handler({ query }) {
      const { limit, cursor } = query;
      const before = cursor === undefined ? undefined : placeOf(cursor);
      const found = await selectDifferences(database, { limit: limit + 1, before });
      return answer(
        200,
        pageOf({
          list: LIST,
          found,
          limit,
          present: presentDifference,
          place: (last) => [last.at, last.id],
        }),
      );
    },
  });
}

function placeOf(cursor: string) {
  const [us, id] = readCursor(LIST, cursor);
  const when = typeof us === 'number' ? instantOf(us) : undefined;
  if (when === undefined || typeof id !== 'string' || !/^lgd_[0-9a-f-]{36}$/.test(id)) {
    throw badCursor();
  }
  return { at: when, id: id as LegacyDifferenceId };
}

function present(found: LegacyRule): object {
  const { id, position, method, path, tenant, percent, mode, ignored, revision } = found;
  return {
    id,
    position,
    method: method ?? null,
    path,
    tenant: tenant ?? null,
    percent,
    mode,
    answered_by: found.answeredBy,
    ignored,
    revision,
    changed_at: formatInstant(found.changedAt),
  };
}

function presentDifference(sample: DifferenceSample): object {
  const { id, ruleId: rule_id, method, path, requestId: request_id, findings } = sample;
  return { id, rule_id, method, path, request_id, findings, at: formatInstant(sample.at) };
}
