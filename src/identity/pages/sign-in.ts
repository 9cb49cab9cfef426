// The page of one interaction with the provider: name and password, then a second factor where one
// is due; or a passkey for both; then consent. The provider goes on only with what was proven here,
// in this browser, for this interaction.

import { limits } from '#config';
import { MILLISECOND_US, type Instant } from '#kernel';
import {
  canUsePasskeys,
  passkeyRequest,
  type InteractionAnswer,
  type Passkey,
  type PendingInteraction,
} from '#platform';
import { randomBytes } from 'node:crypto';
import { assuranceOf, type Proof } from '../factors/assurance.ts';
import { countFactors, insertDevice } from '../factors/factor-store.ts';
import { selectPasskeys } from '../factors/passkey-store.ts';
import { proveCode, provePasskey, provePassword } from '../factors/prove.ts';
import { isPersonId, isStaff, type PersonId } from '../people/person.ts';
import { selectPerson } from '../people/person-store.ts';
import { findPerson } from '../people/profile.ts';
import type { PeopleRefusal } from '../people/refusals.ts';
import { sha256 } from '../people/secrets.ts';
import { cookieOf, redirect, send, setCookie, type Exchange } from './exchange.ts';
import { formTargetOf } from './page.ts';
import { deleteSignIn, insertSignIn, selectSignIn, type SignIn } from './sign-in-store.ts';
import { challengeOf, ticketHash, type Ticket } from './ticket.ts';
import { consentPage, factorPage, messagePage, signInPage } from './views.ts';
import {
  answerOf,
  contextOf,
  formStateOf,
  giveTicket,
  postedForm,
  secondsBetween,
  takeTicket,
  ticketOf,
  type PagesWorld,
  type PostedForm,
} from './world.ts';

const DEVICE_COOKIE = 'florin_device';

/** One visit of the page: a request, within an interaction that is under way. */
interface Visit {
  readonly world: PagesWorld;
  readonly exchange: Exchange;
  readonly interaction: PendingInteraction;
}

export async function answerInteraction(world: PagesWorld, exchange: Exchange): Promise<void> {
  const { request, response, url } = exchange;
  const interaction = await world.provider.interaction(request, response);
  if (interaction === undefined || !url.pathname.endsWith(`/${interaction.uid}`)) {
    return sendGone(exchange);
  }
  const visit = { world, exchange, interaction };
  if (request.method !== 'POST') return await show(visit);
  const posted = await postedForm(world, exchange);
  if (posted === undefined) return;
  if (posted.step === 'cancel') {
    takeTicket(world, exchange);
    return await finish(visit, { kind: 'refuse', reason: 'the person did not go on' });
  }
  if (interaction.prompt === 'consent') {
    if (posted.step !== 'allow') return await show(visit);
    return await finish(visit, { kind: 'consent' });
  }
  if (posted.step === 'password') return await takePassword(visit, posted);
  if (posted.step === 'code') return await takeCode(visit, posted);
  if (posted.step === 'passkey') return await takePasskey(visit, posted);
  await show(visit);
}

function sendGone(exchange: Exchange): void {
  const text = 'This sign-in is over. Go back to the application and begin again.';
  send(exchange, messagePage(400, 'Nothing to sign in to', text));
}

async function finish(
  { world, exchange, interaction }: Visit,
  answer: InteractionAnswer,
): Promise<void> {
  const { request, response } = exchange;
  const subject = answer.kind === 'login' ? answer.subject : interaction.subject;
  const caller = { ...exchange.caller, actor: subject ?? exchange.caller.actor };
  if (!(await world.provider.finish(request, response, answer, caller))) sendGone(exchange);
}

async function show(visit: Visit): Promise<void> {
  const { world, exchange, interaction } = visit;
  if (interaction.prompt === 'consent') return await showConsent(visit);
  const ticket = ticketOf(world, exchange);
  const signIn = ticket && (await signInOf(visit, ticket));
  if (ticket !== undefined && signIn !== undefined) return await showFactor(visit, ticket, signIn);
  await showSignIn(visit, ticket ?? giveTicket(world, exchange));
}

// What was proven with the ticket, in this interaction.
async function signInOf(
  { world, interaction }: Visit,
  ticket: Ticket,
): Promise<SignIn | undefined> {
  const now = world.clock.now();
  const found = await selectSignIn(world.database, ticketHash(ticket), { purpose: 'sign_in', now });
  return found?.reference === interaction.uid ? found : undefined;
}

async function showConsent(visit: Visit): Promise<void> {
  const { world, exchange, interaction } = visit;
  const { client, subject, scopesMissing: scopes, redirectUri } = interaction;
  // The bank does not ask for leave to let people use the bank.
  if (client.isFirstParty) return await finish(visit, { kind: 'consent' });
  const { database } = world;
  const isPerson = subject !== undefined && isPersonId(subject);
  const person = isPerson ? await findPerson(database, database.keys, subject) : undefined;
  const ticket = ticketOf(world, exchange) ?? giveTicket(world, exchange);
  const page = consentPage({
    ...(await formStateOf(world, exchange, ticket)),
    client: client.name,
    name: person?.profile?.name,
    scopes,
    formTarget: formTargetOf(redirectUri),
  });
  send(exchange, page);
}

async function showSignIn(
  { world, exchange, interaction }: Visit,
  ticket: Ticket,
  no?: { readonly login: string; readonly refusal: PeopleRefusal },
): Promise<void> {
  const { client, redirectUri, loginHint = '' } = interaction;
  const page = signInPage({
    ...(await formStateOf(world, exchange, ticket)),
    status: 200,
    headers: {},
    ...(no && { ...answerOf(no.refusal), error: no.refusal.message }),
    client: client.name,
    login: no?.login ?? loginHint,
    passkey: await optionsOf(world, ticket, []),
    formTarget: formTargetOf(redirectUri),
  });
  send(exchange, page);
}

async function showFactor(
  { world, exchange, interaction }: Visit,
  ticket: Ticket,
  { person, refusal }: { readonly person: PersonId; readonly refusal?: PeopleRefusal },
): Promise<void> {
  const { hasTotp, recoveryCodes } = await countFactors(world.database, person);
  const passkeys = await selectPasskeys(world.database, person);
  const page = factorPage({
    ...(await formStateOf(world, exchange, ticket)),
    status: 200,
    headers: {},
    ...(refusal && { ...answerOf(refusal), error: refusal.message }),
    hasCode: hasTotp || recoveryCodes > 0,
    passkey: passkeys.length === 0 ? undefined : await optionsOf(world, ticket, passkeys),
    formTarget: formTargetOf(interaction.redirectUri),
  });
  send(exchange, page);
}

const CHALLENGE_ABOUT = 'sign in';

async function optionsOf(
  { database, site }: PagesWorld,
  ticket: Ticket,
  known: readonly Passkey[],
): Promise<string | undefined> {
  if (!canUsePasskeys(site)) return undefined;
  const challenge = await challengeOf(database.keys, ticket, CHALLENGE_ABOUT);
  return await passkeyRequest(site, { challenge, known });
}

async function takePassword(visit: Visit, { form, ticket }: PostedForm): Promise<void> {
  const { world, exchange, interaction } = visit;
  const login = form.get('login') ?? '';
  const password = form.get('password') ?? '';
  const device = cookieOf(exchange, world.site.origin, DEVICE_COOKIE);
  const attempt = { login, password, address: exchange.caller.address, device };
  const proven = await provePassword(world, contextOf(world, exchange), attempt);
  if (!proven.ok) return await showSignIn(visit, ticket, { login, refusal: proven.refusal });
  const { id, roles } = proven.value;
  const { hasTotp, passkeys } = await countFactors(world.database, id);
  const hasSecond = hasTotp || passkeys > 0;
  const needsSecond = isStaff(roles) || interaction.factorsAsked > 1 || hasSecond;
  if (!needsSecond) return await complete(visit, id, ['pwd']);
  if (!hasSecond) return sendFactorless(exchange);
  // From here on another ticket counts: whoever knew the one from before has proven nothing.
  const next = giveTicket(world, exchange);
  await world.database.transaction(contextOf(world, exchange), async (tx) => {
    await insertSignIn(tx, ticketHash(next), {
      purpose: 'sign_in',
      reference: interaction.uid,
      person: id,
      proven: ['pwd'],
      wrappedTotp: undefined,
      expiresAt: next.expiresAt,
    });
  });
  redirect(exchange, exchange.url.pathname);
}

function sendFactorless(exchange: Exchange): void {
  const text =
    'This needs a second factor, and none is set up for you. Ask the bank for a new invitation: ' +
    'nobody who has only learnt a password can set one up.';
  send(exchange, messagePage(403, 'A second factor is needed', text));
}

async function takeCode(visit: Visit, { form, ticket }: PostedForm): Promise<void> {
  const { world, exchange } = visit;
  const signIn = await signInOf(visit, ticket);
  if (signIn === undefined) return await show(visit);
  const { person, proven } = signIn;
  const attempt = { person, code: form.get('code') ?? '', address: exchange.caller.address };
  const proof = await world.database.transaction(contextOf(world, exchange), (tx) =>
    proveCode(tx, attempt),
  );
  if (!proof.ok) return await showFactor(visit, ticket, { person, refusal: proof.refusal });
  await complete(visit, person, [...proven, proof.value], ticket);
}

async function takePasskey(visit: Visit, { form, ticket }: PostedForm): Promise<void> {
  const { world, exchange } = visit;
  const { database, site } = world;
  const signIn = await signInOf(visit, ticket);
  const challenge = await challengeOf(database.keys, ticket, CHALLENGE_ABOUT);
  const attempt = {
    site,
    json: form.get('passkey') ?? '',
    challenge,
    expiresAt: ticket.expiresAt,
    person: signIn?.person,
  };
  const proof = await database.transaction(contextOf(world, exchange), (tx) =>
    provePasskey(tx, attempt),
  );
  if (proof.ok) {
    const proven = [...(signIn?.proven ?? []), 'passkey'] as const;
    return await complete(visit, proof.value, proven, signIn && ticket);
  }
  const { refusal } = proof;
  if (signIn !== undefined) {
    return await showFactor(visit, ticket, { person: signIn.person, refusal });
  }
  await showSignIn(visit, ticket, { login: '', refusal });
}

// Since the first proof the person may have been disabled, or what was begun with the ticket ended.
async function complete(
  visit: Visit,
  person: PersonId,
  proven: readonly Proof[],
  begun?: Ticket,
): Promise<void> {
  const { world, exchange } = visit;
  const { origin } = world.site;
  const known = cookieOf(exchange, origin, DEVICE_COOKIE);
  const device = known !== undefined && /^[\w-]{43}$/.test(known) ? known : newDevice();
  const context = contextOf(world, exchange);
  const until = (context.now + limits.deviceKnownMs.value * MILLISECOND_US) as Instant;
  const isActive = await world.database.transaction(context, async (tx) => {
    if (begun !== undefined && !(await deleteSignIn(tx, ticketHash(begun)))) return false;
    if ((await selectPerson(tx, person))?.status !== 'active') return false;
    await insertDevice(tx, person, { hash: sha256(device), expiresAt: until });
    return true;
  });
  takeTicket(world, exchange);
  if (!isActive) return sendGone(exchange);
  const maxAgeS = secondsBetween(context.now, until);
  setCookie(exchange, origin, { name: DEVICE_COOKIE, value: device, maxAgeS });
  await finish(visit, { kind: 'login', subject: person, ...assuranceOf(proven) });
}

function newDevice(): string {
  return randomBytes(32).toString('base64url');
}
