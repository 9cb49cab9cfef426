import assert from 'node:assert/strict';
import { test } from 'node:test';
import decodeQR from 'qr/decode.js';
import { qrModules } from './qr.ts';

test('what is shown can be read again by a decoder', () => {
  const text = 'otpauth://totp/Florin:teller?secret=JBSWY3DPEHPK3PXP&issuer=Florin';
  const modules = qrModules(text);
  const scale = 4;
  const side = modules.length * scale;
  const data = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const isDark = modules[Math.floor(y / scale)]?.[Math.floor(x / scale)] === true;
      data.fill(isDark ? 0 : 255, (y * side + x) * 3, (y * side + x) * 3 + 3);
    }
  }
  assert.equal(decodeQR({ width: side, height: side, data }), text);
});

test('the quiet zone is white', () => {
  const modules = qrModules('x');
  for (const row of [...modules.slice(0, 4), ...modules.slice(-4)]) {
    assert.ok(row.every((isDark) => !isDark));
  }
});
