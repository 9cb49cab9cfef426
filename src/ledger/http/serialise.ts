// Writes what was posted as JSON text by hand: an answer to a batch holds tens of thousands of
// amounts, and a general serialiser would look at each value to find out what it is. Ids, amounts
// and codes need no escaping; whatever a client wrote is quoted by JSON.stringify.

import { formatInstant, type Instant } from '#kernel';
import { balanceOf } from '../posting/balance.ts';
import type { Answer } from '../posting/decide.ts';
import type { Entry, Transfer } from '../posting/transfer.ts';
import { refusals } from '../refusals.ts';
import type { PostRefusal } from '../refusals.ts';
import type { AccountFacts } from './facts.ts';

/** What an answer says of an entry's account. */
export type FactsOf<E extends Entry = Entry> = (entry: E) => AccountFacts;

/**
 * How much an answer tells of the accounts: all of it to staff; to whoever acts on granted objects
 * nothing of what is on them, since in a transfer most are accounts of others.
 */
export type Sight = 'all' | 'granted';

let lastInstant: Instant | undefined;
let lastText = '';

// All transfers of a batch share their recorded time, and mostly their effective time too.
function timeText(instant: Instant): string {
  if (instant !== lastInstant) {
    lastInstant = instant;
    lastText = formatInstant(instant);
  }
  return lastText;
}

/** The transfer as a JSON object. */
export function transferText<E extends Entry>(
  transfer: Transfer & { readonly entries: readonly E[] },
  factsOf: FactsOf<E>,
  sight: Sight,
): string {
  const { externalId, description, metadata, exchange, holdId, reversesId, expiresAt } = transfer;
  let text = `{"id":"${transfer.id}","kind":"${transfer.kind}"`;
  if (externalId !== undefined) text += `,"external_id":${JSON.stringify(externalId)}`;
  if (description !== undefined) text += `,"description":${JSON.stringify(description)}`;
  if (metadata !== undefined) text += `,"metadata":${JSON.stringify(metadata)}`;
  if (exchange !== undefined) {
    const { from, to, rate } = exchange;
    text += `,"exchange":{"from":"${from}","to":"${to}","rate":"${rate}"}`;
  }
  if (holdId !== undefined) text += `,"hold_id":"${holdId}"`;
  if (reversesId !== undefined) text += `,"reverses_id":"${reversesId}"`;
  if (expiresAt !== undefined) text += `,"expires_at":"${timeText(expiresAt)}"`;
  text += `,"effective_at":"${timeText(transfer.effectiveAt)}"`;
  text += `,"recorded_at":"${timeText(transfer.recordedAt)}","entries":[`;
  const { entries } = transfer;
  for (let index = 0; index < entries.length; index += 1) {
    const entry = entries[index] as E;
    text += `${index === 0 ? '' : ','}${entryText(entry, factsOf(entry), sight)}`;
  }
  return `${text}]}`;
}

export function amountOf({ posted, pending }: Entry): bigint {
  if (posted > 0n) return posted;
  return pending < 0n ? -pending : pending;
}

function entryText(entry: Entry, { currency, normalSide }: AccountFacts, sight: Sight): string {
  const moved =
    `{"leg":${entry.leg},"account_id":"${entry.accountId}","side":"${entry.side}",` +
    `"amount":"${amountOf(entry)}","currency":"${currency}","posted":"${entry.posted}",` +
    `"pending":"${entry.pending}"`;
  if (sight === 'granted') return `${moved}}`;
  return (
    `${moved},"version":${entry.version},` +
    `"balances":{"balance":"${balanceOf(normalSide, entry)}",` +
    `"posted_debits":"${entry.postedDebits}","posted_credits":"${entry.postedCredits}",` +
    `"pending_debits":"${entry.pendingDebits}","pending_credits":"${entry.pendingCredits}"}}`
  );
}

/** Adds a member to the end of a JSON object's text. */
export function withMember(object: string, member: string): string {
  return `${object.slice(0, -1)},${member}}`;
}

/** One result of a batch. `paramOf` says which member of its item a refusal is about. */
export function resultText(
  answer: Answer,
  factsOf: FactsOf,
  { paramOf, sight }: { readonly paramOf: ParamOf; readonly sight: Sight },
): string {
  if (!answer.ok) {
    const refusal = refusalText(seen(answer.refusal, sight), paramOf);
    return `{"status":"refused","refusal":${refusal}}`;
  }
  const { transfer, isReplay } = answer.value;
  const status = isReplay ? 'replayed' : 'posted';
  return `{"status":"${status}","transfer":${transferText(transfer, factsOf, sight)}}`;
}

/** A refusal's message may tell how much is on an account. */
export function seen(refusal: PostRefusal, sight: Sight): PostRefusal {
  if (sight === 'all') return refusal;
  return { ...refusal, message: refusals[refusal.code].title };
}

/** Which member of the request a refusal's leg stands in, where the client gave legs. */
export type ParamOf = (refusal: PostRefusal) => string | undefined;

function refusalText(refusal: PostRefusal, paramOf: ParamOf): string {
  const { code, message, leg } = refusal;
  const param = refusal.param ?? paramOf(refusal);
  return JSON.stringify({ code, message, retryable: refusals[code].retryable, leg, param });
}
