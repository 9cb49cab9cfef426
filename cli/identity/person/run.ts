// florin person VERB: each verb is one transaction, recorded in the audit log as done by whoever is
// at this terminal. A code is written to the terminal once, and kept nowhere.

import { scrub } from '#audit';
import {
  disablePerson,
  enablePerson,
  ensureAdministratorInvitation,
  erasePerson,
  INVITATION_PATH,
  invitePerson,
  listPeople,
  listSessions,
  resetPerson,
  revokeAllOf,
  revokeSession,
  scrubPersonKeys,
  setRoles,
  type Invitation,
  type NamedPerson,
  type PeopleRefusal,
  type PersonId,
  type Session,
} from '#identity';
import { formatInstant, type Instant, type Result } from '#kernel';
import { openSession, type Transaction } from '#platform';
import { withLog, type OpenedLog } from '../../audit/open.ts';
import { EXIT_DONE, EXIT_FAILED, UsageError, type Environment } from '../../usage.ts';
import {
  newPersonOf,
  personIdOf,
  readArguments,
  requireNothing,
  requirePerson,
  requireReason,
  requireRoles,
} from './arguments.ts';

type Work = (log: OpenedLog) => Promise<number>;

/** What a verb does, read from its arguments before anything is opened. */
const verbs: Readonly<Record<string, (args: string[]) => Work>> = {
  invite(args) {
    const person = newPersonOf(readArguments(args, ['role', 'customer', 'tenant']));
    return (log) => tell(log, (tx) => invitePerson(tx, person), textOfInvitation);
  },
  first(args) {
    const read = readArguments(args, ['tenant']);
    requireNothing(read);
    return (log) => first(log, read.tenant);
  },
  list(args) {
    const read = readArguments(args, ['tenant', 'names']);
    requireNothing(read);
    return (log) => list(log, read.tenant, read.areNamesShown);
  },
  roles(args) {
    const read = readArguments(args, ['role', 'customer']);
    const [person, roles] = [requirePerson(read), requireRoles(read)];
    const asked = { person, roles, customer: read.customer };
    return (log) =>
      tell(
        log,
        (tx) => setRoles(tx, asked),
        () => `${person} has these roles now.`,
      );
  },
  disable(args) {
    const person = requirePerson(readArguments(args, []));
    const done = () => `${person} is disabled, and signed out everywhere.`;
    return (log) => tell(log, (tx) => disablePerson(tx, person), done);
  },
  enable(args) {
    const person = requirePerson(readArguments(args, []));
    return (log) =>
      tell(
        log,
        (tx) => enablePerson(tx, person),
        () => `${person} is enabled.`,
      );
  },
  reset(args) {
    const read = readArguments(args, ['factors']);
    const asked = { person: requirePerson(read), areFactorsRemoved: read.areFactorsRemoved };
    return (log) => tell(log, (tx) => resetPerson(tx, asked), textOfInvitation);
  },
  erase(args) {
    const read = readArguments(args, ['reason']);
    const asked = { person: requirePerson(read), reason: requireReason(read) };
    return (log) => erase(log, asked);
  },
  sessions(args) {
    const person = requirePerson(readArguments(args, []));
    return (log) => sessions(log, person);
  },
  'sign-out'(args) {
    const read = readArguments(args, ['person']);
    if (read.person === undefined) {
      const session = requireSession(read.positionals);
      return (log) => signOut(log, session);
    }
    requireNothing(read);
    const person = personIdOf(read.person);
    return async (log) => {
      await log.database.transaction(log.context(), (tx) => revokeAllOf(tx, person));
      return print(`${person} is signed out everywhere.`);
    };
  },
};

export async function runPerson(args: string[], env: Environment): Promise<number> {
  const [name = '', ...rest] = args;
  const read = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (read === undefined) {
    throw new UsageError(`florin person is followed by ${Object.keys(verbs).join(', ')}.`);
  }
  const work = read(rest);
  return await withLog(env, work);
}

function requireSession(positionals: readonly string[]): string {
  const [session, ...others] = positionals;
  if (session === undefined || others.length > 0 || session.length > 200) {
    throw new UsageError('Name one SESSION, or --person PERSON.');
  }
  return session;
}

async function tell<T>(
  log: OpenedLog,
  work: (tx: Transaction) => Promise<Result<T, PeopleRefusal>>,
  textOf: (value: T) => string,
): Promise<number> {
  const result = await log.database.transaction(log.context(), work);
  if (result.ok) return print(textOf(result.value));
  process.stderr.write(`florin: ${result.refusal.message}\n`);
  return EXIT_FAILED;
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return EXIT_DONE;
}

function textOfInvitation({ person, code, expiresAt }: Invitation): string {
  return `${person}\n${textOfCode(code, expiresAt)}`;
}

function textOfCode(code: string, expiresAt: Instant): string {
  return [
    `Code: ${code}`,
    `To be entered on the page ${INVITATION_PATH} until ${formatInstant(expiresAt)}.`,
    'It is not shown again.',
  ].join('\n');
}

async function first(log: OpenedLog, tenant: string | undefined): Promise<number> {
  const made = await ensureAdministratorInvitation(log.database, log.context(), tenant);
  if (made === undefined) {
    process.stderr.write('florin: There is an administrator, who can invite others.\n');
    return EXIT_FAILED;
  }
  return print(textOfCode(made.code, made.expiresAt));
}

const PAGE = 500;

async function list(
  { database }: OpenedLog,
  tenant: string | undefined,
  areNamesShown: boolean,
): Promise<number> {
  let after: PersonId | undefined;
  for (;;) {
    const page = await listPeople(database, database.keys, {
      ...(tenant === undefined ? {} : { tenant }),
      ...(after === undefined ? {} : { after }),
      limit: PAGE,
    });
    for (const person of page) print(lineOf(person, areNamesShown));
    if (page.length < PAGE) return EXIT_DONE;
    after = page.at(-1)?.id;
  }
}

function lineOf(person: NamedPerson, areNamesShown: boolean): string {
  const { id, tenant, status, roles, customer = '-', profile } = person;
  const line = [id, tenant, status, roles.join(','), customer];
  if (areNamesShown) line.push(profile?.login ?? '-', profile?.name ?? '-');
  return line.join('  ');
}

async function erase(
  log: OpenedLog,
  asked: { readonly person: PersonId; readonly reason: string },
): Promise<number> {
  const code = await tell(
    log,
    (tx) => erasePerson(tx, asked),
    () => `${asked.person} is erased: the id stays, and nothing that names anybody.`,
  );
  if (code !== EXIT_DONE) return code;
  const owner = await openSession(log.ownerUrl);
  try {
    await scrubPersonKeys(owner);
    const { log: writeAhead } = await scrub(owner);
    return print(sentences[writeAhead]);
  } finally {
    await owner.close();
  }
}

const sentences = {
  overwritten: 'What it left on disk is overwritten; backups keep it until they expire.',
  kept: 'The server keeps older segments of its write-ahead log, and some of it in them.',
  out_of_reach: 'The write-ahead log has some of it until the server has overwritten its segments.',
} as const;

async function sessions({ database }: OpenedLog, person: PersonId): Promise<number> {
  const found = await listSessions(database, database.keys, person);
  for (const session of found) print(lineOfSession(session));
  return found.length === 0 ? print('This person never signed in.') : EXIT_DONE;
}

function lineOfSession(session: Session): string {
  const { clientId, authentication, startedAt, expiresAt, revokedAt, origin } = session;
  const end =
    revokedAt === undefined
      ? `until ${formatInstant(expiresAt)}`
      : `ended ${formatInstant(revokedAt)}`;
  const from = `from ${origin?.address ?? 'unknown'}`;
  return [session.session, clientId, authentication, formatInstant(startedAt), end, from].join(
    '  ',
  );
}

async function signOut(log: OpenedLog, session: string): Promise<number> {
  await log.database.transaction(log.context(), (tx) => revokeSession(tx, session));
  return print(`The session ${session} is ended.`);
}
