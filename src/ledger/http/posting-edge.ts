// What the posting routes share: the check of what a portion says of currencies, the facts of
// accounts that an answer states, and the answers themselves.

import {
  assert,
  Fault,
  refuse,
  type AccountId,
  type Refusal,
  type Refused,
  type TransferId,
} from '#kernel';
import type { Answer as HttpAnswer } from '#gateway';
import type { Queryable } from '#platform';
import type { BatchAnswer } from '../post.ts';
import type { Answer } from '../posting/decide.ts';
import type { Instruction } from '../posting/instruction.ts';
import type { Entry } from '../posting/transfer.ts';
import type { PostRefusal } from '../refusals.ts';
import { replayed } from './edge.ts';
import { AccountFactsCache } from './facts.ts';
import { selectLegCurrencies } from './facts-store.ts';
import type { PortionCurrencies } from './parse.ts';
import { resultText, transferText, withMember, type FactsOf } from './serialise.ts';

/** Which member of the request a refusal's leg stands in, where the client gave legs. */
export type ParamOf = (refusal: PostRefusal) => string | undefined;

/** Of a body with legs, or with the two accounts of the simple form; other kinds name no legs. */
export function paramIn(body: {
  readonly legs?: readonly unknown[];
  readonly debit_account_id?: string;
}): ParamOf {
  return ({ leg }) => {
    if (leg === undefined) return undefined;
    if (body.debit_account_id === undefined) return `legs[${leg}]`;
    return leg === 0 ? 'debit_account_id' : 'credit_account_id';
  };
}

/** How often what an answer needs is read before giving up. */
const LOAD_TRIES = 10;

export const noParam: ParamOf = () => undefined;

export class PostingEdge {
  readonly #queryable: Queryable;
  readonly #facts: AccountFactsCache;
  readonly #factsOf: FactsOf;

  constructor(queryable: Queryable) {
    this.#queryable = queryable;
    this.#facts = new AccountFactsCache(queryable);
    this.#factsOf = ({ accountId }: Entry) => this.#facts.require(accountId);
  }

  /** Before posting: what can be read now must not fail when the money has moved. */
  async prepare(instructions: readonly Instruction[]): Promise<void> {
    const ids: AccountId[] = [];
    for (const instruction of instructions) {
      if (instruction.kind !== 'transfer' && instruction.kind !== 'hold') continue;
      for (const { accountId } of instruction.legs) ids.push(accountId);
    }
    await this.#facts.load(ids);
  }

  /**
   * Refuses a portion in another currency than its leg has. A transfer or a leg that does not exist
   * is the ledger's to refuse.
   */
  async checkCurrencies(
    portions: readonly PortionCurrencies[],
  ): Promise<Refused<PostRefusal> | undefined> {
    if (portions.length === 0) return undefined;
    const ids = [...new Set(portions.map(({ transferId }) => transferId))];
    const found = await selectLegCurrencies(this.#queryable, ids);
    const byTransfer = Map.groupBy(found, ({ transferId }) => transferId);
    for (const { transferId, legs } of portions) {
      const actual = byTransfer.get(transferId) ?? [];
      for (const { leg, currency, param } of legs) {
        const other = actual.find(
          (one) => (leg === undefined || one.leg === leg) && one.currency !== currency,
        );
        if (other !== undefined) return mismatch(transferId, other.currency, currency, param);
      }
    }
    return undefined;
  }

  /** The answer to one instruction. */
  async answerOne(
    result: Answer,
    options: { readonly dryRun: boolean; readonly paramOf: ParamOf },
  ): Promise<HttpAnswer | Refused> {
    if (!result.ok) return refuse(placed(result.refusal, options.paramOf));
    const { transfer, isReplay } = result.value;
    await this.#know([result]);
    const text = transferText(transfer, this.#factsOf);
    const body = options.dryRun ? withMember(text, '"dry_run":true') : text;
    if (isReplay) return { status: 200, body, headers: replayed };
    if (options.dryRun) return { status: 200, body };
    return { status: 201, body, headers: { location: `/v1/ledger/transfers/${transfer.id}` } };
  }

  /** The answer to a batch: a JSON object, or one line per result. */
  async answerBatch(
    batch: BatchAnswer,
    options: {
      readonly dryRun: boolean;
      readonly isNdjson: boolean;
      readonly status?: number;
      readonly paramOf: (index: number) => ParamOf;
    },
  ): Promise<HttpAnswer> {
    const { batchId, answers } = batch;
    await this.#know(answers);
    let refused = 0;
    const results: string[] = [];
    for (let index = 0; index < answers.length; index += 1) {
      const answer = answers[index] as Answer;
      if (!answer.ok) refused += 1;
      results.push(resultText(answer, this.#factsOf, options.paramOf(index)));
    }
    const accepted = answers.length - refused;
    const { dryRun, status = 200 } = options;
    if (options.isNdjson) {
      const headers = {
        'content-type': 'application/x-ndjson; charset=utf-8',
        'batch-id': batchId,
        'accepted-count': String(accepted),
        'refused-count': String(refused),
      };
      return { status, body: `${results.join('\n')}\n`, headers };
    }
    const heading = `{"batch_id":"${batchId}",${dryRun ? '"dry_run":true,' : ''}`;
    const counts = `"accepted":${accepted},"refused":${refused},`;
    return { status, body: `${heading}${counts}"results":[${results.join(',')}]}` };
  }

  // Money may have moved: a failure here must not invite the client to send the request again as if
  // it had not. With an external id the repeated request is answered with what was done.
  async #know(answers: readonly Answer[]): Promise<void> {
    const ids: AccountId[] = [];
    for (const answer of answers) {
      if (!answer.ok) continue;
      for (const { accountId } of answer.value.transfer.entries) ids.push(accountId);
    }
    try {
      // Again if others have pushed them out meanwhile: from here to the text nothing waits.
      for (let tries = 1; ; tries += 1) {
        const loading = this.#facts.load(ids);
        if (loading === undefined) return;
        assert(tries <= LOAD_TRIES, 'the accounts of an answer do not stay known');
        await loading;
      }
    } catch (cause) {
      throw new Fault('commit_unknown', {
        retryable: false,
        message: 'The answer was lost; repeat the request with the same external id.',
        cause,
      });
    }
  }
}

function placed(refusal: PostRefusal, paramOf: ParamOf): Refusal {
  const { code, message } = refusal;
  const param = refusal.param ?? paramOf(refusal);
  return param === undefined ? { code, message } : { code, message, param };
}

function mismatch(
  transferId: TransferId,
  actual: string,
  asked: string,
  param: string,
): Refused<PostRefusal> {
  const message = `${transferId} is in ${actual}, the amount in ${asked}`;
  return refuse({ code: 'currency_mismatch', message, param });
}
