// florin client VERB: the programs that may ask for tokens. A secret is printed once, when it is
// made. Keys are made by whoever will use them: only the public half comes here.

import { readFile } from 'node:fs/promises';
import {
  clientAuthentications,
  clientBindings,
  clientGrants,
  DEFAULT_TENANT,
  disableClient,
  readPublicKeys,
  registerClient,
  roles,
  rotateClientKeys,
  rotateClientSecret,
  selectClients,
  type ClientId,
  type NewClient,
  type OauthClient,
} from '#identity';
import { formatInstant } from '#kernel';
import { withLog, type OpenedLog } from '../audit/open.ts';
import {
  EXIT_DONE,
  EXIT_FAILED,
  parseCount,
  parseStrictly,
  UsageError,
  type Command,
  type Environment,
} from '../usage.ts';

const KEY_FILE_BYTES_MAX = 65_536;
const OVERLAP_MAX_S = 2_592_000;
const PAGE_ROWS = 100;

type Action = (log: OpenedLog) => Promise<number>;

export const clientCommand: Command = {
  name: 'client',
  takes: 'add | list | rotate ID | disable ID',
  summary: 'register the programs that may ask for tokens, replace their keys, end them',
  details: [
    'add --name NAME [--fapi] --redirect URI… | --machine --role ROLE…',
    '    [--scope SCOPE…] [--auth METHOD] [--binding none|dpop|mtls] [--keys FILE]',
    '    [--certificate KIND=VALUE] [--customer ID] [--tenant NAME] [--logout URI…]',
    '    [--first-party] [--refresh]',
    'list [--tenant NAME]',
    'rotate ID --keys FILE | --secret [--overlap SECONDS]',
    'disable ID',
    '',
    `METHOD is one of ${clientAuthentications.join(', ')}.`,
    '--fapi holds the client to the FAPI 2.0 Security Profile: private_key_jwt and DPoP unless',
    'told otherwise. --keys is a JSON Web Key Set with public keys, made by the client: a private',
    'key is refused. KIND is dn, dns, uri, ip or email, of a certificate of a trusted authority.',
    'A secret is printed once, on standard output, and cannot be read again.',
  ].join('\n'),
  run: async (args, env) => await runClient(args, env),
};

async function runClient(args: string[], env: Environment): Promise<number> {
  const [name, ...rest] = args;
  if (name === 'add') return await withLog(env, await parseAdd(rest));
  if (name === 'list') return await withLog(env, parseList(rest));
  if (name === 'rotate') return await withLog(env, await parseRotate(rest));
  if (name === 'disable') return await withLog(env, parseDisable(rest));
  throw new UsageError('client is followed by add, list, rotate or disable.');
}

const addOptions = {
  name: { type: 'string' },
  tenant: { type: 'string', default: DEFAULT_TENANT },
  fapi: { type: 'boolean', default: false },
  machine: { type: 'boolean', default: false },
  refresh: { type: 'boolean', default: false },
  'first-party': { type: 'boolean', default: false },
  auth: { type: 'string' },
  binding: { type: 'string' },
  keys: { type: 'string' },
  certificate: { type: 'string' },
  customer: { type: 'string' },
  role: { type: 'string', multiple: true },
  scope: { type: 'string', multiple: true },
  redirect: { type: 'string', multiple: true },
  logout: { type: 'string', multiple: true },
} as const;

async function parseAdd(args: string[]): Promise<Action> {
  const { values } = parseStrictly({ args, options: addOptions });
  const { name, tenant, fapi, machine, customer, keys: file } = values;
  const { redirect = [], logout = [], role: roleNames = [], scope = [] } = values;
  if (name === undefined) throw new UsageError('client add needs --name NAME.');
  const isProven = fapi || machine || file !== undefined;
  const auth = values.auth ?? (isProven ? 'private_key_jwt' : 'none');
  const authentication = oneOf('auth', auth, clientAuthentications);
  const binding = oneOf('binding', values.binding ?? (fapi ? 'dpop' : 'none'), clientBindings);
  const hasCertificates = authentication === 'self_signed_tls_client_auth';
  const keys = file === undefined ? undefined : await readKeys(file, hasCertificates);
  const people = redirect.length > 0;
  const isUsed = {
    authorization_code: people,
    refresh_token: people && values.refresh,
    client_credentials: machine,
  };
  const client: NewClient = {
    name,
    tenant,
    roles: roleNames.map((role) => oneOf('role', role, roles)),
    customer,
    profile: fapi ? 'fapi2' : 'standard',
    authentication,
    binding,
    grants: clientGrants.filter((grant) => isUsed[grant]),
    scopes: scopesOf(scope, { people, isRefreshed: values.refresh }),
    redirectUris: redirect,
    logoutUris: logout,
    isFirstParty: values['first-party'],
    keys,
    certificate: values.certificate === undefined ? undefined : certificateOf(values.certificate),
  };
  return (log) => add(log, client);
}

function oneOf<const Name extends string>(
  option: string,
  text: string,
  names: readonly Name[],
): Name {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  throw new UsageError(`--${option} is ${JSON.stringify(text)}, not one of ${names.join(', ')}.`);
}

// Whoever signs people in asks who they are.
function scopesOf(
  given: readonly string[],
  { people, isRefreshed }: { readonly people: boolean; readonly isRefreshed: boolean },
): readonly string[] {
  const implied = [...(people ? ['openid'] : []), ...(isRefreshed ? ['offline_access'] : [])];
  return [...new Set([...implied, ...given])];
}

const certificateKinds = {
  dn: 'tls_client_auth_subject_dn',
  dns: 'tls_client_auth_san_dns',
  uri: 'tls_client_auth_san_uri',
  ip: 'tls_client_auth_san_ip',
  email: 'tls_client_auth_san_email',
} as const;

function certificateOf(text: string): NonNullable<NewClient['certificate']> {
  const [, name = '', value = ''] = /^([a-z]+)=(.{1,500})$/.exec(text) ?? [];
  const kind = Object.entries(certificateKinds).find(([each]) => each === name)?.[1];
  if (kind !== undefined) return { kind, value };
  const kinds = Object.keys(certificateKinds).join(', ');
  throw new UsageError(`--certificate must be KIND=VALUE, and KIND one of ${kinds}.`);
}

async function readKeys(
  file: string,
  hasCertificates: boolean,
): Promise<NonNullable<NewClient['keys']>> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined || text.length > KEY_FILE_BYTES_MAX) {
    throw new UsageError(`${file} cannot be read, or is too large to be a key set.`);
  }
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    throw new UsageError(`${file} is not JSON.`);
  }
  const read = readPublicKeys(given, { hasCertificates });
  if (read.ok) return read.value;
  throw new UsageError(read.refusal.message);
}

async function add(log: OpenedLog, asked: NewClient): Promise<number> {
  const registered = await log.database.transaction(log.context(), (tx) =>
    registerClient(tx, asked),
  );
  if (!registered.ok) return refused(registered.refusal);
  const { client, secret } = registered.value;
  process.stdout.write(`${client.id}\n`);
  if (secret !== undefined) printSecret(secret);
  return EXIT_DONE;
}

function printSecret(secret: string): void {
  process.stdout.write(`${secret}\n`);
  process.stderr.write('This secret is not kept here and is not shown again.\n');
}

function parseList(args: string[]): Action {
  const { values } = parseStrictly({ args, options: { tenant: { type: 'string' } } });
  return (log) => list(log, values.tenant);
}

async function list({ database }: OpenedLog, tenant: string | undefined): Promise<number> {
  let after: ClientId | undefined;
  let page: OauthClient[];
  do {
    page = await selectClients(database, { tenant, after, limit: PAGE_ROWS });
    for (const client of page) process.stdout.write(`${lineOf(client)}\n`);
    after = page.at(-1)?.id;
  } while (page.length === PAGE_ROWS);
  return EXIT_DONE;
}

function lineOf(client: OauthClient): string {
  const { id, state, tenant, profile, authentication, binding, name, createdAt } = client;
  const uses = [...client.grants, ...client.scopes].join(' ');
  const since = formatInstant(createdAt);
  return [id, state, tenant, profile, authentication, binding, uses, since, name].join('  ');
}

async function parseRotate(args: string[]): Promise<Action> {
  const { values, positionals } = parseStrictly({
    args,
    allowPositionals: true,
    options: {
      keys: { type: 'string' },
      secret: { type: 'boolean', default: false },
      overlap: { type: 'string' },
    },
  });
  const id = onlyId('rotate', positionals);
  if ((values.keys === undefined) === !values.secret) {
    throw new UsageError('client rotate needs --keys FILE or --secret.');
  }
  if (values.keys !== undefined) {
    if (values.overlap !== undefined) {
      throw new UsageError('For an overlap of keys, name the old key beside the new one.');
    }
    return rotateKeys(id, values.keys);
  }
  const { overlap } = values;
  const option = { name: 'overlap', min: 0, max: OVERLAP_MAX_S };
  const overlapS = overlap === undefined ? {} : { overlapS: parseCount(overlap, option) };
  return async (log) => {
    const rotated = await log.database.transaction(log.context(), (tx) =>
      rotateClientSecret(tx, id, overlapS),
    );
    if (!rotated.ok) return refused(rotated.refusal);
    printSecret(rotated.value);
    return EXIT_DONE;
  };
}

// Whether a key needs its certificate is the client's matter, so either form is tried.
async function rotateKeys(id: string, file: string): Promise<Action> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const keys = await readKeys(file, text.includes('"x5c"'));
  return async (log) => {
    const rotated = await log.database.transaction(log.context(), (tx) =>
      rotateClientKeys(tx, id, keys),
    );
    if (!rotated.ok) return refused(rotated.refusal);
    process.stdout.write(`${id} has ${keys.keys.length} key(s).\n`);
    return EXIT_DONE;
  };
}

function parseDisable(args: string[]): Action {
  const { positionals } = parseStrictly({ args, allowPositionals: true });
  const id = onlyId('disable', positionals);
  return async (log) => {
    const disabled = await log.database.transaction(log.context(), (tx) => disableClient(tx, id));
    if (!disabled.ok) return refused(disabled.refusal);
    process.stdout.write(`${id} is disabled, and its tokens are over.\n`);
    return EXIT_DONE;
  };
}

function onlyId(verb: string, positionals: readonly string[]): string {
  const [id, ...others] = positionals;
  if (id === undefined || others.length > 0) {
    throw new UsageError(`client ${verb} takes one ID.`);
  }
  return id;
}

function refused({ message }: { readonly message: string }): number {
  process.stderr.write(`florin: ${message}\n`);
  return EXIT_FAILED;
}
