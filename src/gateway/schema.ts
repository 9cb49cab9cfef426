// Owns the building blocks of request and answer schemas. Objects are closed: a field that is not
// named is refused, because a misspelt limit that is silently ignored costs money.
import { currencyOf, parseDate, parseInstant } from '#kernel';
import type { Currency, Id } from '#kernel';
import { Type } from 'typebox';
import type { TProperties, TSchema, TSchemaOptions } from 'typebox';
import Format from 'typebox/format';

// The formats are ours: stricter than the draft's, and the same functions the kernel reads by.
Format.Set('date-time', (value) => parseInstant(value) !== undefined);
Format.Set('date', (value) => parseDate(value) !== undefined);
Format.Set('date-time-or-date', (value) => isInstantOrDate(value));
Format.Set('currency', (value) => currencyOf(value) !== undefined);

function isInstantOrDate(value: string): boolean {
  return (parseInstant(value) ?? parseDate(value)) !== undefined;
}

const MEMBERS_MAX = 50;

/** An object with these fields and no others. */
export function object<Properties extends TProperties>(
  properties: Properties,
  options: TSchemaOptions = {},
) {
  return Type.Object(properties, { ...options, additionalProperties: false });
}

/** One of a few texts. */
export function choice<const Values extends readonly string[]>(
  values: Values,
  options: TSchemaOptions = {},
) {
  return Type.Unsafe<Values[number]>({ type: 'string', enum: [...values], ...options });
}

/** No control characters (Unicode's category Cc). */
const ONE_LINE = '^[^\\u0000-\\u001f\\u007f-\\u009f]*$';
/** No control characters but tabs and line ends. */
const LINES = '^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f]*$';

/** The patterns that say no more than that. */
export const charactersOnly: ReadonlySet<unknown> = new Set([ONE_LINE, LINES]);

/** A text of one to `lengthMax` characters in one line: a name, an id of the client's own. */
export function text(lengthMax: number, options: TSchemaOptions = {}) {
  return Type.String({ minLength: 1, maxLength: lengthMax, pattern: ONE_LINE, ...options });
}

/** Up to `lengthMax` characters in any number of lines, for people to read. */
export function prose(lengthMax: number, options: TSchemaOptions = {}) {
  return Type.String({ maxLength: lengthMax, pattern: LINES, ...options });
}

/** An id of one kind, typed as such. */
export function idText<Prefix extends string>(prefix: Prefix, options: TSchemaOptions = {}) {
  const hex = (length: number): string => `[0-9a-f]{${length}}`;
  const uuid = [8, 4, 4, 4, 12].map(hex).join('-');
  return Type.Unsafe<Id<Prefix>>({
    type: 'string',
    pattern: `^${prefix}_${uuid}$`,
    description: `an id that begins with ${prefix}_`,
    ...options,
  });
}

/** Minor units, more than zero: what moves. */
export function amountText(options: TSchemaOptions = {}) {
  return Type.String({
    pattern: '^[1-9][0-9]{0,17}$',
    description: 'minor units as text: 1 to 18 digits, more than zero',
    ...options,
  });
}

/** Minor units, zero or more: a limit, a turnover. */
export function amountOrZeroText(options: TSchemaOptions = {}) {
  return Type.String({
    pattern: '^(0|[1-9][0-9]{0,17})$',
    description: 'minor units as text: 1 to 18 digits',
    ...options,
  });
}

/** Minor units of either sign: a balance, a floor. */
export function signedAmountText(options: TSchemaOptions = {}) {
  return Type.String({
    pattern: '^(0|-?[1-9][0-9]{0,18})$',
    description: 'minor units as text, negative with a minus sign',
    ...options,
  });
}

/** The alphabetic code of a currency of ISO 4217 that has minor units. */
export function currencyText(options: TSchemaOptions = {}) {
  return Type.Unsafe<Currency>({
    type: 'string',
    format: 'currency',
    description: 'an alphabetic code of ISO 4217',
    ...options,
  });
}

/** `{"amount":"1050","currency":"CZK"}` with an amount of more than zero. */
export function money(options: TSchemaOptions = {}) {
  return object({ amount: amountText(), currency: currencyText() }, options);
}

/** A time of RFC 3339 with at most six fraction digits; read it with `parseInstant`. */
export function instantText(options: TSchemaOptions = {}) {
  return Type.String({
    format: 'date-time',
    description: 'a time of RFC 3339 such as 2026-11-21T20:00:00Z',
    ...options,
  });
}

/** A calendar date; read it with `parseDate`. */
export function dateText(options: TSchemaOptions = {}) {
  return Type.String({ format: 'date', description: 'a date such as 2026-11-21', ...options });
}

/** A time or a date, for filters. */
export function instantOrDateText(options: TSchemaOptions = {}) {
  return Type.String({
    format: 'date-time-or-date',
    description: 'a time of RFC 3339 such as 2026-11-21T20:00:00Z, or a date such as 2026-11-21',
    ...options,
  });
}

/** Up to 50 texts of the client's own. */
export function metadata(options: TSchemaOptions = {}) {
  return Type.Record(Type.String({ pattern: '^[A-Za-z0-9_.:-]{1,64}$' }), prose(500), {
    additionalProperties: false,
    maxProperties: MEMBERS_MAX,
    description:
      `up to ${MEMBERS_MAX} texts of at most 500 characters, ` +
      'by names of letters, digits and _.:-',
    ...options,
  });
}

/** The body of an answer that is bytes. */
export function bytes(options: TSchemaOptions = {}) {
  return Type.Unsafe<Buffer>({
    type: 'string',
    contentMediaType: 'application/octet-stream',
    ...options,
  });
}

/** A schema, or null. */
export function orNull<Schema extends TSchema>(schema: Schema) {
  return Type.Union([schema, Type.Null()]);
}

/** The query fields of every list. */
export const pageQuery = {
  limit: Type.Integer({
    minimum: 1,
    maximum: 100,
    default: 25,
    description: 'how many to return, from 1 to 100',
  }),
  cursor: Type.Optional(text(500, { description: 'the next_cursor of the page before' })),
};

/** The answer of every list. */
export function pageOf<Item extends TSchema>(item: Item, options: TSchemaOptions = {}) {
  return object(
    { data: Type.Array(item), has_more: Type.Boolean(), next_cursor: orNull(Type.String()) },
    options,
  );
}
