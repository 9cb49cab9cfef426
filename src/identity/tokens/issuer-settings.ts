// Owns the operator's list of issuers outside whose tokens are taken (FLORIN_ISSUERS): read
// strictly, because a slip in it would let somebody in or keep everybody out. A bad list stops the
// start with one sentence.

import { readFile } from 'node:fs/promises';
import { SettingError } from '#config';
import { roles } from '../principal.ts';
import type { Role } from '../principal.ts';
import { isSecure } from './issuer.ts';

/** What a group or a client of the issuer gives, by its name. */
export type RoleMap = Readonly<Record<string, readonly Role[]>>;

export interface IssuerSettings {
  /** `iss`, to the letter; its keys are discovered below it unless `keysUrl` names them. */
  readonly issuer: string;
  /** `cognito`: access tokens of an Amazon Cognito user pool. `oidc`: as RFC 9068 has them. */
  readonly kind: 'oidc' | 'cognito';
  /** What `aud` must name; Cognito's access tokens have none. */
  readonly audience: string | undefined;
  readonly keysUrl: string | undefined;
  /** The only clients whose tokens are taken; any unless given. Cognito's must be given. */
  readonly clients: readonly string[] | undefined;
  readonly tenant: string;
  /** The claim that lists a person's groups; Cognito's is `cognito:groups`. */
  readonly rolesClaim: string;
  /** Of groups. */
  readonly roles: RoleMap;
  /** Of clients that act for themselves. */
  readonly clientRoles: RoleMap;
  /** The claim that names the customer a person acts for. */
  readonly customerClaim: string | undefined;
  /** Whether scopes limit what the roles allow. */
  readonly areScopesUsed: boolean;
  /** What our scopes begin with there: `florin/` for `florin/payments.write`. */
  readonly scopePrefix: string;
  readonly isRs256Accepted: boolean;
  /** Whether `typ` must say that it is an access token (RFC 9068 §2.1). */
  readonly isTypeRequired: boolean;
  /** How many factors every sign-in there proves, where the token does not say more. */
  readonly factors: number;
}

const SETTING = 'FLORIN_ISSUERS';
const ISSUERS_MAX = 20;

/** The list itself as JSON, or the path of a file that holds it. */
export async function readIssuers(text: string | undefined): Promise<readonly IssuerSettings[]> {
  if (text === undefined) return [];
  const json = text.trimStart().startsWith('[') ? text : await contentOf(text);
  const list = parse(json);
  if (!Array.isArray(list) || list.length > ISSUERS_MAX) {
    throw wrong(`must be a JSON list of at most ${ISSUERS_MAX} issuers`);
  }
  const issuers = list.map(readIssuer);
  const names = new Set(issuers.map(({ issuer }) => issuer));
  if (names.size < issuers.length) throw wrong('names an issuer twice');
  return issuers;
}

async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    throw wrong('names a file that cannot be read');
  }
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw wrong('is not JSON');
  }
}

type Members = Readonly<Record<string, unknown>>;

const MEMBERS = new Set([
  'issuer',
  'kind',
  'audience',
  'keys_url',
  'clients',
  'tenant',
  'roles_claim',
  'roles',
  'client_roles',
  'customer_claim',
  'scopes',
  'scope_prefix',
  'rs256',
  'typ',
  'factors',
]);

function readIssuer(given: unknown): IssuerSettings {
  const members = requireMembers(given, 'each issuer');
  for (const name of Object.keys(members)) {
    if (!MEMBERS.has(name)) throw wrong(`has a member "${name}" that is not known`);
  }
  const issuer = requireText(members, 'issuer');
  if (!isSecure(issuer) || issuer.endsWith('/')) {
    throw wrong('must give issuer as an https address without a slash at its end');
  }
  const kind = choiceOf(members, 'kind', ['oidc', 'cognito']) ?? 'oidc';
  const keysUrl = optionalText(members, 'keys_url');
  if (keysUrl !== undefined && !isSecure(keysUrl)) throw wrong('must give keys_url as https');
  const audience = optionalText(members, 'audience');
  const clients = optionalTexts(members, 'clients');
  if (kind === 'oidc' && audience === undefined) throw wrong('must give the audience of an issuer');
  if (kind === 'cognito' && clients === undefined) throw wrong('must give the clients of Cognito');
  return {
    issuer,
    kind,
    audience,
    keysUrl,
    clients,
    tenant: optionalText(members, 'tenant') ?? 'main',
    rolesClaim: optionalText(members, 'roles_claim') ?? 'groups',
    roles: roleMapOf(members, 'roles'),
    clientRoles: roleMapOf(members, 'client_roles'),
    customerClaim: optionalText(members, 'customer_claim'),
    areScopesUsed: choiceOf(members, 'scopes', ['used', 'ignored']) !== 'ignored',
    scopePrefix: optionalText(members, 'scope_prefix') ?? '',
    isRs256Accepted: choiceOf(members, 'rs256', ['accepted', 'refused']) === 'accepted',
    isTypeRequired: choiceOf(members, 'typ', ['required', 'ignored']) !== 'ignored',
    factors: members['factors'] === undefined ? 0 : factorsIn(members['factors']),
  };
}

function factorsIn(value: unknown): number {
  if (value === 1 || value === 2) return value;
  throw wrong('must give factors as 1 or 2');
}

function requireMembers(value: unknown, what: string): Members {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Members;
  throw wrong(`must give ${what} as a JSON object`);
}

function requireText(members: Members, name: string): string {
  const value = members[name];
  if (typeof value === 'string' && value.length > 0 && value.length <= 500) return value;
  throw wrong(`must give ${name} as a text`);
}

function optionalText(members: Members, name: string): string | undefined {
  return members[name] === undefined ? undefined : requireText(members, name);
}

function optionalTexts(members: Members, name: string): readonly string[] | undefined {
  const value = members[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value;
  throw wrong(`must give ${name} as a list of texts`);
}

function choiceOf<const Value extends string>(
  members: Members,
  name: string,
  values: readonly Value[],
): Value | undefined {
  const value = members[name];
  const found = values.find((each) => each === value);
  if (value !== undefined && found === undefined) {
    throw wrong(`must give ${name} as one of ${values.join(', ')}`);
  }
  return found;
}

function roleMapOf(members: Members, name: string): RoleMap {
  const given = requireMembers(members[name] ?? {}, name);
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const names = typeof value === 'string' ? [value] : value;
      const known = Array.isArray(names) ? names.map(roleOf) : undefined;
      if (known === undefined) throw wrong(`must give ${name} as lists of roles by name`);
      return [key, known];
    }),
  );
}

function roleOf(name: unknown): Role {
  const role = roles.find((each) => each === name);
  if (role !== undefined) return role;
  throw wrong(`names a role that is not one of ${roles.join(', ')}`);
}

function wrong(what: string): SettingError {
  return new SettingError(`${SETTING} ${what}.`);
}
