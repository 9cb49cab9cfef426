// What the posting routes share: the check of what a portion says of currencies, the facts of
// accounts that an answer states, and the answers themselves.

import { refuse, type AccountId, type Refusal, type Refused, type TransferId } from '#kernel';
import type { Answer as HttpAnswer } from '#gateway';
import type { Transaction } from '#platform';
import type { BatchAnswer } from '../post.ts';
import type { Answer } from '../posting/decide.ts';
import type { Instruction } from '../posting/instruction.ts';
import type { Entry } from '../posting/transfer.ts';
import type { PostRefusal } from '../refusals.ts';
import { booksOf, replayed, type LedgerEdge } from './edge.ts';
import { AccountFactsCache } from './facts.ts';
import { selectLegCurrencies } from './facts-store.ts';
import type { PortionCurrencies } from './parse.ts';
import {
  resultText,
  seen,
  transferText,
  withMember,
  type FactsOf,
  type ParamOf,
  type Sight,
} from './serialise.ts';

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

export const noParam: ParamOf = () => undefined;

export class PostingEdge {
  readonly #edge: LedgerEdge;
  readonly #facts: AccountFactsCache;
  readonly #factsOf: FactsOf;

  constructor(edge: LedgerEdge) {
    this.#edge = edge;
    this.#facts = new AccountFactsCache(edge.database);
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
    tenant: string | undefined,
  ): Promise<Refused<PostRefusal> | undefined> {
    if (portions.length === 0) return undefined;
    const ids = [...new Set(portions.map(({ transferId }) => transferId))];
    const found = await selectLegCurrencies(booksOf(this.#edge, tenant), ids);
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

  /** Reads what the answers state of accounts. From here to their text nothing waits. */
  readonly know = async (tx: Transaction, answers: readonly Answer[]): Promise<void> => {
    const ids = new Set<AccountId>();
    for (const answer of answers) {
      if (!answer.ok) continue;
      for (const { accountId } of answer.value.transfer.entries) ids.add(accountId);
    }
    await this.#facts.loadThrough(tx, ids);
  };

  /** The answer to one instruction. */
  answerOne(
    result: Answer,
    options: { readonly dryRun: boolean; readonly paramOf: ParamOf; readonly sight: Sight },
  ): HttpAnswer | Refused {
    const { sight } = options;
    if (!result.ok) return refuse(placed(seen(result.refusal, sight), options.paramOf));
    const { transfer, isReplay } = result.value;
    const text = transferText(transfer, this.#factsOf, sight);
    const body = options.dryRun ? withMember(text, '"dry_run":true') : text;
    if (isReplay) return { status: 200, body, headers: replayed };
    if (options.dryRun) return { status: 200, body };
    return { status: 201, body, headers: { location: `/v1/ledger/transfers/${transfer.id}` } };
  }

  /** The answer to a batch: a JSON object, or one line per result. */
  answerBatch(
    batch: BatchAnswer,
    options: {
      readonly dryRun: boolean;
      readonly isNdjson: boolean;
      readonly sight: Sight;
      readonly status?: number;
      readonly paramOf: (index: number) => ParamOf;
    },
  ): HttpAnswer {
    const { batchId, answers } = batch;
    const { sight } = options;
    let refused = 0;
    const results: string[] = [];
    for (let index = 0; index < answers.length; index += 1) {
      const answer = answers[index] as Answer;
      if (!answer.ok) refused += 1;
      results.push(resultText(answer, this.#factsOf, { paramOf: options.paramOf(index), sight }));
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
