// Owns what the pages stand on, and the few moves that all of them share: whose ticket it is,
// whether a form is one of ours, and in which context its transaction runs.

import type { Clock, Instant } from '#kernel';
import type {
  Caller,
  Database,
  InteractionAnswer,
  PasskeySite,
  PasswordHasher,
  PendingInteraction,
  TransactionContext,
} from '#platform';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PeopleRefusal } from '../people/refusals.ts';
import { cookieOf, readForm, send, setCookie, type Exchange, type Form } from './exchange.ts';
import type { Page } from './page.ts';
import { formToken, isFormToken, newTicket, readTicket, type Ticket } from './ticket.ts';
import { messagePage } from './views.ts';

/** What the pages ask of the provider. */
export interface PagesProvider {
  interaction(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<PendingInteraction | undefined>;
  finish(
    request: IncomingMessage,
    response: ServerResponse,
    answer: InteractionAnswer,
    caller?: Caller,
  ): Promise<boolean>;
}

export interface PagesWorld {
  readonly database: Database;
  readonly hasher: PasswordHasher;
  readonly clock: Clock;
  /** The bank's name, and the origin of its pages: the issuer. */
  readonly site: PasskeySite;
  readonly provider: PagesProvider;
}

const TICKET_COOKIE = 'florin_ticket';

/** Of a transaction that begins now. */
export function contextOf({ clock }: PagesWorld, exchange: Exchange): TransactionContext {
  return { ...exchange.caller, now: clock.now(), clockOffsetUs: clock.offsetUs };
}

/** The ticket that the browser shows. */
export function ticketOf(world: PagesWorld, exchange: Exchange): Ticket | undefined {
  const text = cookieOf(exchange, world.site.origin, TICKET_COOKIE);
  return readTicket(text, world.clock.now());
}

/** A new ticket, which the browser shows from now on. */
export function giveTicket(world: PagesWorld, exchange: Exchange): Ticket {
  const now = world.clock.now();
  const ticket = newTicket(now);
  setCookie(exchange, world.site.origin, {
    name: TICKET_COOKIE,
    value: ticket.text,
    maxAgeS: secondsBetween(now, ticket.expiresAt),
  });
  return ticket;
}

export function takeTicket({ site }: PagesWorld, exchange: Exchange): void {
  setCookie(exchange, site.origin, { name: TICKET_COOKIE, value: '', maxAgeS: 0 });
}

export function secondsBetween(from: Instant, to: Instant): number {
  return Math.max(0, Math.floor((to - from) / 1_000_000));
}

export interface PostedForm {
  readonly form: Form;
  readonly ticket: Ticket;
  /** Which form of the page it is. */
  readonly step: string;
}

/** A form of ours, sent from a page of ours; otherwise the answer is given and undefined. */
export async function postedForm(
  world: PagesWorld,
  exchange: Exchange,
): Promise<PostedForm | undefined> {
  const form = await readForm(exchange.request, world.site.origin);
  if (form === 'cut_off') {
    exchange.response.destroy();
    return undefined;
  }
  if (typeof form === 'string') {
    send(exchange, formProblemPage(form));
    return undefined;
  }
  const ticket = ticketOf(world, exchange);
  const isOurs =
    ticket !== undefined && (await isFormToken(world.database.keys, ticket, form.get('token')));
  if (!isOurs) {
    const text =
      'This page was open for too long, or cookies are not allowed. Go back and load it again.';
    send(exchange, messagePage(403, 'Please try again', text));
    return undefined;
  }
  return { form, ticket, step: form.get('step') ?? '' };
}

function formProblemPage(problem: 'too_large' | 'not_a_form' | 'foreign'): Page {
  const connection = { connection: 'close' };
  if (problem === 'too_large') {
    return messagePage(413, 'Too large', 'What was sent is too large.', connection);
  }
  if (problem === 'foreign') {
    const text = 'This was sent from a page of another site.';
    return messagePage(403, 'Not allowed', text, connection);
  }
  return messagePage(415, 'Not a form', 'What was sent is no form of this page.', connection);
}

/** What every form of a page carries. */
export async function formStateOf(
  { database }: PagesWorld,
  { url }: Exchange,
  ticket: Ticket,
): Promise<{ readonly action: string; readonly token: string }> {
  return { action: url.pathname, token: await formToken(database.keys, ticket) };
}

/** The status of a page that tells a no, and when to come back. */
export function answerOf({ code, retryAfterS }: PeopleRefusal): {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
} {
  if (retryAfterS !== undefined) {
    return { status: 429, headers: { 'retry-after': String(retryAfterS) } };
  }
  return { status: code === 'sign_in_failed' ? 403 : 422, headers: {} };
}
