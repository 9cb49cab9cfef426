// Owns how fraud detection's commands print: tables whose first column is text and whose others are
// figures.

import { textTable } from '#fraud';

export function print(lines: readonly string[]): void {
  process.stdout.write(`${lines.join('\n')}\n`);
}

export function tableOf(heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return textTable([heads, ...rows]);
}

/** "1.23 %"; of nothing, nothing. */
export function shareOf(part: number, whole: number): string {
  return whole === 0 ? '' : `${decimal((part / whole) * 100, 2)} %`;
}

/** With so many decimals, always. */
export function decimal(value: number, decimals: number): string {
  if (!Number.isFinite(value)) return '-';
  const scaled = String(Math.round(Math.abs(value) * 10 ** decimals)).padStart(decimals + 1, '0');
  const sign = value < 0 ? '-' : '';
  return `${sign}${scaled.slice(0, -decimals)}.${scaled.slice(-decimals)}`;
}
