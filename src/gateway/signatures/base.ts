// Owns the signature base (RFC 9421 §2.5): the bytes that are signed, built alike by both sides
// from the message and the list of what is covered. Nothing can be covered twice.
import { writeFieldItem, writeFieldList } from '#platform';
import type { FieldInnerList } from '#platform';
import { ComponentError, componentValue } from './components.ts';
import type { SignableMessage } from './components.ts';

/** More than any sensible signature covers. */
const COMPONENTS_MAX = 64;

export function signatureBase(message: SignableMessage, covered: FieldInnerList): Buffer {
  const [components] = covered;
  if (components.length > COMPONENTS_MAX) throw new ComponentError('too much is covered');
  const seen = new Set<string>();
  const lines = components.map((component) => {
    const identifier = writeFieldItem(component);
    if (seen.has(identifier)) throw new ComponentError(`${identifier} is covered twice`);
    seen.add(identifier);
    return `${identifier}: ${componentValue(message, component)}`;
  });
  lines.push(`"@signature-params": ${writeFieldList([covered])}`);
  // Values of fields are octets, which Node holds as one character each.
  return Buffer.from(lines.join('\n'), 'latin1');
}

/** Names of the components that are covered as they are; with parameters they may be less. */
export function plainlyCovered([components]: FieldInnerList): ReadonlySet<string> {
  const plain = components.filter(([, parameters]) => parameters.size === 0);
  return new Set(plain.map(([name]) => String(name)));
}
