import assert from 'node:assert/strict';
import { test } from 'node:test';
import { roles } from '#identity';
import type { Principal, Role } from '#identity';
import { actsOnGrants, authorise, challengeOf, isStaffFor } from './authorise.ts';
import { permissionTable, scopes, staffRoles } from './roles.ts';
import { principalOf } from './access-testing.ts';

/** As the table is written. */
function permissionsOf(role: Role): string[] {
  return Object.entries(permissionTable)
    .filter(([, { staff, granted, own }]) => [...staff, ...granted, ...own].includes(role))
    .map(([permission]) => permission);
}

const told = (principal: Principal, permission: string, areObjectsJudged = false): string => {
  const decision = authorise(principal, permission, areObjectsJudged);
  return decision.isAllowed ? decision.rule : `${decision.code} (${decision.rule})`;
};

test('each role is allowed what the table says and nothing else', () => {
  for (const role of roles) {
    const allowed = Object.keys(permissionTable).filter(
      (permission) => authorise(principalOf([role]), permission, true).isAllowed,
    );
    assert.deepEqual(allowed, permissionsOf(role), role);
  }
});

test('what the table does not name is allowed to nobody', () => {
  const everything = principalOf(roles);
  for (const permission of ['', 'public', 'ledger', 'toString', '__proto__', 'constructor']) {
    assert.equal(authorise(everything, permission, true).isAllowed, false, permission);
  }
});

test('who has no role is allowed nothing', () => {
  for (const permission of Object.keys(permissionTable)) {
    assert.equal(told(principalOf([]), permission, true), 'forbidden (role)');
  }
});

test('staff need two factors for everything that is not their own', () => {
  for (const role of staffRoles) {
    const weak = principalOf([role], { factors: 1 });
    for (const [permission, row] of Object.entries(permissionTable)) {
      if (!row.staff.includes(role)) continue;
      const expected = row.own.includes(role)
        ? `own ${role}`
        : `second_factor_required (factors ${role})`;
      assert.equal(told(weak, permission), expected, permission);
      assert.equal(isStaffFor(weak, permission), false);
      assert.equal(isStaffFor(principalOf([role]), permission), true);
    }
  }
});

test('a token is worth no more than its scopes', () => {
  const teller = (...given: string[]): Principal =>
    principalOf(['teller'], { scopes: new Set(given) });
  assert.equal(told(teller('accounts.read'), 'ledger.accounts.read'), 'staff teller');
  assert.equal(
    told(teller('accounts.read'), 'ledger.transfers.post'),
    'scope_missing (scope ledger.transfers.post)',
  );
  assert.equal(
    told(teller('openid', 'payments'), 'ledger.accounts.read').split(' ')[0],
    'scope_missing',
  );
  assert.equal(told(teller(), 'ledger.accounts.read').split(' ')[0], 'scope_missing');
  // A scope gives nothing that the roles do not.
  assert.equal(told(teller(...Object.keys(scopes)), 'audit.records.read'), 'forbidden (role)');
});

test('every permission can be had with some scope, and every scope is good for something', () => {
  const used = new Set(Object.values(permissionTable).flatMap((row) => row.scopes));
  assert.deepEqual([...used].toSorted(), Object.keys(scopes).toSorted());
  for (const [permission, row] of Object.entries(permissionTable)) {
    assert.ok(row.scopes.length > 0, permission);
    assert.ok(
      row.staff.every((role) => staffRoles.has(role)),
      permission,
    );
    assert.ok(
      row.granted.every((role) => !staffRoles.has(role)),
      permission,
    );
  }
});

test('customers and partners may use an operation only where its objects are judged', () => {
  for (const role of ['customer', 'partner'] as const) {
    assert.equal(told(principalOf([role]), 'ledger.accounts.read', true), `granted ${role}`);
    assert.equal(
      told(principalOf([role]), 'ledger.accounts.read'),
      `forbidden (all objects ${role})`,
    );
  }
});

test('one who is customer and staff with one factor acts as a customer', () => {
  const both: readonly Role[] = ['customer', 'teller'];
  const weak = principalOf(both, { factors: 1 });
  assert.equal(told(weak, 'ledger.accounts.read', true), 'granted customer');
  assert.equal(told(weak, 'ledger.accounts.read').split(' ')[0], 'second_factor_required');
  assert.equal(told(principalOf(both), 'ledger.accounts.read', true), 'staff teller');
});

test('what concerns the whole installation is for the first tenant alone', () => {
  const wide = Object.keys(permissionTable).filter((name) =>
    /^(audit|access\.(plans|legacy|signatures))\./.test(name),
  );
  assert.equal(wide.length, 11);
  for (const [permission, row] of Object.entries(permissionTable)) {
    assert.equal(row.isInstallationWide, wide.includes(permission), permission);
    for (const role of roles) {
      const own = authorise(principalOf([role]), permission, true);
      const foreign = authorise(principalOf([role], { tenant: 'other' }), permission, true);
      const expected = own.isAllowed && !row.isInstallationWide;
      assert.equal(foreign.isAllowed, expected, `${role} ${permission}`);
    }
  }
});

test('only who is not staff for something acts on grants', () => {
  const read = 'ledger.accounts.read';
  assert.equal(actsOnGrants(principalOf(['customer']), read), true);
  assert.equal(actsOnGrants(principalOf(['customer', 'teller']), read), false);
  assert.equal(actsOnGrants(principalOf(['customer', 'teller'], { factors: 1 }), read), true);
  assert.equal(actsOnGrants(principalOf(['teller']), read), false);
});

test('nobody may both propose a payment and approve one by one role', () => {
  for (const role of roles) {
    const allowed = permissionsOf(role);
    const isBoth =
      allowed.includes('access.approvals.decide') && allowed.includes('ledger.transfers.post');
    assert.equal(isBoth, false, role);
  }
});

test('a no tells the client what would help', () => {
  const weak = authorise(principalOf(['teller'], { factors: 1 }), 'ledger.accounts.read', true);
  assert.ok(!weak.isAllowed);
  assert.match(challengeOf(weak) ?? '', /insufficient_user_authentication.*urn:florin:acr:2/);
  const narrow = principalOf(['teller'], { scopes: new Set() });
  const missing = authorise(narrow, 'ledger.accounts.read', true);
  assert.ok(!missing.isAllowed);
  assert.match(challengeOf(missing) ?? '', /insufficient_scope/);
  const never = authorise(principalOf([]), 'ledger.accounts.read', true);
  assert.ok(!never.isAllowed);
  assert.equal(challengeOf(never), undefined);
});
