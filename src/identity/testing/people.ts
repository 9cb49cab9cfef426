// What tests of people share: a database of their own, a clock that the test sets, passwords that
// cost little, and a person who is complete in one call.

import assert from 'node:assert/strict';
import { manualClock, parseInstant, type Instant, type ManualClock } from '#kernel';
import {
  newTotpSecret,
  openPasswordHasher,
  totpAt,
  type Database,
  type PasswordHasher,
  type TransactionContext,
} from '#platform';
import { leavesInOrder } from '../../audit/testing/leaves.ts';
import { testDatabase } from '../../platform/database/testing.ts';
import { addTotp } from '../factors/enrol.ts';
import { acceptInvitation, findInvitation, securePerson } from '../people/acceptance.ts';
import { invitePerson } from '../people/invitation.ts';
import type { PersonId } from '../people/person.ts';
import type { Role } from '../principal.ts';

export const GOOD_PASSWORD = 'vexed ocelot tramway';

export interface TestPeople {
  readonly database: Database;
  /** As the owner. */
  readonly url: string;
  readonly clock: ManualClock;
  readonly hasher: PasswordHasher;
  context(actor?: string): TransactionContext;
  /** Somebody who has accepted an invitation, with an authenticator application if staff. */
  person(login: string, roles?: readonly Role[]): Promise<TestPerson>;
  /** Records of an action, as JSON, oldest first. */
  records(action: string): Promise<Readonly<Record<string, unknown>>[]>;
  close(): Promise<void>;
}

export interface TestPerson {
  readonly id: PersonId;
  readonly login: string;
  readonly secret: Buffer;
  /** The code the application shows now. */
  code(): string;
}

const BEGINNING = parseInstant('2026-11-21T20:00:00Z') as Instant;

export async function testPeople(name: string): Promise<TestPeople> {
  const test = await testDatabase(name);
  const { database, url } = test;
  const clock = manualClock(BEGINNING);
  const cost = { costLog2: 10, blockSize: 8, parallelism: 1 };
  const hasher = openPasswordHasher({ cost, atOnceMax: 2, waitingMax: 1_000 });
  const context = (actor = 'test'): TransactionContext => ({
    now: clock.now(),
    actor,
    correlationId: 'test',
  });
  const world = { database, hasher };

  const person = async (login: string, roles: readonly Role[] = ['teller']) => {
    const isCustomer = roles.includes('customer');
    const customer = isCustomer ? `cus_${login}` : undefined;
    const invited = await database.transaction(context(), (tx) =>
      invitePerson(tx, { tenant: 'main', roles, customer }),
    );
    assert.ok(invited.ok, JSON.stringify(invited));
    const found = await findInvitation(world, { code: invited.value.code }, clock.now());
    assert.ok(found.ok);
    const invitation = { ...found.value, person: found.value.person.id };
    const profile = { login, name: 'A Person', email: undefined };
    const secured = await securePerson(world, context(), {
      invitation,
      profile,
      password: GOOD_PASSWORD,
    });
    assert.ok(secured.ok, JSON.stringify(secured));
    const secret = newTotpSecret();
    const code = (): string => totpAt(secret, clock.now() / 1_000);
    const accepted = await database.transaction(context(), async (tx) => {
      if (!isCustomer) await addTotp(tx, { person: invited.value.person, secret, code: code() });
      return await acceptInvitation(tx, invitation);
    });
    assert.ok(accepted.ok, JSON.stringify(accepted));
    // The code that confirmed the application is used up.
    clock.advance(60_000_000);
    return { id: invited.value.person, login, secret, code };
  };

  const records = async (action: string): Promise<Readonly<Record<string, unknown>>[]> => {
    return (await leavesInOrder(database))
      .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>)
      .filter((each) => each['action'] === action);
  };
  return { database, url, clock, hasher, context, person, records, close: () => test.drop() };
}
