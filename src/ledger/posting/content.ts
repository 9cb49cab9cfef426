// Tells a replay from a reuse of an external id: the hash of what was asked, and, when two contents
// differ, the first difference by name. Times and amounts enter the hash as asked, not as resolved.

import { hash } from 'node:crypto';
import type { Refused } from '#kernel';
import type { PostRefusal, PostRefusalCode } from '../refusals.ts';
import type { Exchange, Instruction, Leg, Metadata } from './instruction.ts';
import { no } from './legs.ts';
import type { StoredTransfer, TransferKind } from './transfer.ts';

const HASH_HEX_LENGTH = 32;

/** 128 bits of SHA-256 over the instruction's content, as hex. */
export function contentHashOf(instruction: Instruction): string {
  return hash('sha256', JSON.stringify(contentOf(instruction))).slice(0, HASH_HEX_LENGTH);
}

function contentOf(instruction: Instruction): unknown[] {
  const common = [
    instruction.kind,
    instruction.description ?? null,
    instruction.metadata === undefined ? null : metadataText(instruction.metadata),
    instruction.effectiveAt ?? null,
  ];
  switch (instruction.kind) {
    case 'transfer':
      return [...common, instruction.legs.map(legContent), exchangeText(instruction.exchange)];
    case 'hold': {
      const { legs, exchange, expiresAt } = instruction;
      return [...common, legs.map(legContent), exchangeText(exchange), expiresAt ?? null];
    }
    case 'capture':
      return [
        ...common,
        instruction.holdId,
        portionContent(instruction),
        instruction.final === true,
      ];
    case 'increase':
      return [
        ...common,
        instruction.holdId,
        portionContent(instruction),
        instruction.expiresAt ?? null,
      ];
    case 'void':
      return [...common, instruction.holdId];
    case 'reverse':
      return [...common, instruction.transferId, portionContent(instruction)];
  }
}

function legContent(leg: Leg): unknown[] {
  const { conditions } = leg;
  return [
    leg.accountId,
    leg.side,
    String(leg.amount),
    leg.currency ?? null,
    leg.upTo === true,
    conditions === undefined
      ? null
      : [
          String(conditions.availableAtLeast),
          String(conditions.balanceAtLeast),
          String(conditions.version),
        ],
  ];
}

function portionContent(portion: {
  amount?: bigint | undefined;
  legs?: readonly { leg: number; amount: bigint }[] | undefined;
}): unknown {
  if (portion.amount !== undefined) return String(portion.amount);
  return portion.legs?.map((part) => [part.leg, String(part.amount)]) ?? null;
}

function metadataText(metadata: Metadata): string {
  return JSON.stringify(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
}

// Member by member: the database gives them back in an order of its own.
function exchangeText(exchange: Exchange | undefined): string {
  return exchange === undefined ? '' : `${exchange.from} ${exchange.to} ${exchange.rate}`;
}

const STORED_KIND = {
  transfer: 'transfer',
  hold: 'hold',
  capture: 'capture',
  increase: 'increase',
  void: 'void',
  reverse: 'reversal',
} as const satisfies Record<Instruction['kind'], TransferKind>;

/** Why the instruction is not the one stored under its external id, by its first difference. */
export function differenceOf(asked: Instruction, stored: StoredTransfer): Refused<PostRefusal> {
  const name = firstDifference(asked, stored);
  const code: PostRefusalCode = `exists_with_different_${name}`;
  const words = name.replaceAll('_', ' ');
  return no(
    code,
    `external id ${asked.externalId} belongs to ${stored.id} with different ${words}`,
  );
}

type Difference = PostRefusalCode extends infer Code
  ? Code extends `exists_with_different_${infer Name}`
    ? Name
    : never
  : never;

function firstDifference(asked: Instruction, stored: StoredTransfer): Difference {
  if (STORED_KIND[asked.kind] !== stored.kind) return 'kind';
  if ('holdId' in asked && asked.holdId !== stored.holdId) return 'hold';
  if (asked.kind === 'reverse' && asked.transferId !== stored.reversesId) return 'transfer';
  const legs = differenceOfLegs(asked, stored);
  if (legs !== undefined) return legs;
  if ((asked.effectiveAt ?? stored.recordedAt) !== stored.effectiveAt) return 'effective_at';
  if (asked.kind === 'hold' || asked.kind === 'increase') {
    if (asked.expiresAt !== stored.expiresAt) return 'deadline';
  }
  if (asked.kind === 'transfer' || asked.kind === 'hold') {
    if (exchangeText(asked.exchange) !== exchangeText(stored.exchange)) return 'exchange';
  }
  if (asked.description !== stored.description) return 'description';
  if (metadataText(asked.metadata ?? {}) !== metadataText(stored.metadata ?? {})) return 'metadata';
  return 'content';
}

function differenceOfLegs(asked: Instruction, stored: StoredTransfer): Difference | undefined {
  const amountOf = (entry: { posted: bigint; pending: bigint }): bigint =>
    stored.kind === 'hold' || stored.kind === 'increase' ? entry.pending : entry.posted;
  const byLeg = new Map(stored.entries.map((entry) => [entry.leg, entry]));
  if (asked.kind === 'transfer' || asked.kind === 'hold') {
    for (const [leg, entry] of byLeg) {
      const wanted = asked.legs[leg];
      if (wanted === undefined || wanted.side !== entry.side) return 'legs';
    }
    for (const [index, wanted] of asked.legs.entries()) {
      const entry = byLeg.get(index);
      if (entry === undefined && wanted.upTo !== true) return 'legs';
      if (entry !== undefined && entry.accountId !== wanted.accountId) return 'account';
    }
    const differs = asked.legs.some((wanted, index) => {
      const entry = byLeg.get(index);
      const isFixed = wanted.upTo !== true && wanted.amount !== 'remaining';
      return isFixed && entry !== undefined && amountOf(entry) !== wanted.amount;
    });
    return differs ? 'amount' : undefined;
  }
  if (asked.kind === 'void') return undefined;
  if (asked.amount !== undefined) {
    const differs = stored.entries.some((entry) => amountOf(entry) !== asked.amount);
    return differs ? 'amount' : undefined;
  }
  const differs = asked.legs?.some((part) => {
    const entry = byLeg.get(part.leg);
    return entry === undefined || amountOf(entry) !== part.amount;
  });
  return differs === true ? 'amount' : undefined;
}
