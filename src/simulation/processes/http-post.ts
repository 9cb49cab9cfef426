// Owns posting over HTTP as a client does it: lists to the batch endpoint, single instructions to
// their own. A problem that the ledger gave is an answer; anything else the client may try again.
// An attempt has an idempotency key of its own: the external id makes asking again safe.

import { randomUUID } from 'node:crypto';
import { Fault, formatInstant, type Instant } from '#kernel';
import type { Instruction, Leg, LegPart, PostMode } from '#ledger';
import type { Outcome } from './report.ts';

/** Of every portion; legs bring their own. */
const CURRENCY = 'CZK';

interface TransferBody {
  readonly id: string;
  readonly kind: string;
}

interface Problem {
  readonly code: string;
}

export interface Asked {
  readonly url: string;
  readonly token: string;
}

export async function postOverHttp(
  server: Asked,
  instructions: readonly Instruction[],
  mode: PostMode,
): Promise<Outcome[]> {
  const [only, ...more] = instructions;
  if (only !== undefined && more.length === 0 && only.linked === undefined) {
    return [await postOne(server, only)];
  }
  const items = instructions.map(itemOf);
  const { status, body } = await send(server, `/transfers/batch?mode=${mode}`, items);
  if (status !== 200) throw new Error(`a batch was answered with ${status} ${text(body)}`);
  const { results } = body as {
    results: { status: string; transfer?: TransferBody; refusal?: Problem }[];
  };
  return results.map((result): Outcome => {
    const { transfer, refusal } = result;
    if (transfer !== undefined) return outcomeOf(transfer, result.status === 'replayed');
    if (refusal !== undefined) return { ok: false, code: refusal.code };
    throw new Error(`a result has neither transfer nor refusal: ${text(result)}`);
  });
}

async function postOne(server: Asked, instruction: Instruction): Promise<Outcome> {
  const { hold_id: holdId, transfer_id: transferId, kind, ...rest } = itemOf(instruction);
  const target = holdId ?? transferId;
  const { status, body } =
    target === undefined
      ? await send(server, '/transfers', { kind, ...rest })
      : await send(server, `/transfers/${target}/${kind}`, rest);
  if (status === 200 || status === 201) return outcomeOf(body as TransferBody, status === 200);
  const { code } = body as Problem;
  if (status === 422 || status === 409) return { ok: false, code };
  throw new Error(`${text(instruction)} was answered with ${status} ${text(body)}`);
}

function outcomeOf({ id, kind }: TransferBody, isReplay: boolean): Outcome {
  return { ok: true, id: id as Extract<Outcome, { ok: true }>['id'], kind, isReplay };
}

/** Whatever keeps an answer from coming, the database's absence included, is a retryable fault. */
async function send(
  { url, token }: Asked,
  path: string,
  body: object,
): Promise<{ status: number; body: unknown }> {
  let response: Response;
  let answer: unknown;
  try {
    response = await fetch(`${url}/v1/ledger${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'idempotency-key': `"${randomUUID()}"`,
      },
      body: text(body),
    });
    answer = await response.json();
  } catch (cause) {
    throw new Fault('server_gone', { retryable: true, cause });
  }
  const { status } = response;
  if (status < 500 && status !== 429) return { status, body: answer };
  throw new Fault('server_troubled', { retryable: true, message: text(answer) });
}

function text(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'bigint' ? String(inner) : inner,
  );
}

interface Item {
  readonly kind: Instruction['kind'];
  readonly hold_id?: string;
  readonly transfer_id?: string;
  readonly [member: string]: unknown;
}

/** The instruction as an item of a batch; members that are undefined vanish in JSON. */
function itemOf(instruction: Instruction): Item {
  const common = {
    kind: instruction.kind,
    external_id: instruction.externalId,
    description: instruction.description,
    effective_at: timeOf(instruction.effectiveAt),
    linked: instruction.linked,
  };
  switch (instruction.kind) {
    case 'transfer':
      return { ...common, legs: instruction.legs.map(legOf) };
    case 'hold': {
      const expires_at = timeOf(instruction.expiresAt);
      return { ...common, legs: instruction.legs.map(legOf), expires_at };
    }
    case 'capture':
      return { ...common, hold_id: instruction.holdId, ...portionOf(instruction) };
    case 'increase':
      return { ...common, hold_id: instruction.holdId, ...portionOf(instruction) };
    case 'void':
      return { ...common, hold_id: instruction.holdId };
    case 'reverse':
      return { ...common, transfer_id: instruction.transferId, ...portionOf(instruction) };
  }
}

function timeOf(instant: Instant | undefined): string | undefined {
  return instant === undefined ? undefined : formatInstant(instant);
}

function legOf({ accountId, side, amount, currency, upTo }: Leg): object {
  const account = { account_id: accountId, side };
  if (amount === 'remaining') return { ...account, remaining: true };
  return { ...account, amount, currency, up_to: upTo };
}

function portionOf(portion: {
  readonly amount?: bigint | undefined;
  readonly legs?: readonly LegPart[] | undefined;
}): object {
  const { amount, legs } = portion;
  return {
    ...(amount === undefined ? {} : { amount, currency: CURRENCY }),
    ...(legs === undefined ? {} : { legs: legs.map((part) => ({ ...part, currency: CURRENCY })) }),
  };
}
