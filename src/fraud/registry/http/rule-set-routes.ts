// The HTTP operations on rule sets: checked, kept, read, and put in force by two people.

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
import { uuidOf } from '#kernel';
import { parseRuleSet } from '../../rules/parse.ts';
import { namesOf } from '../read.ts';
import { activateRuleSet, createRuleSet, noRuleSet } from '../rule-sets.ts';
import { starterRules } from '../starter-rules.ts';
import { findRuleSet, listRuleSets } from '../store/rule-set-store.ts';
import {
  placeOf,
  registryPermissions as permissions,
  seen,
  tags,
  type RegistryEdge,
} from './edge.ts';
import { presentRuleSet } from './present.ts';
import * as shapes from './registry-schemas.ts';
import { activating } from './second-person.ts';

export function ruleSetRoutes(edge: RegistryEdge): Route[] {
  const at = '/v1/fraud/rule-sets';
  const one = `${at}/{id}`;
  const { read, configure } = permissions;
  return [
    { method: 'POST', path: `${at}/check`, permission: read, operation: check(edge) },
    { method: 'POST', path: at, permission: configure, operation: create(edge) },
    { method: 'GET', path: at, permission: read, operation: list(edge) },
    { method: 'GET', path: one, permission: read, operation: readOne(edge) },
    { method: 'POST', path: `${one}/activate`, permission: configure, operation: activate(edge) },
  ];
}

const example = { source: JSON.stringify({ ...starterRules, version: 7 }) };

function check(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'checkRuleSet',
    summary: 'Say everything that is wrong with a rule set',
    description: 'Nothing is kept.',
    tags,
    bodyBytesMax: shapes.RULE_SET_BODY_BYTES_MAX,
    isIdempotentByNature: true,
    example,
    schema: {
      body: shapes.ruleSetSource,
      response: { 200: { description: 'The faults.', body: shapes.ruleSetCheck } },
    },
    handler(request) {
      const parsed = parseRuleSet(request.body.source, namesOf(edge.features));
      const faults = parsed.ok ? [] : parsed.refusal.faults;
      return Promise.resolve(answer(200, { faults }));
    },
  });
}

function create(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'createRuleSet',
    summary: 'Keep a rule set',
    description: 'It decides nothing until it is activated, and never changes.',
    tags,
    refusals: ['rule_set_malformed', 'rule_set_exists'],
    bodyBytesMax: shapes.RULE_SET_BODY_BYTES_MAX,
    example,
    schema: {
      body: shapes.ruleSetSource,
      response: { 201: { description: 'The rule set.', body: shapes.ruleSet } },
    },
    handler: async (request) =>
      transact(edge, request, async (tx) => {
        const created = await createRuleSet(tx, edge.features, request.body.source);
        return created.ok ? answer(201, presentRuleSet(created.value)) : created;
      }),
  });
}

const LIST = 'fraud_rule_sets';

function list(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'listRuleSets',
    summary: 'List rule sets',
    description: 'The latest first, in force or not.',
    tags,
    schema: {
      query: schema.object(schema.pageQuery),
      response: { 200: { description: 'A page.', body: schema.pageOf(shapes.ruleSet) } },
    },
    async handler(request) {
      const { limit, cursor } = request.query;
      const { tenant, queryable } = seen(edge, request);
      const before = idInCursor(LIST, 'rls', cursor);
      const found = await listRuleSets(queryable, { tenant, before, limit: limit + 1 });
      const page = { list: LIST, found, limit, present: presentRuleSet, place: placeOf };
      return answer(200, pageOf(page));
    },
  });
}

function readOne(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'readRuleSet',
    summary: 'Read a rule set, with its rules',
    tags,
    refusals: ['rule_set_unknown'],
    schema: {
      params: shapes.ruleSetParams,
      response: { 200: { description: 'The rule set.', body: shapes.ruleSetWithSource } },
    },
    async handler(request) {
      const { id } = request.params;
      const { tenant, queryable } = seen(edge, request);
      const found = await findRuleSet(queryable, tenant, uuidOf(id));
      if (found === undefined) return noRuleSet(id);
      return answer(200, { ...presentRuleSet(found), source: found.source });
    },
  });
}

function activate(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'activateRuleSet',
    summary: 'Put a rule set in force',
    description:
      'For every event from about a second later on, in all servers, once a second person has ' +
      'approved. It is refused where another set is in force by then than the one named.',
    tags,
    refusals: [
      'rule_set_unknown',
      'rule_set_in_force',
      'rule_set_malformed',
      'fraud_choice_changed',
    ],
    example: { instead_of: 0, note: 'limits agreed on in May' },
    schema: {
      params: shapes.ruleSetParams,
      body: shapes.activation,
      response: {
        200: { description: 'The rule set in force.', body: shapes.activated },
        ...proposedAnswer,
      },
    },
    approval: activating,
    handler: async (request) =>
      transact(edge, request, async (tx) => {
        const { instead_of: insteadOf, note } = request.body;
        const asked = { id: request.params.id, insteadOf, note };
        const done = await activateRuleSet(tx, edge.features, asked);
        if (!done.ok) return done;
        const { ruleSet, revision } = done.value;
        return answer(200, { rule_set: presentRuleSet(ruleSet), revision });
      }),
  });
}
