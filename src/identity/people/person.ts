// Owns the noun person: somebody who can sign in, and what their login name and roles may be. Pure.
// A person acts either for the bank or for one customer of it, never for both.

import { isId, type Id, type Instant } from '#kernel';
import { roles as allRoles, type Role } from '../principal.ts';
import { no, type PeopleRefused } from './refusals.ts';

export type PersonId = Id<'usr'>;

/**
 * invited: an invitation is out, and nothing is proven yet. active: may sign in. disabled: may not,
 * for now. erased: forgotten; only the id is left.
 */
export type PersonStatus = 'invited' | 'active' | 'disabled' | 'erased';

export interface Person {
  readonly id: PersonId;
  readonly tenant: string;
  readonly roles: readonly Role[];
  /** On whose behalf; undefined for those who act for the bank. */
  readonly customer: string | undefined;
  readonly status: PersonStatus;
  readonly createdAt: Instant;
  readonly changedAt: Instant;
}

/** What names a person. It is encrypted under the person's own key wherever it is kept. */
export interface Profile {
  readonly login: string;
  readonly name: string;
  readonly email: string | undefined;
}

/** A person to be, before there is an invitation. */
export interface NewPerson {
  readonly tenant: string;
  readonly roles: readonly Role[];
  readonly customer?: string | undefined;
}

/** The tenant of a bank that has only one. */
export const DEFAULT_TENANT = 'main';

const CUSTOMER_ROLES: ReadonlySet<Role> = new Set(['customer', 'partner']);

export function isPersonId(text: string): text is PersonId {
  return isId('usr', text);
}

/** Staff sign in with two factors always; others when what they do asks for it. */
export function isStaff(roles: readonly Role[]): boolean {
  return roles.some((role) => !CUSTOMER_ROLES.has(role));
}

export function rolesOf(names: readonly string[]): readonly Role[] | undefined {
  const found = names.map((name) => allRoles.find((role) => role === name));
  return found.every((role) => role !== undefined) ? found : undefined;
}

/** As row-level security knows it. */
const TENANT = /^[a-z0-9][a-z0-9-]{0,39}$/;
const CUSTOMER_CHARACTERS_MAX = 200;

export function checkNewPerson(person: NewPerson): PeopleRefused | undefined {
  const { tenant, roles, customer } = person;
  if (!TENANT.test(tenant)) {
    const message = 'A tenant is named by 1 to 40 lower-case letters, digits and hyphens.';
    return no('tenant_invalid', message, 'tenant');
  }
  if (customer !== undefined && !/^[\x21-\x7e]+$/.test(customer)) {
    return no('customer_invalid', 'A customer is named by its id.', 'customer');
  }
  if (customer !== undefined && customer.length > CUSTOMER_CHARACTERS_MAX) {
    const message = `The id of a customer has at most ${CUSTOMER_CHARACTERS_MAX} characters.`;
    return no('customer_invalid', message, 'customer');
  }
  return checkRoles(roles, customer);
}

export function checkRoles(
  roles: readonly Role[],
  customer: string | undefined,
): PeopleRefused | undefined {
  if (roles.length === 0) return no('roles_empty', 'A person has at least one role.', 'roles');
  if (new Set(roles).size !== roles.length) {
    return no('roles_invalid', 'A role is given twice.', 'roles');
  }
  const forCustomer = roles.filter((role) => CUSTOMER_ROLES.has(role));
  if (forCustomer.length > 0 && forCustomer.length < roles.length) {
    const message = 'Nobody acts for the bank and for a customer at once: make two people.';
    return no('roles_invalid', message, 'roles');
  }
  if (forCustomer.length > 0 && customer === undefined) {
    return no('customer_invalid', 'These roles act for a customer: name it.', 'customer');
  }
  if (forCustomer.length === 0 && customer !== undefined) {
    return no('customer_invalid', 'These roles act for the bank and no customer.', 'customer');
  }
  return undefined;
}

const LOGIN = /^[a-z0-9][a-z0-9._@+-]{1,62}[a-z0-9]$/;

/** The one spelling of a login name, however it was typed. */
export function loginOf(text: string): string {
  return text.normalize('NFKC').trim().toLowerCase();
}

const NAME_CHARACTERS_MAX = 100;
const EMAIL = /^[^\s@]{1,64}@[^\s@]{1,180}$/;

/** Control characters and half a surrogate pair have no place in a name. */
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

export function checkProfile({ login, name, email }: Profile): PeopleRefused | undefined {
  if (!LOGIN.test(login)) {
    const message =
      'A login name has 3 to 64 letters (a to z), digits and . _ @ + -, ' +
      'and begins and ends with a letter or digit.';
    return no('login_invalid', message, 'login');
  }
  if (name.trim() === '' || name.length > NAME_CHARACTERS_MAX || UNPRINTABLE.test(name)) {
    return no('name_invalid', `A name has 1 to ${NAME_CHARACTERS_MAX} characters.`, 'name');
  }
  if (email !== undefined && (!EMAIL.test(email) || UNPRINTABLE.test(email))) {
    return no('email_invalid', 'This is not an e-mail address.', 'email');
  }
  return undefined;
}
