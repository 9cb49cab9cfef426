// The page of an invitation: its code, then a name and a password, then a second factor, and at the
// end the recovery codes. Nothing is in force before the end, and the code can begin it again until
// then.

import { limits } from '#config';
import {
  canUsePasskeys,
  newTotpSecret,
  passkeyCreation,
  totpText,
  totpUri,
  type Transaction,
} from '#platform';
import { isId, type Result } from '#kernel';
import { addPasskey, addTotp } from '../factors/enrol.ts';
import { countFactors } from '../factors/factor-store.ts';
import { selectPasskeys } from '../factors/passkey-store.ts';
import {
  acceptInvitation,
  findInvitation,
  securePerson,
  type Accepted,
  type OpenInvitation,
} from '../people/acceptance.ts';
import type { InvitationRow } from '../people/invitation-store.ts';
import { isStaff } from '../people/person.ts';
import { no, type PeopleRefusal } from '../people/refusals.ts';
import { redirect, send, type Exchange, type Form } from './exchange.ts';
import { codePage, donePage, enrolPage, personPage } from './invitation-views.ts';
import { qrPicture } from './qr-picture.ts';
import { insertSignIn, selectSignIn, updateSignIn, type SignIn } from './sign-in-store.ts';
import { challengeOf, ticketHash, type Ticket } from './ticket.ts';
import {
  answerOf,
  contextOf,
  formStateOf,
  giveTicket,
  postedForm,
  takeTicket,
  ticketOf,
  type PagesWorld,
} from './world.ts';

/** One visit of somebody who has shown the code of an invitation that is open. */
interface Visit {
  readonly world: PagesWorld;
  readonly exchange: Exchange;
  readonly ticket: Ticket;
  readonly signIn: SignIn;
  readonly invitation: OpenInvitation;
}

export async function answerInvitation(world: PagesWorld, exchange: Exchange): Promise<void> {
  if (exchange.request.method !== 'POST') {
    const ticket = ticketOf(world, exchange);
    const visit = ticket && (await visitOf(world, exchange, ticket));
    if (visit !== undefined) return await show(visit);
    const code = exchange.url.searchParams.get('code')?.slice(0, CODE_CHARACTERS_MAX) ?? '';
    return await showCode(world, exchange, ticket ?? giveTicket(world, exchange), { code });
  }
  const posted = await postedForm(world, exchange);
  if (posted === undefined) return;
  const { form, ticket, step } = posted;
  if (step === 'invitation') return await takeCode(world, exchange, { form, ticket });
  const visit = await visitOf(world, exchange, ticket);
  if (visit === undefined) {
    const { refusal } = no('invitation_invalid', 'This invitation is over. Ask for another one.');
    return await showCode(world, exchange, ticket, { code: '', refusal });
  }
  if (step === 'person') return await takePerson(visit, form);
  if (!visit.signIn.proven.includes('pwd')) return await show(visit);
  if (step === 'totp') return await takeTotp(visit, form);
  if (step === 'passkey') return await takePasskey(visit, form);
  if (step === 'skip') return await enrol(visit, async () => await Promise.resolve(undefined));
  await show(visit);
}

const CODE_CHARACTERS_MAX = 64;

async function visitOf(
  world: PagesWorld,
  exchange: Exchange,
  ticket: Ticket,
): Promise<Visit | undefined> {
  const now = world.clock.now();
  const hash = ticketHash(ticket);
  const signIn = await selectSignIn(world.database, hash, { purpose: 'invitation', now });
  if (signIn === undefined || !isId('inv', signIn.reference)) return undefined;
  const found = await findInvitation(world, { id: signIn.reference }, now);
  return found.ok ? { world, exchange, ticket, signIn, invitation: found.value } : undefined;
}

function rowOf({ invitation }: Visit): InvitationRow {
  return { ...invitation, person: invitation.person.id };
}

async function showCode(
  world: PagesWorld,
  exchange: Exchange,
  ticket: Ticket,
  { code, refusal }: { readonly code: string; readonly refusal?: PeopleRefusal },
): Promise<void> {
  const state = await formStateOf(world, exchange, ticket);
  const status = refusal === undefined ? 200 : 404;
  send(exchange, codePage({ ...state, status, code, error: refusal?.message }));
}

async function takeCode(
  world: PagesWorld,
  exchange: Exchange,
  { form, ticket }: { readonly form: Form; readonly ticket: Ticket },
): Promise<void> {
  const code = form.get('code')?.slice(0, CODE_CHARACTERS_MAX) ?? '';
  const found = await findInvitation(world, { code }, world.clock.now());
  if (!found.ok) return await showCode(world, exchange, ticket, { code, refusal: found.refusal });
  const next = giveTicket(world, exchange);
  await world.database.transaction(contextOf(world, exchange), async (tx) => {
    await insertSignIn(tx, ticketHash(next), {
      purpose: 'invitation',
      reference: found.value.id,
      person: found.value.person.id,
      proven: [],
      wrappedTotp: undefined,
      expiresAt: next.expiresAt,
    });
  });
  redirect(exchange, exchange.url.pathname);
}

async function show(visit: Visit): Promise<void> {
  if (visit.signIn.proven.includes('pwd')) await showEnrol(visit);
  else await showPerson(visit);
}

async function showPerson(
  { world, exchange, ticket, invitation }: Visit,
  wrong?: { readonly form: Form; readonly refusal: PeopleRefusal },
): Promise<void> {
  const { person, kind } = invitation;
  const { login = '', name = '', email = '' } = person.profile ?? {};
  const page = personPage({
    ...(await formStateOf(world, exchange, ticket)),
    status: wrong === undefined ? 200 : answerOf(wrong.refusal).status,
    error: wrong?.refusal.message,
    roles: person.roles,
    passwordCharactersMin: limits.passwordCharactersMin.value,
    profile:
      kind === 'reset'
        ? undefined
        : {
            login: wrong?.form.get('login') ?? login,
            name: wrong?.form.get('name') ?? name,
            email: wrong?.form.get('email') ?? email,
          },
  });
  send(exchange, page);
}

async function takePerson(visit: Visit, form: Form): Promise<void> {
  const { world, exchange, invitation } = visit;
  const password = form.get('password') ?? '';
  const email = form.get('email')?.trim() ?? '';
  const given = { login: form.get('login') ?? '', name: form.get('name') ?? '' };
  const secured =
    password === (form.get('again') ?? '')
      ? await securePerson(world, contextOf(world, exchange), {
          invitation: rowOf(visit),
          profile:
            invitation.kind === 'reset'
              ? undefined
              : { ...given, email: email === '' ? undefined : email },
          password,
        })
      : no('password_short', 'The two passwords are not the same.', 'again');
  if (!secured.ok) return await showPerson(visit, { form, refusal: secured.refusal });
  const { hasTotp, passkeys } = await countFactors(world.database, invitation.person.id);
  // Whoever keeps a second factor proves it when signing in.
  if (hasTotp || passkeys > 0)
    return await enrol(visit, async () => await Promise.resolve(undefined));
  await world.database.transaction(contextOf(world, exchange), async (tx) => {
    const wrappedTotp = await tx.keys.wrap(newTotpSecret(), secretContextOf(visit));
    await updateSignIn(tx, ticketHash(visit.ticket), { proven: ['pwd'], wrappedTotp });
  });
  redirect(exchange, exchange.url.pathname);
}

function secretContextOf({ invitation }: Visit): string {
  return `identity.enrolment:${invitation.id}`;
}

async function secretOf(visit: Visit): Promise<Buffer> {
  const { world, signIn } = visit;
  const wrapped = signIn.wrappedTotp ?? Buffer.alloc(0);
  return await world.database.keys.unwrap(wrapped, secretContextOf(visit));
}

async function showEnrol(visit: Visit, refusal?: PeopleRefusal): Promise<void> {
  const { world, exchange, ticket, invitation } = visit;
  const { person } = invitation;
  const secret = await secretOf(visit);
  const label = person.profile?.login ?? person.id;
  const uri = totpUri({ secret, issuer: world.site.name, label });
  const page = enrolPage({
    ...(await formStateOf(world, exchange, ticket)),
    status: refusal === undefined ? 200 : answerOf(refusal).status,
    error: refusal?.message,
    secret: totpText(secret),
    uri,
    picture: qrPicture(uri, 'The secret as a picture, for an authenticator application'),
    passkey: await optionsOf(visit),
    canSkip: !isStaff(person.roles),
  });
  send(exchange, page);
}

const CHALLENGE_ABOUT = 'new passkey';

async function optionsOf({ world, ticket, invitation }: Visit): Promise<string | undefined> {
  const { database, site } = world;
  const { person } = invitation;
  if (!canUsePasskeys(site)) return undefined;
  return await passkeyCreation(site, {
    challenge: await challengeOf(database.keys, ticket, CHALLENGE_ABOUT),
    userHandle: Buffer.from(person.id),
    userName: person.profile?.login ?? person.id,
    displayName: person.profile?.name ?? person.id,
    known: await selectPasskeys(database, person.id),
  });
}

async function takeTotp(visit: Visit, form: Form): Promise<void> {
  const secret = await secretOf(visit);
  const asked = { person: visit.invitation.person.id, secret, code: form.get('code') ?? '' };
  await enrol(visit, (tx) => addTotp(tx, asked));
}

async function takePasskey(visit: Visit, form: Form): Promise<void> {
  const { world, ticket, invitation } = visit;
  const { database, site } = world;
  const challenge = await challengeOf(database.keys, ticket, CHALLENGE_ABOUT);
  const json = form.get('passkey') ?? '';
  const asked = { person: invitation.person.id, site, json, challenge };
  await enrol(visit, (tx) => addPasskey(tx, asked));
}

class Refused extends Error {
  readonly refusal: PeopleRefusal;

  constructor(refusal: PeopleRefusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

// The factor and the acceptance are in force together, or neither is.
async function enrol(
  visit: Visit,
  add: (tx: Transaction) => Promise<Result<undefined, PeopleRefusal> | undefined>,
): Promise<void> {
  const { world, exchange } = visit;
  let accepted: Accepted;
  try {
    accepted = await world.database.transaction(contextOf(world, exchange), async (tx) => {
      const added = await add(tx);
      if (added?.ok === false) throw new Refused(added.refusal);
      const done = await acceptInvitation(tx, rowOf(visit));
      if (!done.ok) throw new Refused(done.refusal);
      return done.value;
    });
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return await showEnrol(visit, error.refusal);
  }
  takeTicket(world, exchange);
  send(exchange, donePage(accepted.recoveryCodes));
}
