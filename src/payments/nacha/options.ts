// Owns the leniencies: each lets one rule of the standard be broken, by name, for a sender whose
// agreement says so. Without any, a file is held to the NACHA Operating Rules.

export const leniencies = [
  /** The immediate destination is no routing number. */
  'any_destination',
  /** The trace numbers do not begin with the ODFI of their batch. */
  'any_origin',
  /** Trace numbers of any order and form, and addenda that do not name their entry's. */
  'any_trace_numbers',
  'any_batch_order',
  'any_block_count',
  'any_check_digit',
  'any_company_in_control',
  'any_return_reason',
  'any_service_class_in_control',
  /** The addenda and entries counted by a control are not those that are there. */
  'any_addenda_count',
  /** Money in what should move none, such as a prenotification. */
  'any_amount',
  'no_batches',
  'no_file_header',
  'no_file_control',
] as const;

export type Leniency = (typeof leniencies)[number];

export interface NachaOptions {
  readonly leniencies?: readonly Leniency[];
  /** The standard's is ASCII. In the others, letters beyond it may stand in text. */
  readonly charset?: 'ascii' | 'utf-8' | 'windows-1252';
  /** Of a bank that wants each batch's debits to equal its credits. */
  readonly isBalanceRequired?: boolean;
  /** Of a bank that does not take payments of nothing, and returns them (R19). */
  readonly isAmountRequired?: boolean;
  /** Of a bank that wants the immediate origin to be a routing number. */
  readonly isRoutingOriginRequired?: boolean;
}

export interface Strictness {
  isLenient(leniency: Leniency): boolean;
  readonly options: NachaOptions;
}

export function strictnessOf(options: NachaOptions): Strictness {
  const given = new Set(options.leniencies);
  return { isLenient: (leniency) => given.has(leniency), options };
}
