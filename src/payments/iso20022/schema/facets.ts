// Owns the values of text: which texts are values of the built-in types of XML Schema that ISO
// 20022 restricts, and the facets by which it restricts them. Numbers are compared as exact
// decimals.
import { assert } from '#kernel';
import type { SimpleType, TextCheck } from './model.ts';

/** A facet as the schema writes it. */
export interface Facet {
  readonly name: string;
  readonly value: string;
}

export interface Restriction {
  readonly name: string;
  readonly base: string;
  readonly facets: readonly Facet[];
}

interface BuiltIn {
  /** Whether blanks around the value are no part of it. */
  readonly isCollapsed: boolean;
  readonly isValue: (text: string) => boolean;
  readonly length: (text: string) => number;
}

const DECIMAL = /^[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)$/;
const ZONE = '(?:Z|[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00))?';
const TIME = '(?:(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\\.[0-9]+)?|24:00:00(?:\\.0+)?)';
const YEAR = '-?(?:[1-9][0-9]{4,17}|[0-9]{4})';
const DATE = new RegExp(`^(${YEAR})-([0-9]{2})-([0-9]{2})${ZONE}$`);
const DATE_TIME = new RegExp(`^(${YEAR})-([0-9]{2})-([0-9]{2})T${TIME}${ZONE}$`);
const TIME_OF_DAY = new RegExp(`^${TIME}${ZONE}$`);
const YEAR_MONTH = new RegExp(`^${YEAR}-(?:0[1-9]|1[0-2])${ZONE}$`);
const YEAR_ALONE = new RegExp(`^${YEAR}${ZONE}$`);
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const MONTH_DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

const builtIns: ReadonlyMap<string, BuiltIn> = new Map([
  ['string', exact(() => true)],
  ['decimal', collapsed((text) => DECIMAL.test(text))],
  ['boolean', collapsed((text) => /^(?:true|false|1|0)$/.test(text))],
  // XML Schema allows blanks around a date, libxml2 does not; nor do we, who gain nothing by them.
  ['date', exact((text) => isDate(DATE.exec(text)))],
  ['dateTime', exact((text) => isDate(DATE_TIME.exec(text)))],
  ['time', exact((text) => TIME_OF_DAY.test(text))],
  ['gYearMonth', exact((text) => YEAR_MONTH.test(text))],
  ['gYear', exact((text) => YEAR_ALONE.test(text))],
  ['base64Binary', { isCollapsed: true, isValue: isBase64, length: octets }],
]);

/** The type that a restriction of a built-in type describes. */
export function restrict({ name, base, facets }: Restriction): SimpleType {
  const builtIn = builtIns.get(base);
  assert(builtIn !== undefined, `the schema restricts ${base}, which is not read here`);
  const checks = [...checksOf(facets, builtIn), ...enumerationOf(facets), ...patternOf(facets)];
  const check = (text: string) => {
    const value = builtIn.isCollapsed ? collapse(text) : text;
    if (!builtIn.isValue(value)) return `is no ${base}`;
    for (const one of checks) {
      const fault = one(value);
      if (fault !== undefined) return fault;
    }
    return undefined;
  };
  return { kind: 'simple', name, check };
}

function checksOf(facets: readonly Facet[], builtIn: BuiltIn): TextCheck[] {
  return facets.flatMap(({ name, value }): TextCheck[] => {
    const count = Number(value);
    switch (name) {
      case 'length':
        return [(text) => only(builtIn.length(text) === count, `is not ${value} long`)];
      case 'minLength':
        return [(text) => only(builtIn.length(text) >= count, `is shorter than ${value}`)];
      case 'maxLength':
        return [(text) => only(builtIn.length(text) <= count, `is longer than ${value}`)];
      case 'totalDigits':
        return [(text) => only(digitsOf(text).total <= count, `has more than ${value} digits`)];
      case 'fractionDigits':
        return [(text) => only(digitsOf(text).fraction <= count, `has over ${value} decimals`)];
      case 'minInclusive':
        return [(text) => only(compare(text, value) >= 0, `is less than ${value}`)];
      case 'maxInclusive':
        return [(text) => only(compare(text, value) <= 0, `is more than ${value}`)];
      default:
        assert(['pattern', 'enumeration'].includes(name), `the facet ${name} is not read here`);
        return [];
    }
  });
}

function only(holds: boolean, fault: string): string | undefined {
  return holds ? undefined : fault;
}

function enumerationOf(facets: readonly Facet[]): TextCheck[] {
  const values = facets.filter(({ name }) => name === 'enumeration').map(({ value }) => value);
  if (values.length === 0) return [];
  const allowed = new Set(values);
  return [(text) => only(allowed.has(text), 'is none of the values allowed')];
}

// Several patterns of one restriction are alternatives. Those of ISO 20022 mean the same in the
// expressions of JavaScript; others of XML Schema would not, and are refused.
function patternOf(facets: readonly Facet[]): TextCheck[] {
  const patterns = facets.filter(({ name }) => name === 'pattern').map(({ value }) => value);
  if (patterns.length === 0) return [];
  for (const pattern of patterns) {
    assert(
      !/\\[^+\-.()[\]]|[$^]|-\[[^\]]*\]\]/.test(pattern),
      `the pattern ${pattern} is not read here`,
    );
  }
  const whole = new RegExp(`^(?:${patterns.map((one) => `(?:${one})`).join('|')})$`, 'u');
  return [(text) => only(whole.test(text), `does not match ${patterns.join(' or ')}`)];
}

function collapsed(isValue: (text: string) => boolean): BuiltIn {
  return { isCollapsed: true, isValue, length: characters };
}

function exact(isValue: (text: string) => boolean): BuiltIn {
  return { isCollapsed: false, isValue, length: characters };
}

function collapse(text: string): string {
  return text.replaceAll(/[ \t\n\r]+/g, ' ').replaceAll(/^ | $/g, '');
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function isBase64(text: string): boolean {
  return BASE64.test(text.replaceAll(' ', ''));
}

function octets(text: string): number {
  const digits = text.replaceAll(/[ =]/g, '').length;
  return Math.floor((digits * 3) / 4);
}

function isDate(part: RegExpExecArray | null): boolean {
  if (part === null) return false;
  const year = BigInt(part[1] ?? '0');
  const month = Number(part[2]);
  const day = Number(part[3]);
  const isLeap = year % 4n === 0n && (year % 100n !== 0n || year % 400n === 0n);
  const length = month === 2 && isLeap ? 29 : MONTH_DAYS[month - 1];
  return year !== 0n && length !== undefined && day >= 1 && day <= length;
}

interface Decimal {
  readonly isNegative: boolean;
  readonly whole: string;
  readonly fraction: string;
}

function decimalOf(text: string): Decimal {
  const unsigned = text.replace(/^[+-]/, '');
  const [whole = '', fraction = ''] = unsigned.split('.');
  const size = { whole: whole.replace(/^0+/, ''), fraction: fraction.replace(/0+$/, '') };
  const isZero = size.whole === '' && size.fraction === '';
  return { isNegative: text.startsWith('-') && !isZero, ...size };
}

function digitsOf(text: string): { total: number; fraction: number } {
  const { whole, fraction } = decimalOf(text);
  return { total: whole.length + fraction.length, fraction: fraction.length };
}

function compare(left: string, right: string): number {
  const a = decimalOf(left);
  const b = decimalOf(right);
  const scale = Math.max(a.fraction.length, b.fraction.length);
  const difference = scaled(a, scale) - scaled(b, scale);
  return difference === 0n ? 0 : difference < 0n ? -1 : 1;
}

function scaled({ isNegative, whole, fraction }: Decimal, scale: number): bigint {
  const size = BigInt(`${whole}${fraction.padEnd(scale, '0')}` || '0');
  return isNegative ? -size : size;
}
