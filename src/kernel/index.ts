// The kernel's only door: money, currencies, ids, time, results and faults. Everything here is pure
// and imports nothing of the project, so that every context can stand on it.
export { accept, refuse } from './result.ts';
export type { Accepted, Refusal, Refused, Result } from './result.ts';
export { Fault } from './fault.ts';
export type { FaultOptions } from './fault.ts';
export { assert, assertNever, Bug } from './assert.ts';
export {
  DAY_US,
  HOUR_US,
  MILLISECOND_US,
  MINUTE_US,
  SECOND_US,
  endOfDay,
  formatDate,
  formatInstant,
  instantOf,
  instantOfMs,
  manualClock,
  msOf,
  parseDate,
  parseInstant,
  startOfDay,
} from './time.ts';
export type { Clock, Instant, ManualClock } from './time.ts';
export {
  addDays,
  businessDayRules,
  calendars,
  datePartsOf,
  dayInMonth,
  isBusinessDay,
  nextBusinessDay,
  toBusinessDay,
} from './calendar.ts';
export type { BusinessDayRule, Calendar } from './calendar.ts';
export {
  idOf,
  isId,
  newId,
  newUuid,
  uuidBatch,
  uuidFloor,
  madeAtMs,
  UUID_FIRST,
  uuidOf,
} from './id.ts';
export type { AccountId, BatchId, EventId, Id, TransferId, Uuid, UuidBatch } from './id.ts';
export { randomHex } from './random.ts';
export { currencyOf, currencyRecordOf, currencyRecords, minorUnitsOf } from './currency.ts';
export type { Currency, CurrencyRecord } from './currency.ts';
export {
  AMOUNT_MAX,
  RATE_DECIMALS,
  add,
  allocate,
  convert,
  formatDecimal,
  formatRate,
  multiply,
  parseDecimal,
  parseMinorUnits,
  parseRate,
  subtract,
} from './money.ts';
export type { Money, Rate, Rounding } from './money.ts';
