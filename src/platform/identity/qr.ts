// Owns QR codes (ISO/IEC 18004) as modules, for secrets that are shown to one pair of eyes: made in
// this process, so that no other service ever sees them.

import encodeQR from 'qr';

/** Rows of modules, true where dark, with the quiet zone that the standard asks for around them. */
export function qrModules(text: string): readonly (readonly boolean[])[] {
  return encodeQR(text, 'raw', { ecc: 'medium', border: 4 });
}
