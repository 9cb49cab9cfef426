import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inflateSync } from 'node:zlib';
import { instantOfMs } from '#kernel';
import { openPdf } from './document.ts';
import { glyphRuns } from './glyphs.ts';

const producedAt = instantOfMs(1_772_359_200_000);

async function sample(): Promise<Buffer> {
  const document = await openPdf({ title: 'Výpis', producedAt });
  for (let number = 1; number <= 3; number += 1) {
    const page = document.addPage();
    page.text('Řeřicha říká: 1 234,50 €', { x: 50, y: 60 }, { size: 10 });
    page.text('right', { x: 545, y: 60 }, { size: 10, isRight: true, isBold: true });
    page.rule({ x: 50, y: 70 }, 495);
  }
  return await document.save();
}

/** What the pages draw. */
function drawn(pdf: Buffer): string {
  const texts: string[] = [];
  for (let from = 0; ;) {
    const begin = pdf.indexOf('stream\n', from);
    if (begin < 0) return texts.join('\n');
    const end = pdf.indexOf('endstream', begin);
    texts.push(inflateSync(pdf.subarray(begin + 7, end)).toString('latin1'));
    from = end + 9;
  }
}

test('the same document has the same bytes', async () => {
  assert.deepEqual(await sample(), await sample());
});

test('a document has its pages, its fonts and no embedded files', async () => {
  const text = (await sample()).toString('latin1');
  assert.match(text, /^%PDF-1\.7/);
  assert.equal(text.match(/\/Type \/Page\b(?!s)/g)?.length, 3);
  assert.match(text, /\/Differences \[ 33 \/caron/);
  assert.match(text, /%%EOF\s*$/);
});

test('a text is drawn in runs of one encoding each', async () => {
  const text = drawn(await sample());
  assert.match(text, /<[0-9A-F]{2}> Tj/);
  assert.equal(text.match(/^BT$/gm)?.length, 6);
});

test('letters of Central Europe are drawn with their marks, and read as they are', async () => {
  const [first, composed, last] = glyphRuns('aře', 'regular');
  assert.deepEqual([first?.mark, last?.mark], [undefined, undefined]);
  assert.equal(composed?.text, 'ř');
  assert.equal(composed.mark?.rise, 0);
  assert.ok((glyphRuns('Ř', 'regular')[0]?.mark?.rise ?? 0) > 0);
  for (const letter of 'ěčřďťňůľĺŕąęśćźżőűșțāēīūģķļņ') {
    assert.ok(glyphRuns(letter, 'bold')[0]?.mark !== undefined, letter);
  }
  assert.match(drawn(await sample()), /\/Span <<\/ActualText <FEFF0158>>> BDC/);
});

test('letters that cannot be put together lose their marks', () => {
  const codes = (text: string): number[] =>
    glyphRuns(text, 'bold').flatMap((run) => run.codes.slice());
  assert.deepEqual(codes('ạ'), codes('a'));
  assert.deepEqual(codes('Ж\n'), codes('? '));
  assert.deepEqual(codes('ﬁđ'), codes('fid'));
});

test('a longer text is wider, and a bold one too', async () => {
  const document = await openPdf({ title: 'Widths', producedAt });
  const width = (text: string, isBold = false): number =>
    document.widthOf(text, { size: 10, isBold });
  assert.ok(width('ab') > width('a'));
  assert.ok(width('Total', true) > width('Total'));
  assert.equal(width('0000') * 2, document.widthOf('0000', { size: 20 }));
});
