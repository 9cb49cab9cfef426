// The messages of other open-source projects, each with the verdict its manifest names; the judge
// of schemas against libxml2, on the samples and on damaged ones; and what we write against the
// schemas.

import assert from 'node:assert/strict';
import { createReadStream, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import { readXmlText, type XmlEvent } from '#platform';
import { judgeMessage, type MessageVerdict } from '../src/payments/iso20022/judge.ts';
import { writeRailMessage, writtenVersions } from '../src/payments/iso20022/messages/write.ts';
import { schemaOf, spokenMessages } from '../src/payments/iso20022/schema/catalogue.ts';
import { compileSchema } from '../src/payments/iso20022/schema/compile.ts';
import type { Schema } from '../src/payments/iso20022/schema/model.ts';
import { SchemaValidator } from '../src/payments/iso20022/schema/validator.ts';
import { Mutations } from '../src/payments/iso20022/testing/mutations.ts';
import { railMessages } from '../src/payments/iso20022/testing/samples.ts';
import { fuzzIso20022, isoFolder } from './iso20022-fuzz.ts';

const folder = isoFolder;
const kept = path.join(path.dirname(import.meta.dirname), 'src/payments/iso20022/schemas');
const limits = { depthMax: 64, attributesMax: 32, tokenCharactersMax: 1_048_576 };

const seed = 20_022;

interface Sample {
  readonly file: string;
  readonly message: string;
  readonly contents: string;
  readonly schema: string;
  readonly arithmetic: string;
}

const samples: readonly Sample[] = readFileSync(path.join(folder, 'manifest.tsv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [file = '', message = '', contents = '', schema = '', arithmetic = ''] = line.split('\t');
    return { file, message, contents, schema, arithmetic };
  });

/** Rules of arithmetic: all others are of form. */
const arithmetic = new Set([
  'iso_count_wrong',
  'iso_control_sum_wrong',
  'iso_balance_wrong',
  'iso_balance_currency',
]);

test('there are the 82 messages that the manifest lists', () => {
  assert.equal(samples.length, 82);
});

for (const sample of samples) {
  test(`${sample.file} is judged as its manifest says`, async () => {
    const verdict = await judgeMessage(createReadStream(path.join(folder, sample.file)));
    assert.equal(verdict.isWellFormed, !sample.schema.startsWith('not well-formed'));
    const expected = expectedSchema(sample);
    if (expected !== undefined) assert.equal(schemaVerdict(sample, verdict), expected);
    const isWrong = verdict.faults.some(({ rule }) => arithmetic.has(rule));
    const expectedWrong = expectedArithmetic(sample);
    if (expectedWrong !== undefined) assert.equal(isWrong, expectedWrong, facts(verdict));
  });
}

/** Undefined where the manifest could not say, for want of a schema. */
function expectedSchema({ schema }: Sample): 'valid' | 'invalid' | undefined {
  if (schema === 'xsd-valid') return 'valid';
  return schema.startsWith('xsd-INVALID') ? 'invalid' : undefined;
}

// Templates have place-holders where numbers would be, and messages without totals nothing to add.
function expectedArithmetic({ schema, arithmetic: sums }: Sample): boolean | undefined {
  if (schema !== 'xsd-valid' || sums === '') return undefined;
  return /MISMATCH|NOT/.test(sums);
}

/** A message the bank does not speak is judged by the schema of the data set. */
function schemaVerdict(sample: Sample, verdict: MessageVerdict): string {
  if (verdict.schema !== 'unknown') {
    assert.ok(verdict.isExact);
    return verdict.schema;
  }
  const { ours } = schemasOf(sample.message) ?? assert.fail('the data set has its schema');
  return isValid(readFileSync(path.join(folder, sample.file), 'utf8'), ours) ? 'valid' : 'invalid';
}

function facts({ faults }: MessageVerdict): string {
  return faults.map(({ rule, message }) => `${rule}: ${message}`).join('\n');
}

test('the arithmetic the manifest found wrong is named with what is stated and what is', async () => {
  const file = 'pain001-templates__pain001__templates__pain.001.001.07__pain.001.001.07.xml';
  const { faults } = await judgeMessage(createReadStream(path.join(folder, file)));
  assert.deepEqual(
    faults.map(({ message }) => message),
    ['GrpHdr states 3 payments, and has 1.', 'GrpHdr states the control sum 500.75, and has 100.'],
  );
});

interface Schemas {
  readonly ours: Schema;
  readonly theirs: XsdValidator;
}

const schemas = new Map<string, Schemas | undefined>();
after(() => {
  for (const both of schemas.values()) both?.theirs.dispose();
});

/** Ours and libxml2's, of the schema as the data set or else the bank has it. */
function schemasOf(message: string): Schemas | undefined {
  if (!schemas.has(message)) schemas.set(message, loadSchemas(message));
  return schemas.get(message);
}

function loadSchemas(message: string): Schemas | undefined {
  const file = [path.join(folder, 'xsd'), kept]
    .map((place) => path.join(place, `${message}.xsd`))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) return undefined;
  const text = readFileSync(file, 'utf8');
  return {
    ours: schemaOf(namespaceIn(text))?.schema ?? compileSchema(text),
    theirs: theirsOf(text),
  };
}

function theirsOf(text: string): XsdValidator {
  const document = XmlDocument.fromString(text);
  const validator = XsdValidator.fromDoc(document);
  document.dispose();
  return validator;
}

function namespaceIn(text: string): string {
  return /targetNamespace="([^"]+)"/.exec(text)?.[1] ?? '';
}

function isValid(text: string, schema: Schema): boolean | undefined {
  const events: readonly XmlEvent[] = readXmlText(text, limits);
  if (events.at(-1)?.kind === 'fault') return undefined;
  const validator = new SchemaValidator(schema);
  return events.every((event) => validator.read(event).length === 0);
}

/** Undefined where it is not well-formed, and `uri` where only a namespace is no URI. */
function isValidTo(text: string, validator: XsdValidator): boolean | undefined | 'uri' {
  let document: XmlDocument;
  try {
    document = XmlDocument.fromString(text);
  } catch (error) {
    return String(error).includes('URI') ? 'uri' : undefined;
  }
  try {
    validator.validate(document);
    return true;
  } catch {
    return false;
  } finally {
    document.dispose();
  }
}

test('damaged messages are judged as libxml2 judges them', (context) => {
  const mutations = new Mutations(seed);
  const known = samples.filter(({ message }) => schemasOf(message) !== undefined);
  const counts = { valid: 0, invalid: 0, malformed: 0 };
  for (let run = 0; run < 4_000; run += 1) {
    const sample = known[mutations.below(known.length)];
    const both = schemasOf(sample?.message ?? '');
    assert.ok(sample !== undefined && both !== undefined);
    const whole = readFileSync(path.join(folder, sample.file), 'utf8');
    const text = mutations.damage(whole);
    // Neither a document type nor a namespace that is no URI is for a schema to judge, and what
    // may stand in the XML declaration libxml2 does not judge as strictly as XML does.
    if (text.includes('<!DOCTYPE') || declarationOf(text) !== declarationOf(whole)) continue;
    const theirs = isValidTo(text, both.theirs);
    if (theirs === 'uri') continue;
    const ours = isValid(text, both.ours);
    assert.equal(ours, theirs, `run ${run} of seed ${seed}, ${sample.file}:\n${text}`);
    counts[ours === undefined ? 'malformed' : ours ? 'valid' : 'invalid'] += 1;
  }
  context.diagnostic(JSON.stringify(counts));
  assert.ok(counts.valid > 400 && counts.invalid > 400 && counts.malformed > 400);
});

function declarationOf(text: string): string {
  return text.slice(0, text.indexOf('?>') + 2);
}

test('values at the edges of their types are judged as libxml2 judges them', () => {
  const text = schemaOfTypes();
  const both = { ours: compileSchema(text), theirs: theirsOf(text) };
  const isOurs = (document: string) => isValid(document, both.ours);
  try {
    for (const [type, texts] of Object.entries(edges)) {
      for (const value of texts) {
        const document = `<Document xmlns="urn:edges"><${type}>${value}</${type}></Document>`;
        assert.equal(isOurs(document), isValidTo(document, both.theirs), `${type} "${value}"`);
      }
    }
  } finally {
    both.theirs.dispose();
  }
});

const dates = ['2026-02-28', '2026-02-29', '2024-02-29', '1900-02-29', '2000-02-29', '2026-13-01'];
const zones = ['', 'Z', '+14:00', '-14:00', '+14:01', '+13:59', '+5:00', 'z'];
const times = [
  '00:00:00',
  '23:59:59.999999',
  '24:00:00',
  '24:00:01',
  '23:59:60',
  '12:00',
  '1:00:00',
];

const edges: Readonly<Record<string, readonly string[]>> = {
  date: [
    ...dates.flatMap((date) => zones.map((zone) => date + zone)),
    ...'0001-01-01|10000-01-01|010000-01-01|-0001-01-01| 2026-01-01 ||26-01-01'.split('|'),
  ],
  dateTime: [
    ...times.flatMap((time) => zones.map((zone) => `2026-02-28T${time}${zone}`)),
    ...'2026-02-28|2026-02-28 10:00:00|2026-02-28T10:00:00.|2026-02-30T10:00:00'.split('|'),
  ],
  time: times.flatMap((time) => zones.map((zone) => time + zone)),
  gYearMonth: '2026-01|2026-13|2026-1|2026-01Z|2026|-2026-01'.split('|'),
  boolean: 'true|false|1|0|TRUE|| true |yes'.split('|'),
  decimal: [
    ...'0|-0|+1|1.|.5|.||1e5|00001.10000| 1 |1 2|--1|١|12345.6789|123456|123456.7'.split('|'),
    ...'1.23456|1.234560|-0.01|0.00000|99999.99999'.split('|'),
  ],
  base64Binary: '|QQ==|QUI=|QUJD|QQ|Q===|Q Q = =|QQ==QQ==|!!!!|QUJDRA=='.split('|'),
  string: ['', 'a', ' a', 'abc', 'abcd', '𝔘𝔘𝔘', 'ab\n', '&#13;ab'],
};

/** A schema with one choice for each built-in type that ISO 20022 restricts. */
function schemaOfTypes(): string {
  const facets: Readonly<Record<string, string>> = {
    decimal:
      '<xs:totalDigits value="9"/><xs:fractionDigits value="5"/><xs:minInclusive value="0"/>',
    string: '<xs:minLength value="1"/><xs:maxLength value="3"/>',
    base64Binary: '<xs:minLength value="1"/><xs:maxLength value="3"/>',
  };
  const types = Object.keys(edges);
  const elements = types.map((type) => `<xs:element name="${type}" type="T${type}"/>`);
  const simple = types.map(
    (type) =>
      `<xs:simpleType name="T${type}"><xs:restriction base="xs:${type}">` +
      `${facets[type] ?? ''}</xs:restriction></xs:simpleType>`,
  );
  return (
    '<xs:schema xmlns="urn:edges" xmlns:xs="http://www.w3.org/2001/XMLSchema" ' +
    'elementFormDefault="qualified" targetNamespace="urn:edges">' +
    '<xs:element name="Document" type="Document"/>' +
    `<xs:complexType name="Document"><xs:choice>${elements.join('')}</xs:choice></xs:complexType>` +
    `${simple.join('')}</xs:schema>`
  );
}

test('the schemas the bank keeps are those of the data set, where it has them', () => {
  const files = readdirSync(kept).filter((file) => existsSync(path.join(folder, 'xsd', file)));
  assert.ok(files.length >= 30);
  for (const file of files) {
    const [ours, theirs] = [kept, path.join(folder, 'xsd')].map((place) =>
      withoutLayout(readFileSync(path.join(place, file), 'utf8')),
    );
    assert.equal(ours, theirs, file);
  }
});

function withoutLayout(schema: string): string {
  const tags = schema.matchAll(/<(\/?)xs:(\w+)([^>]*?)\/?>/g);
  return [...tags]
    .map(([, slash = '', name = '', attributes = '']) => {
      const sorted = [...attributes.matchAll(/([\w:]+)="([^"]*)"/g)]
        .map(([, key = '', value = '']) => `${key}=${value}`)
        .filter((pair) => pair !== 'minOccurs=1' && pair !== 'maxOccurs=1');
      return `${slash}${name} ${sorted.toSorted().join(' ')}`;
    })
    .filter((tag) => !tag.startsWith('/'))
    .join('\n');
}

test('every schema of the bank compiles, and libxml2 reads it too', () => {
  for (const message of spokenMessages()) {
    const found = schemaOf(`urn:iso:std:iso:20022:tech:xsd:${message}`);
    assert.equal(found?.schema.root, 'Document', message);
  }
});

for (const message of railMessages) {
  test(`a written ${message.kind} is valid to libxml2`, () => {
    const version = writtenVersions[message.kind];
    const schema = textOfSchema(version);
    const validator = theirsOf(schema);
    try {
      assert.equal(isValidTo(writeRailMessage(message), validator), true);
    } finally {
      validator.dispose();
    }
  });
}

/** The schema of a version, or of the next one kept, with its namespace. */
function textOfSchema(version: string): string {
  const family = version.slice(0, -3);
  const files = readdirSync(kept).filter((file) => file.startsWith(`${family}.`));
  const file = files.find((one) => one >= `${version}.xsd`) ?? assert.fail(version);
  const own = file.slice(0, -'.xsd'.length);
  return readFileSync(path.join(kept, file), 'utf8').replaceAll(own, version);
}

test('no damage to a message crashes a reader or passes wrong sums', async (context) => {
  const report = await fuzzIso20022({ runs: 1_500, seed });
  context.diagnostic(`${report.runs} damaged messages, ${report.accepted} accepted`);
  assert.ok(report.accepted > 0);
});
