// TABLE  every way in which people and their proofs are told no. Codes are stable for ever.

import { refuse, type Refusal, type Refused } from '#kernel';

/** HTTP status, title and whether the same request can succeed later without being changed. */
export interface PeopleRefusalKind {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
}

const kind = (status: number, title: string, retryable = false): PeopleRefusalKind => ({
  status,
  title,
  retryable,
});

export const peopleRefusals = {
  tenant_invalid: kind(422, 'No tenant has such a name'),
  customer_invalid: kind(422, 'The customer does not go with the roles'),
  roles_empty: kind(422, 'A person has at least one role'),
  roles_invalid: kind(422, 'The roles do not go together'),
  login_invalid: kind(422, 'The login name cannot be used'),
  login_taken: kind(409, 'Somebody has this login name'),
  name_invalid: kind(422, 'The name cannot be used'),
  email_invalid: kind(422, 'The e-mail address cannot be used'),
  password_short: kind(422, 'The password is too short'),
  password_long: kind(422, 'The password is too long'),
  password_guessable: kind(422, 'The password is too easy to guess'),
  person_unknown: kind(404, 'No such person'),
  person_erased: kind(409, 'The person was erased'),
  person_status: kind(409, 'The status of the person does not allow it'),
  last_administrator: kind(409, 'The tenant would be left without an administrator'),
  invitation_invalid: kind(404, 'No invitation with this code can be accepted'),
  second_factor_needed: kind(409, 'A second factor must be set up first'),
  sign_in_failed: kind(401, 'What was given does not prove who signs in'),
  sign_in_delayed: kind(429, 'Too many attempts have failed', true),
  factor_unknown: kind(404, 'The person has no such factor'),
  passkey_known: kind(409, 'The passkey belongs to somebody already'),
} as const satisfies Record<string, PeopleRefusalKind>;

export type PeopleRefusalCode = keyof typeof peopleRefusals;

/** An expected no about a person. */
export interface PeopleRefusal extends Refusal {
  readonly code: PeopleRefusalCode;
  readonly message: string;
  readonly param?: string;
  /** Of sign_in_delayed: whole seconds, never too few. */
  readonly retryAfterS?: number;
}

export type PeopleRefused = Refused<PeopleRefusal>;

export function no(code: PeopleRefusalCode, message: string, param?: string): PeopleRefused {
  return refuse(param === undefined ? { code, message } : { code, message, param });
}
