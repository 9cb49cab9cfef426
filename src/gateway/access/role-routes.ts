// The HTTP operations on roles: what each allows, who has which, and giving others, which one
// person alone never does. A person of another tenant does not exist.

import { Type } from 'typebox';
import { roles, setRoles } from '#identity';
import type { Person } from '#identity';
import { refuse } from '#kernel';
import type { ApprovalRule } from '../approvals/approval.ts';
import { proposedAnswer } from '../approvals/present.ts';
import { transact } from '../idempotency/transact.ts';
import { contextOf } from '../intake/caller.ts';
import { answer, defineOperation } from '../routes.ts';
import type { EdgeRequest, Operation, Route } from '../routes.ts';
import * as schema from '../schema.ts';
import { requirePerson } from './directory/people-routes.ts';
import { requirePrincipal } from './grants/grant-routes.ts';
import type { AccessEdge } from './grants/grant-routes.ts';
import { permissionTable, scopes, staffRoles } from './roles.ts';

const name = schema.text(100);
const names = Type.Array(name, { maxItems: 1_000 });

const roleTable = schema.object(
  {
    roles: Type.Array(
      schema.object({
        role: schema.choice(roles),
        is_staff: Type.Boolean(),
        permissions: names,
        permissions_on_granted_objects: names,
        permissions_on_own: names,
      }),
      { maxItems: 100 },
    ),
    scopes: Type.Array(
      schema.object({ scope: name, meaning: schema.text(200), permissions: names }),
      { maxItems: 100 },
    ),
  },
  { title: 'RoleTable' },
);

const params = schema.object({ id: schema.idText('usr') });
const customer = schema.text(200, { pattern: '^[!-~]+$' });
const given = Type.Array(schema.choice(roles), { minItems: 1, maxItems: 7, uniqueItems: true });
const newRoles = schema.object({ roles: given, customer: Type.Optional(customer) });
const personRoles = schema.object(
  {
    id: schema.idText('usr'),
    status: schema.text(40),
    roles: Type.Array(schema.choice(roles), { maxItems: 100 }),
    customer: schema.orNull(customer),
  },
  { title: 'PersonRoles' },
);

export function roleRoutes(edge: AccessEdge): Route[] {
  const path = '/v1/access/people/{id}/roles';
  const [permission, write] = ['access.roles.read', 'access.roles.write'];
  return [
    { method: 'GET', path: '/v1/access/roles', permission, operation: listRoles() },
    { method: 'GET', path, permission, operation: readRoles(edge) },
    { method: 'PUT', path, permission: write, operation: changeRoles(edge) },
  ];
}

function readRoles(edge: AccessEdge): Operation {
  return defineOperation({
    operationId: 'readPersonRoles',
    summary: 'Read the roles of a person',
    tags: ['access'],
    refusals: ['person_unknown'],
    schema: { params, response: { 200: { description: 'The roles.', body: personRoles } } },
    async handler(request) {
      const found = await edge.database.transaction(contextOf(edge.clock, request), (tx) =>
        requirePerson(tx, request, request.params.id),
      );
      return found.ok ? answer(200, presentPerson(found.value)) : found;
    },
  });
}

/** Each change of roles needs a second person, and never the one who would have them. */
const approval: ApprovalRule<EdgeRequest> = {
  when: () => true,
  what({ params: path, body }) {
    const { id } = path as { readonly id: string };
    const { roles: wanted } = body as { readonly roles: readonly string[] };
    return { summary: `${id} would have the roles ${wanted.join(', ')}.`, beneficiaries: [id] };
  },
};

function changeRoles(edge: AccessEdge): Operation {
  const operation = defineOperation({
    operationId: 'changePersonRoles',
    summary: 'Change the roles of a person',
    description: 'Replaces them, once a second person approved it; tokens of the old ones end.',
    tags: ['access'],
    refusals: [
      'roles_of_oneself',
      'roles_invalid',
      'customer_invalid',
      'person_unknown',
      'person_erased',
      'last_administrator',
    ],
    example: { roles: ['teller'] },
    schema: {
      params,
      body: newRoles,
      response: { 200: { description: 'The roles.', body: personRoles }, ...proposedAnswer },
    },
    handler(request) {
      const { id } = request.params;
      const asked = request.body;
      return transact(edge, request, async (tx) => {
        if (requirePrincipal(request.principal).subject === id) {
          const message = 'You cannot change your own roles.';
          return refuse({ code: 'roles_of_oneself', message, param: 'id' });
        }
        const before = await requirePerson(tx, request, id);
        if (!before.ok) return before;
        const person = before.value.id;
        const changed = await setRoles(tx, { person, ...asked });
        if (!changed.ok) return changed;
        const after = await requirePerson(tx, request, id);
        return after.ok ? answer(200, presentPerson(after.value)) : after;
      });
    },
  });
  const guarded = { ...operation, approval };
  return guarded;
}

function presentPerson(person: Person): object {
  const { id, status, roles: has, customer: actsFor = null } = person;
  return { id, status, roles: has, customer: actsFor };
}

function listRoles(): Operation {
  return defineOperation({
    operationId: 'listRoles',
    summary: 'List what roles and scopes allow',
    tags: ['access'],
    schema: { response: { 200: { description: 'The table.', body: roleTable } } },
    handler: () => Promise.resolve(answer(200, presentTable())),
  });
}

function presentTable(): object {
  const rows = Object.entries(permissionTable);
  const allowed = (has: (row: (typeof rows)[number][1]) => boolean): string[] =>
    rows.filter(([, row]) => has(row)).map(([permission]) => permission);
  return {
    roles: roles.map((role) => ({
      role,
      is_staff: staffRoles.has(role),
      permissions: allowed(({ staff }) => staff.includes(role)),
      permissions_on_granted_objects: allowed(({ granted }) => granted.includes(role)),
      permissions_on_own: allowed(({ own }) => own.includes(role)),
    })),
    scopes: Object.entries(scopes).map(([scope, meaning]) => ({
      scope,
      meaning,
      permissions: allowed((row) => row.scopes.some((each) => each === scope)),
    })),
  };
}
