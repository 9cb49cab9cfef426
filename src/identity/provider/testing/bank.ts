// A provider over real sockets for tests: HTTP, or TLS that asks for client certificates; with a
// person who answers its pages as the test says. Everything else is the real thing.

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { openLogger, systemClock, type Database, type TransactionContext } from '#platform';
import { testDatabase, type TestDatabase } from '../../../platform/database/testing.ts';
import type { Account, Accounts } from '../../account.ts';
import { registerClient, type RegisteredClient } from '../../clients/register.ts';
import type { NewClient } from '../../clients/client.ts';
import { openProvider, type Provider, type ProviderOptions } from '../open.ts';

export const clock = systemClock();

export function contextNow(): TransactionContext {
  return { now: clock.now(), actor: 'test', correlationId: 'test' };
}

/** How the person of a test signs in. */
export interface Person {
  subject: string;
  factors: 1 | 2;
  amr: string[];
  /** What they say when asked for consent. */
  answer: 'consent' | 'refuse';
}

export interface ProviderBank {
  readonly database: Database;
  readonly issuer: string;
  /** Where this process listens. */
  readonly url: string;
  readonly provider: Provider;
  readonly person: Person;
  /** People by their subject; whoever is not here does not exist. */
  readonly people: Map<string, Account>;
  /** The pages that were shown, in order. */
  readonly shown: string[];
  register(client: Partial<NewClient>): Promise<RegisteredClient>;
  close(): Promise<void>;
}

export interface BankOptions {
  readonly tls?: ServerOptions;
  /** Of another bank: both are then two processes of one installation. */
  readonly beside?: ProviderBank;
  readonly provider?: Partial<ProviderOptions>;
  readonly statementTimeoutMs?: number;
  /** Failures are what the test is about, so they are not written out. */
  readonly isFailing?: boolean;
}

export const SUBJECT = 'usr_01890000-0000-7000-8000-000000000001';

export async function openBank(name: string, options: BankOptions = {}): Promise<ProviderBank> {
  const { tls, beside } = options;
  const { statementTimeoutMs } = options;
  const limited = statementTimeoutMs === undefined ? {} : { statementTimeoutMs };
  const own: TestDatabase | undefined =
    beside === undefined ? await testDatabase(name, limited) : undefined;
  const database = own?.database ?? beside?.database;
  if (database === undefined) throw new Error('a bank has a database');
  const people = beside?.people ?? new Map<string, Account>();
  people.set(SUBJECT, account(SUBJECT));
  const person: Person = { subject: SUBJECT, factors: 2, amr: ['pwd', 'otp'], answer: 'consent' };
  const shown: string[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    void serve(request, response);
  };
  const server: Server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const issuer = beside?.issuer ?? url;
  const provider = await openProvider({
    database,
    clock,
    logger: openLogger({
      level: options.isFailing === true ? 'silent' : 'error',
      write: (line) => {
        process.stderr.write(line);
      },
    }),
    issuer,
    accounts: accountsOf(people),
    ...options.provider,
  });
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url?.startsWith('/identity/pages/') !== true) {
      await provider.handle(request, response);
      return;
    }
    const pending = await provider.interaction(request, response);
    if (pending === undefined) {
      response.writeHead(404).end();
      return;
    }
    shown.push(`${pending.prompt}: ${pending.reasons.join(' ')}`);
    const { subject, factors, amr } = person;
    if (pending.prompt === 'login') {
      await provider.finish(request, response, { kind: 'login', subject, factors, amr });
    } else if (person.answer === 'consent') {
      await provider.finish(request, response, { kind: 'consent' });
    } else {
      await provider.finish(request, response, { kind: 'refuse', reason: 'the person said no' });
    }
  };
  return {
    database,
    issuer,
    url,
    provider,
    person,
    people,
    shown,
    register: (client) => register(database, client),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await own?.drop();
    },
  };
}

export function account(subject: string): Account {
  return { subject, tenant: 'main', roles: ['customer'], customer: 'cus_1', isActive: true };
}

function accountsOf(people: ReadonlyMap<string, Account>): Accounts {
  return { find: (_queryable, subject) => Promise.resolve(people.get(subject)) };
}

const CLIENT: NewClient = {
  name: 'Test client',
  tenant: 'main',
  roles: [],
  profile: 'standard',
  authentication: 'none',
  binding: 'none',
  grants: ['authorization_code', 'refresh_token'],
  scopes: ['openid', 'offline_access', 'accounts.read', 'payments.write'],
  redirectUris: ['https://client.example/back'],
  logoutUris: [],
  isFirstParty: false,
};

async function register(database: Database, client: Partial<NewClient>): Promise<RegisteredClient> {
  return await database.transaction(contextNow(), async (tx) => {
    const registered = await registerClient(tx, { ...CLIENT, ...client });
    if (!registered.ok)
      throw new Error(`${registered.refusal.code}: ${registered.refusal.message}`);
    return registered.value;
  });
}
