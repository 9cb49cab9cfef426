import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { XmlEvent } from './port.ts';
import { readXml, readXmlText } from './read.ts';
import { XmlScanner } from './scanner.ts';
import { XmlWriter } from './write.ts';

const limits = { depthMax: 8, attributesMax: 4, tokenCharactersMax: 1_000 };

/** Tags with their text, as the tests write them down; a fault is its rule. */
function told(events: readonly XmlEvent[]): string {
  return events
    .map((event) => {
      if (event.kind === 'fault') return `!${event.fault.rule}`;
      if (event.kind === 'text') return event.text;
      const name = event.namespace === '' ? event.name : `{${event.namespace}}${event.name}`;
      if (event.kind === 'close') return '>';
      const attributes = event.attributes.map(
        (one) => ` ${one.namespace}:${one.name}=${one.value}`,
      );
      return `<${name}${attributes.join('')} `;
    })
    .join('');
}

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) {
    yield bytes.subarray(at, at + size);
    await Promise.resolve();
  }
}

async function readBytes(bytes: Uint8Array, size = 7): Promise<string> {
  const events: XmlEvent[] = [];
  for await (const some of readXml(inPieces(bytes, size), limits)) events.push(...some);
  return told(events);
}

const documents: readonly (readonly [string, string])[] = [
  ['<a/>', '<a >'],
  ['<?xml version="1.0" encoding="UTF-8"?>\n<a>x</a>\n', '<a x>'],
  ['<a>1 &lt; 2 &amp;&#32;&#x33; &gt; "&quot;&apos;</a>', '<a 1 < 2 & 3 > ""\'>'],
  ['<a><![CDATA[<b>&amp;]]]]></a>', '<a <b>&amp;]]>'],
  ['<a>x<!-- c -->y</a>', '<a xy>'],
  ['<a>\r\n  <b> </b>\r</a>', '<a <b  >>'],
  ['<a>x\r\ny\rz</a>', '<a x\ny\nz>'],
  ['<a b=" 1\n2&#10;3 "/>', '<a :b= 1 2\n3  >'],
  ['<p:a xmlns:p="u" p:b="1" b="2"/>', '<{u}a u:b=1 :b=2 >'],
  ['<a xmlns="u"><b xmlns=""/><c/></a>', '<{u}a <b ><{u}c >>'],
  ['<ž é="ě"/>', '<ž :é=ě >'],
];

for (const [text, expected] of documents) {
  test(`${JSON.stringify(text)} is read, in pieces of any size`, async () => {
    assert.equal(told(readXmlText(text, limits)), expected);
    for (const size of [1, 2, 3, 1_000]) {
      assert.equal(await readBytes(Buffer.from(text), size), expected);
    }
  });
}

const malformed: readonly (readonly [string, string])[] = [
  ['', 'xml_empty'],
  ['<a>', 'xml_incomplete'],
  ['<a', 'xml_tag_unclosed'],
  ['<a></b>', 'xml_tags_crossed'],
  ['<a/><b/>', 'xml_second_root'],
  ['<a/>x', 'xml_text_outside'],
  ['<a>]]></a>', 'xml_text'],
  ['<a>&nbsp;</a>', 'xml_reference'],
  ['<a>&#0;</a>', 'xml_reference'],
  ['<a>&#xD800;</a>', 'xml_reference'],
  ['<a>& b</a>', 'xml_reference'],
  ['<a>\u0001</a>', 'xml_character'],
  ['<a b="<"/>', 'xml_tag'],
  ['<a b=1/>', 'xml_tag'],
  ['<a b="1"c="2"/>', 'xml_tag'],
  ['<1a/>', 'xml_tag'],
  ['<a b="1" b="2"/>', 'xml_namespace'],
  ['<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>', 'xml_namespace'],
  ['<p:a/>', 'xml_namespace'],
  ['<a xmlns:xmlns="u"/>', 'xml_namespace'],
  ['<a xmlns:p=""/>', 'xml_namespace'],
  ['<a><!-- a -- b --></a>', 'xml_comment'],
  ['<a/><?xml version="1.0"?>', 'xml_declaration'],
  [' <?xml version="1.0"?><a/>', 'xml_declaration'],
  ['<?xml encoding="UTF-8"?><a/>', 'xml_declaration'],
  ['<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 'xml_doctype'],
  ['<a><!ELEMENT></a>', 'xml_markup'],
];

for (const [text, rule] of malformed) {
  test(`${JSON.stringify(text)} is refused by ${rule}`, async () => {
    assert.ok(told(readXmlText(text, limits)).endsWith(`!${rule}`));
    assert.ok((await readBytes(Buffer.from(text), 1)).endsWith(`!${rule}`));
  });
}

test('what is deeper, longer or has more attributes than is read is refused', () => {
  const deep = '<a>'.repeat(9);
  assert.ok(told(readXmlText(deep, limits)).endsWith('!xml_too_deep'));
  const many = '<a b="" c="" d="" e="" f=""/>';
  assert.ok(told(readXmlText(many, limits)).endsWith('!xml_attributes_too_many'));
  const scanner = new XmlScanner(limits);
  scanner.write('<a>');
  const long = ['x'.repeat(900), 'x'.repeat(900)].flatMap((text) => scanner.write(text));
  assert.ok(told(long).endsWith('!xml_token_too_long'));
});

test('a fault names the line on which it is', () => {
  const [fault] = readXmlText('<a>\n<b>\n</c>', limits).slice(-1);
  assert.ok(fault?.kind === 'fault');
  assert.equal(fault.fault.line, 3);
});

const encodings: readonly (readonly [string, Buffer, string])[] = [
  ['UTF-8 with a byte order mark', Buffer.from('\uFEFF<a>ž</a>'), '<a ž>'],
  ['UTF-16', Buffer.from('\uFEFF<a>ž</a>', 'utf16le'), '<a ž>'],
  ['ISO 8859-1', encoded('iso-8859-1', [0xe9, 0x80]), '<a é\u0080>'],
  ['ISO 8859-2', encoded('iso-8859-2', [0xbe]), '<a ž>'],
  ['Windows-1250', encoded('windows-1250', [0x9e]), '<a ž>'],
  ['ASCII with a letter beyond it', encoded('us-ascii', [0xe9]), '!xml_encoding'],
  ['UTF-8 with a byte that is none', encoded('utf-8', [0xe9]), '!xml_encoding'],
  ['an encoding that is not read', encoded('ebcdic-cp-us', [0x40]), '!xml_encoding_unknown'],
];

for (const [name, bytes, expected] of encodings) {
  test(`a document in ${name} is ${expected.startsWith('!') ? 'refused' : 'read'}`, async () => {
    for (const size of [1, 5, 1_000]) {
      assert.ok((await readBytes(bytes, size)).endsWith(expected));
    }
  });
}

function encoded(encoding: string, bytes: readonly number[]): Buffer {
  const head = Buffer.from(`<?xml version="1.0" encoding="${encoding}"?><a>`);
  return Buffer.concat([head, Buffer.from(bytes), Buffer.from('</a>')]);
}

test('what is written reads back the same', () => {
  const writer = new XmlWriter().open('a', { b: '"<&>\'\t\n' });
  const text = writer.leaf('c', 'x < y & "z" ]]>\r\n').leaf('d', undefined).close().end();
  assert.equal(told(readXmlText(text, limits)), '<a :b="<&>\'\t\n <c x < y & "z" ]]>\r\n>>');
});

test('a document cannot end with an element open, nor hold what XML has no character for', () => {
  assert.throws(() => new XmlWriter().open('a').end(), /with an element open/);
  assert.throws(() => new XmlWriter().close(), /never opened/);
  assert.throws(() => new XmlWriter().leaf('a', '\u0000'), /does not allow/);
});
