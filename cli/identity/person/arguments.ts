// Reads what follows "florin person": strictly, so that nobody is disabled by a slip of the pen.

import { DEFAULT_TENANT, isPersonId, rolesOf, type NewPerson, type PersonId } from '#identity';
import { parseStrictly, UsageError } from '../../usage.ts';

const REASON_CHARACTERS_MAX = 500;

export interface PersonArguments {
  readonly positionals: readonly string[];
  readonly tenant: string | undefined;
  readonly roles: readonly string[];
  readonly customer: string | undefined;
  readonly reason: string | undefined;
  readonly person: string | undefined;
  readonly areFactorsRemoved: boolean;
  readonly areNamesShown: boolean;
}

type Option = 'tenant' | 'role' | 'customer' | 'reason' | 'person' | 'factors' | 'names';

/** The arguments of a verb; an option that it does not know is an error. */
export function readArguments(args: string[], known: readonly Option[]): PersonArguments {
  const { values, positionals, tokens } = parseStrictly({
    args,
    allowPositionals: true,
    tokens: true,
    options: {
      tenant: { type: 'string' },
      role: { type: 'string', multiple: true },
      customer: { type: 'string' },
      reason: { type: 'string' },
      person: { type: 'string' },
      factors: { type: 'boolean' },
      names: { type: 'boolean' },
    },
  });
  for (const token of tokens) {
    const isKnown = token.kind !== 'option' || known.some((name) => name === token.name);
    if (!isKnown) throw new UsageError(`This verb has no option --${token.name}.`);
  }
  return {
    positionals,
    tenant: values.tenant,
    roles: values.role ?? [],
    customer: values.customer,
    reason: values.reason,
    person: values.person,
    areFactorsRemoved: values.factors === true,
    areNamesShown: values.names === true,
  };
}

export function requireRoles({ roles }: PersonArguments): NewPerson['roles'] {
  const found = rolesOf(roles);
  if (found !== undefined && found.length > 0) return found;
  throw new UsageError('Name at least one role that there is, as --role teller.');
}

export function newPersonOf(read: PersonArguments): NewPerson {
  requireNothing(read);
  const { tenant = DEFAULT_TENANT, customer } = read;
  return { tenant, roles: requireRoles(read), customer };
}

export function requirePerson({ positionals }: PersonArguments): PersonId {
  const [text, ...others] = positionals;
  if (text === undefined || others.length > 0) throw new UsageError('Name one PERSON, as usr_….');
  return personIdOf(text);
}

export function personIdOf(text: string): PersonId {
  if (isPersonId(text)) return text;
  throw new UsageError(`${JSON.stringify(text)} is not the id of a person: it begins with usr_.`);
}

export function requireNothing({ positionals }: PersonArguments): void {
  if (positionals.length > 0) throw new UsageError('This verb takes options only.');
}

export function requireReason({ reason }: PersonArguments): string {
  const text = reason?.trim() ?? '';
  if (text !== '' && text.length <= REASON_CHARACTERS_MAX) return text;
  throw new UsageError(
    `--reason must be 1 to ${REASON_CHARACTERS_MAX} characters that name the case and not the ` +
      'person: they are recorded in clear and for ever.',
  );
}
