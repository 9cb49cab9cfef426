// The HTTP operations on policies, and on what is in force as a whole.

import {
  answer,
  defineOperation,
  proposedAnswer,
  transact,
  type Operation,
  type Route,
} from '#gateway';
import { readInForce } from '../store/in-force.ts';
import { putPolicy } from '../policies.ts';
import { namesOf } from '../read.ts';
import { policiesAt } from '../store/policy-store.ts';
import { findRevision } from '../store/revision-store.ts';
import { registryPermissions as permissions, seen, tags, type RegistryEdge } from './edge.ts';
import { presentedUsualPolicy, presentModel, presentPolicy, presentRuleSet } from './present.ts';
import * as shapes from './registry-schemas.ts';
import { puttingPolicy } from './second-person.ts';

export function policyRoutes(edge: RegistryEdge): Route[] {
  const at = '/v1/fraud/policies';
  const { read, configure } = permissions;
  return [
    {
      method: 'GET',
      path: '/v1/fraud/configuration',
      permission: read,
      operation: readConfiguration(edge),
    },
    { method: 'GET', path: at, permission: read, operation: list(edge) },
    { method: 'POST', path: at, permission: configure, operation: put(edge) },
  ];
}

function readConfiguration(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'readScreeningConfiguration',
    summary: 'Read what screening runs by',
    description: 'A rule_set of null is the starter, which is in force until one is activated.',
    tags,
    schema: {
      response: { 200: { description: 'What is in force.', body: shapes.configuration } },
    },
    async handler(request) {
      const { tenant, queryable } = seen(edge, request);
      const { ruleSet, champion, challenger, ...now } = await readInForce(queryable, tenant);
      return answer(200, {
        revision: now.revision,
        rule_set: ruleSet === undefined ? null : presentRuleSet(ruleSet),
        champion: champion === undefined ? null : presentModel(champion),
        challenger: challenger === undefined ? null : presentModel(challenger),
        list_entries: now.listEntries,
        feature_set: edge.features.version,
        features: namesOf(edge.features),
      });
    },
  });
}

function list(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'listScreeningPolicies',
    summary: 'List what products ask of screening',
    description: 'With the policy of all products that have none of their own.',
    tags,
    schema: {
      response: { 200: { description: 'All of them.', body: shapes.policies } },
    },
    async handler(request) {
      const { tenant, queryable } = seen(edge, request);
      const { revision } = await findRevision(queryable, tenant);
      const found = await policiesAt(queryable, { tenant, revision });
      const isSaid = found.some(({ product }) => product === undefined);
      const data = found.map(presentPolicy);
      return answer(200, { data: isSaid ? data : [...data, presentedUsualPolicy] });
    },
  });
}

function put(edge: RegistryEdge): Operation {
  return defineOperation({
    operationId: 'putScreeningPolicy',
    summary: 'Say what a product asks of screening',
    description: 'Once a second person has approved; from about a second later on.',
    tags,
    refusals: ['policy_product_unknown'],
    example: { product: 'current', is_screened: true, on_failure: 'closed', deadline_us: 5_000 },
    schema: {
      body: shapes.policyBody,
      response: { 200: { description: 'The policy.', body: shapes.policy }, ...proposedAnswer },
    },
    approval: puttingPolicy,
    handler: async (request) =>
      transact(edge, request, async (tx) => {
        const { product, ...body } = request.body;
        const policy = await putPolicy(tx, {
          product: product ?? undefined,
          isScreened: body.is_screened,
          onFailure: body.on_failure,
          deadlineUs: body.deadline_us,
        });
        return policy.ok ? answer(200, presentPolicy(policy.value)) : policy;
      }),
  });
}
