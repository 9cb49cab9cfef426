// The HTTP operations on models: kept, run beside the champion, compared with it, and promoted by
// two people.

import {
  answer,
  defineOperation,
  idInCursor,
  pageOf,
  proposedAnswer,
  schema,
  transact,
  type Operation,
  type Route,
} from '#gateway';
import { limits } from '#config';
import { uuidOf, type Result } from '#kernel';
import { openContests, type ContestReport, type Contests } from '../contest/contest.ts';
import {
  addModel,
  noModel,
  promoteModel,
  readNewModel,
  retireModel,
  setChallenger,
  type Placed,
} from '../models.ts';
import type { RegistryRefusal } from '../refusals.ts';
import { findModel, listModels } from '../store/model-store.ts';
import {
  placeOf,
  registryPermissions as permissions,
  seen,
  tags,
  type RegistryEdge,
} from './edge.ts';
import { presentContest, presentModel } from './present.ts';
import * as shapes from './registry-schemas.ts';
import { promoting, retiring } from './second-person.ts';

export function modelRoutes(edge: RegistryEdge): Route[] {
  const at = '/v1/fraud/models';
  const one = `${at}/{id}`;
  const { read, configure } = permissions;
  const contests = openContests();
  return [
    { method: 'POST', path: at, permission: configure, operation: add(edge) },
    { method: 'GET', path: at, permission: read, operation: list(edge) },
    { method: 'GET', path: `${at}/contest`, permission: read, operation: contest(edge, contests) },
    { method: 'GET', path: one, permission: read, operation: readOne(edge) },
    {
      method: 'POST',
      path: `${one}/promote`,
      permission: configure,
      operation: promote(edge, contests),
    },
    { method: 'POST', path: `${one}/challenge`, permission: configure, operation: challenge(edge) },
    { method: 'POST', path: `${one}/retire`, permission: configure, operation: retire(edge) },
  ];
}

const fileRefusals = [
  'model_too_large',
  'model_unreadable',
  'model_version_unknown',
  'model_damaged',
  'model_features_differ',
  'drift_reference_malformed',
] as const;

function add(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'addFraudModel',
    summary: 'Keep a model',
    description:
      'It scores nothing until it is given a place, and never changes. A larger file than this ' +
      'takes is added at the command line.',
    tags,
    refusals: [...fileRefusals, 'model_exists'],
    bodyBytesMax: 2 * limits.fraudModelUploadBytesMax.value,
    schema: {
      body: shapes.newModel,
      response: { 201: { description: 'The model.', body: shapes.model } },
    },
    async handler(request) {
      const { content, drift } = request.body;
      const given = { content: Buffer.from(content, 'utf8'), drift };
      const read = readNewModel(edge.features, given);
      if (!read.ok) return read;
      return transact(edge, request, async (tx) => {
        const added = await addModel(tx, read.value);
        return added.ok ? answer(201, presentModel(added.value)) : added;
      });
    },
  });
}

const LIST = 'fraud_models';

function list(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'listFraudModels',
    summary: 'List models',
    description: 'The latest first, in use or not.',
    tags,
    schema: {
      query: schema.object(schema.pageQuery),
      response: { 200: { description: 'A page.', body: schema.pageOf(shapes.model) } },
    },
    async handler(request) {
      const { limit, cursor } = request.query;
      const { tenant, queryable } = seen(edge, request);
      const before = idInCursor(LIST, 'mdl', cursor);
      const found = await listModels(queryable, { tenant, before, limit: limit + 1 });
      const page = { list: LIST, found, limit, present: presentModel, place: placeOf };
      return answer(200, pageOf(page));
    },
  });
}

function readOne(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'readFraudModel',
    summary: 'Read what is known of a model',
    tags,
    refusals: ['model_unknown'],
    schema: {
      params: shapes.modelParams,
      response: { 200: { description: 'The model.', body: shapes.model } },
    },
    async handler(request) {
      const { id } = request.params;
      const { tenant, queryable } = seen(edge, request);
      const found = await findModel(queryable, tenant, uuidOf(id));
      return found === undefined ? noModel(id) : answer(200, presentModel(found));
    },
  });
}

function contest(edge: RegistryEdge, contests: Contests): Operation {
  return defineOperation({
    operationId: 'readModelContest',
    summary: 'Compare champion and challenger on what was decided',
    description:
      'By weeks in which both scored every payment, judged by what became known since. What has ' +
      'no label counts as genuine, so only weeks that ended long enough ago are looked at.',
    tags,
    refusals: ['contest_missing', 'contest_under_way', 'contest_too_large'],
    schema: {
      query: shapes.contestQuery,
      response: { 200: { description: 'The weeks, and the verdict.', body: shapes.contest } },
    },
    async handler(request) {
      const { tenant, queryable } = seen(edge, request);
      const { weeks } = request.query;
      const report = await contests.hold(queryable, { tenant, weeks, now: edge.clock.now() });
      return report.ok ? answer(200, presentContest(report.value)) : report;
    },
  });
}

function promote(edge: RegistryEdge, contests: Contests): Operation {
  return defineOperation({
    operationId: 'promoteFraudModel',
    summary: 'Make a model the champion',
    description:
      'Once a second person has approved. Where there is a champion, only its challenger can ' +
      'take its place, and only where it was better on the same weeks, or despite that.',
    tags,
    refusals: [
      'model_unknown',
      'model_in_place',
      'model_damaged',
      'model_not_better',
      'contest_too_large',
      'fraud_choice_changed',
    ],
    example: { instead_of: null, weeks: 4, despite: false, note: 'the first model' },
    schema: {
      params: shapes.modelParams,
      body: shapes.promotion,
      response: { 200: { description: 'The champion.', body: shapes.placed }, ...proposedAnswer },
    },
    approval: promoting,
    async handler(request) {
      const { instead_of: before, despite: isDespite = false, note } = request.body;
      const { weeks = shapes.CONTEST_WEEKS } = request.body;
      const { tenant, queryable } = seen(edge, request);
      const now = edge.clock.now();
      // What was decided is read before the transaction, which nobody else should wait for. Two
      // people have agreed to this, so it waits for whoever compares models just then.
      const compared =
        isDespite || before === null
          ? undefined
          : await contests.hold(queryable, { tenant, weeks, now }, true);
      if (isNotHeld(compared)) return compared;
      return transact(edge, request, async (tx) =>
        answered(
          await promoteModel(tx, edge.features, {
            id: request.params.id,
            insteadOf: before ?? undefined,
            contest: compared?.ok === true ? compared.value : undefined,
            isDespite,
            note,
          }),
        ),
      );
    },
  });
}

type Compared = Result<ContestReport, RegistryRefusal>;

/** Two that cannot be compared at all are for the verb to judge. */
function isNotHeld(
  compared: Compared | undefined,
): compared is Extract<Compared, { readonly ok: false }> {
  return compared?.ok === false && compared.refusal.code !== 'contest_missing';
}

function answered(placed: Result<Placed, RegistryRefusal>) {
  if (!placed.ok) return placed;
  const { model, revision } = placed.value;
  return answer(200, { model: presentModel(model), revision });
}

function challenge(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'challengeWithFraudModel',
    summary: 'Let a model score beside the champion',
    description: 'It decides nothing. It takes the place of the challenger before it.',
    tags,
    refusals: ['model_unknown', 'model_in_place', 'model_damaged'],
    schema: {
      params: shapes.modelParams,
      response: { 200: { description: 'The challenger.', body: shapes.placed } },
    },
    handler: async (request) =>
      transact(edge, request, async (tx) =>
        answered(await setChallenger(tx, edge.features, request.params.id)),
      ),
  });
}

function retire(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'retireFraudModel',
    summary: 'Take a model out of its place',
    description:
      'Once a second person has approved. Without a champion the rules decide alone; without a ' +
      'challenger nothing is compared.',
    tags,
    refusals: ['model_unknown', 'model_not_in_place'],
    isBodyOptional: true,
    schema: {
      params: shapes.modelParams,
      body: shapes.retirement,
      response: { 200: { description: 'The model.', body: shapes.placed }, ...proposedAnswer },
    },
    approval: retiring,
    handler: async (request) =>
      transact(edge, request, async (tx) =>
        answered(await retireModel(tx, request.params.id, request.body.note)),
      ),
  });
}
