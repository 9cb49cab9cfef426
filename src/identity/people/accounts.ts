// Owns what the provider is told of a person before it issues a token.

import type { Queryable } from '#platform';
import type { Account, Accounts } from '../account.ts';
import { isPersonId } from './person.ts';
import { selectPerson } from './person-store.ts';

/** The people of the database, as they are at the moment of asking. */
export const personAccounts: Accounts = {
  async find(queryable: Queryable, subject: string): Promise<Account | undefined> {
    if (!isPersonId(subject)) return undefined;
    const person = await selectPerson(queryable, subject);
    if (person === undefined) return undefined;
    const { tenant, roles, customer, status } = person;
    return { subject, tenant, roles, customer, isActive: status === 'active' };
  },
};
