// Owns months: written 202611 in the database and 2026-11 elsewhere, always in UTC. Which of them
// are at hand, and until when the records of one are kept.

import { limits } from '#config';
import { assert, parseDate, type Instant } from '#kernel';
import type { RetentionClass } from '../action.ts';
import { monthOf } from '../store/bundle-store.ts';

export const retentionClasses = ['security', 'books', 'aml'] as const;

const retentionMonths: Readonly<Record<RetentionClass, number>> = {
  security: limits.auditRetentionMonthsSecurity.value,
  books: limits.auditRetentionMonthsBooks.value,
  aml: limits.auditRetentionMonthsAml.value,
};

/** 2026-11 for 202611. */
export function formatMonth(month: number): string {
  const text = String(month).padStart(6, '0');
  return `${text.slice(0, 4)}-${text.slice(4)}`;
}

/** 202611 for 2026-11; undefined for any other text. */
export function parseMonth(text: string): number | undefined {
  const isMonth = /^\d{4}-\d\d$/.test(text) && parseDate(`${text}-01`) !== undefined;
  return isMonth ? Number(text.replace('-', '')) : undefined;
}

export function addMonths(month: number, count: number): number {
  const months = Math.floor(month / 100) * 12 + (month % 100) - 1 + count;
  return Math.floor(months / 12) * 100 + (months % 12) + 1;
}

/** The first instant after the month. */
export function endOfMonth(month: number): Instant {
  const end = parseDate(`${formatMonth(addMonths(month, 1))}-01`);
  assert(end !== undefined, `${month} is a month`);
  return end;
}

/** The latest month that is not at hand any more. */
export function latestToArchive(now: Instant): number {
  return addMonths(monthOf(now), -limits.auditMonthsAtHand.value);
}

/** Counted from the end of the month, so that every record is kept at least as long. */
export function retainUntil(month: number, retention: RetentionClass): Instant {
  return endOfMonth(addMonths(month, retentionMonths[retention]));
}
